"""The old database's tables as `legacy-engine.md` gives them: the engine's nine, and the people's.

`old_tables(schema)` gives them as SQLAlchemy Core tables: the engine's in `schema` (gloria_ops, or
gloria_archive after the cutover), the shared ones always in gloria_ops and gloria_master. Reading
goes by `portal.legacy.reading`, which trusts no column to be there.
"""

from dataclasses import dataclass
from functools import cache

from sqlalchemy import Boolean, Column, Integer, MetaData, Table, Text, UniqueConstraint

from portal.legacy.columns import ENUMS, enum, flag, json_, key, number, text_, time, to
from portal.legacy.shared_tables import MASTER, OPS, SHARED_TABLES, add_shared_tables

__all__ = [
    "ACTIVE_STATES", "ARCHIVE", "ENGINE_ENUMS", "ENGINE_TABLES", "FINISHED_STATES", "MASTER", "OPS",
    "SHARED_KEYS", "SHARED_TABLES", "OldTables", "old_tables",
]  # fmt: skip

ARCHIVE = "gloria_archive"

ENGINE_TABLES = (
    "workflows", "workflow_templates", "workflow_instances", "workflow_step_instances",
    "workflow_actions", "workflow_delegations", "workflow_escalations", "workflow_transitions",
    "workflow_history",
)  # fmt: skip
"""The nine tables that move to the archive, parents before children."""

ENGINE_ENUMS = tuple(ENUMS)

SHARED_KEYS = {
    "user_profiles": (
        "user_profiles_delegated_workflows_fkey",
        "user_profiles_received_delegations_fkey",
        "user_profiles_escalated_workflows_fkey",
        "user_profiles_received_escalations_fkey",
    ),
    "schools": ("schools_workflows_fkey",),
    "departments": ("departments_workflows_fkey",),
}
"""Foreign keys that may tie shared tables to the engine, by table; found by name only."""

ACTIVE_STATES = ("INITIALIZED", "IN_PROGRESS", "WAITING", "SUSPENDED")
FINISHED_STATES = ("COMPLETED", "CANCELLED", "FAILED")


@dataclass(frozen=True)
class OldTables:
    """The tables by their names; `engine` and `shared` in an order in which they can be made."""

    metadata: MetaData
    schema: str

    def __getitem__(self, name: str) -> Table:
        schema = self.schema if name in ENGINE_TABLES else OPS
        return self.metadata.tables[f"{MASTER if name == 'data_karyawan' else schema}.{name}"]

    @property
    def engine(self) -> tuple[Table, ...]:
        """The engine's nine tables."""
        return tuple(self[name] for name in ENGINE_TABLES)

    @property
    def shared(self) -> tuple[Table, ...]:
        """The employee register and the tables that other systems use."""
        return (self["data_karyawan"], *(self[name] for name in SHARED_TABLES))


@cache
def old_tables(schema: str = OPS) -> OldTables:
    """The old tables, with the engine's in `schema`."""
    metadata = MetaData()
    add_shared_tables(metadata)
    _definitions(metadata, schema)
    _instances(metadata, schema)
    _happenings(metadata, schema)
    return OldTables(metadata, schema)


def _definitions(metadata: MetaData, schema: str) -> None:
    Table(
        "workflows", metadata, key(), text_("name", null=False),
        text_("code", null=False, unique=True), text_("module", null=False), text_("description"),
        text_("category", null=False),
        enum(metadata, "type", "WorkflowType", "SEQUENTIAL", schema=schema),
        enum(metadata, "status", "WorkflowStatus", "DRAFT", schema=schema),
        enum(metadata, "trigger_type", "WorkflowTriggerType", "MANUAL", schema=schema),
        json_("trigger_config"), json_("steps", null=False), json_("variables"), json_("triggers"),
        json_("metadata"), json_("sla_config"), flag("is_active", True), flag("is_default", False),
        flag("is_template", False), number("priority", default=0), time("valid_from"),
        time("valid_until"), time("created_at", now=True), time("updated_at", null=False),
        time("deleted_at"), text_("created_by"), text_("modified_by"), number("version", default=1),
        text_("parent_workflow_id", to(schema, "workflows")),
        text_("school_id", to(OPS, "schools")), text_("department_id", to(OPS, "departments")),
        UniqueConstraint("module", "name", "version", name="workflows_module_name_version_key"),
        schema=schema,
    )  # fmt: skip
    Table(
        "workflow_templates", metadata, key(),
        text_("workflow_id", to(schema, "workflows"), null=False), text_("name", null=False),
        text_("description"), text_("category", null=False), json_("template_data", null=False),
        flag("is_public", False), time("created_at", now=True), time("updated_at", null=False),
        text_("created_by"), schema=schema,
    )  # fmt: skip
    Table(
        "workflow_history", metadata, key(),
        text_("workflow_id", to(schema, "workflows"), null=False), number("version"),
        json_("changes", null=False), text_("changed_by", null=False),
        time("changed_at", now=True), text_("reason"), schema=schema,
    )  # fmt: skip


def _instances(metadata: MetaData, schema: str) -> None:
    Table(
        "workflow_instances", metadata, key(),
        text_("workflow_id", to(schema, "workflows"), null=False),
        text_("request_id", null=False, unique=True), text_("initiator_id", null=False),
        enum(metadata, "state", "WorkflowState", "INITIALIZED", schema=schema),
        Column("status", Text, nullable=False, server_default="PENDING"),
        number("current_step_index", default=0), json_("context", null=False), json_("metadata"),
        time("started_at", now=True), time("completed_at"), time("created_at", now=True),
        text_("error"), number("retry_count", default=0), schema=schema,
    )  # fmt: skip
    Table(
        "workflow_step_instances", metadata, key(),
        text_("instance_id", to(schema, "workflow_instances"), null=False), number("step_index"),
        enum(metadata, "step_type", "StepType", schema=schema), json_("step_data", null=False),
        enum(metadata, "status", "StepStatus", "PENDING", schema=schema), text_("assignee_id"),
        text_("delegated_to"), json_("result"), time("started_at"), time("completed_at"),
        time("due_date"), number("escalation_level", default=0), text_("notes"),
        json_("attachments"), json_("metadata"), json_("step_definition"),
        UniqueConstraint("instance_id", "step_index", name="workflow_step_instances_place_key"),
        schema=schema,
    )  # fmt: skip


def _happenings(metadata: MetaData, schema: str) -> None:
    def of_step() -> tuple[Column[str], Column[str]]:
        return (
            text_("instance_id", to(schema, "workflow_instances"), null=False),
            text_("step_instance_id", to(schema, "workflow_step_instances"), null=False),
        )

    def person(name: str) -> Column[str]:
        return text_(name, to(OPS, "user_profiles"), null=False)

    Table(
        "workflow_actions", metadata, key(), of_step()[1],
        enum(metadata, "action", "ActionType", schema=schema), text_("actor_id", null=False),
        text_("actor_role"), text_("reason"), text_("comment"), json_("data"),
        time("performed_at", now=True), schema=schema,
    )  # fmt: skip
    Table(
        "workflow_delegations", metadata, key(), *of_step(), person("delegated_from_id"),
        person("delegated_to_id"), text_("reason"), time("expires_at"),
        Column("is_active", Boolean, nullable=False, server_default="true"), time("revoked_at"),
        text_("revoked_by"), time("created_at", now=True), time("updated_at", null=False),
        schema=schema,
    )  # fmt: skip
    Table(
        "workflow_escalations", metadata, key(), *of_step(), person("escalated_from_id"),
        person("escalated_to_id"), Column("level", Text, nullable=False, server_default="1"),
        text_("reason"), text_("escalated_by", null=False), time("escalated_at", now=True),
        time("resolved_at"), schema=schema,
    )  # fmt: skip
    Table(
        "workflow_transitions", metadata, key(), of_step()[0], Column("from_step", Integer,
        nullable=False), Column("to_step", Integer, nullable=False),
        enum(metadata, "transition_type", "TransitionType", schema=schema), json_("condition"),
        time("transitioned_at", now=True), text_("transitioned_by"), schema=schema,
    )  # fmt: skip
