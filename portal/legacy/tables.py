"""The old engine's tables and those it shares with other systems, by their names."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ENUM, JSONB, TIMESTAMP

ENUMS: dict[str, tuple[str, ...]] = {
    "WorkflowType": ("SEQUENTIAL", "PARALLEL", "CONDITIONAL", "HYBRID"),
    "WorkflowStatus": ("DRAFT", "ACTIVE", "INACTIVE", "ARCHIVED"),
    "WorkflowTriggerType": ("MANUAL", "AUTOMATIC", "SCHEDULED", "EVENT"),
    "WorkflowState": (
        "INITIALIZED", "IN_PROGRESS", "WAITING", "COMPLETED", "CANCELLED", "FAILED", "SUSPENDED",
    ),
    "StepType": ("APPROVAL", "NOTIFICATION", "CONDITION", "ACTION", "PARALLEL", "SUBPROCESS"),
    "StepStatus": (
        "PENDING", "IN_PROGRESS", "COMPLETED", "REJECTED", "SKIPPED", "FAILED", "DELEGATED",
        "ESCALATED",
    ),
    "ActionType": (
        "APPROVE", "REJECT", "RETURN", "DELEGATE", "ESCALATE", "COMMENT", "REASSIGN", "REMIND",
    ),
    "TransitionType": ("NEXT", "BRANCH", "LOOP", "SKIP", "PARALLEL", "JOIN"),
}  # fmt: skip
"""The old engine's eight enums, by their quoted names, all in `gloria_ops`."""


def key() -> Column[str]:
    """A primary key: a UUIDv7 as text."""
    return Column("id", Text, primary_key=True)


def text_(name: str, *more: Any, null: bool = True, **options: Any) -> Column[str]:
    """A text column."""
    return Column(name, Text, *more, nullable=null, **options)


def json_(name: str, *, null: bool = True) -> Column[Any]:
    """A jsonb column."""
    return Column(name, JSONB, nullable=null)


def number(name: str, *, default: int | None = None) -> Column[int]:
    """An integer that is never null."""
    given = None if default is None else text(str(default))
    return Column(name, Integer, nullable=False, server_default=given)


def flag(name: str, default: bool) -> Column[bool]:
    """A boolean that is never null."""
    return Column(name, Boolean, nullable=False, server_default=text(str(default).lower()))


def time(name: str, *, null: bool = True, now: bool = False) -> Column[Any]:
    """A moment in UTC, to the millisecond, without a zone."""
    given = func.current_timestamp() if now else None
    return Column(name, TIMESTAMP(precision=3), nullable=null and not now, server_default=given)


def enum(
    metadata: MetaData, name: str, kind: str, default: str | None = None, *, schema: str
) -> Column[str]:
    """A column of one of the eight enums, never null."""
    values = ENUM(*ENUMS[kind], name=kind, schema=schema, metadata=metadata)
    given = None if default is None else text(f"'{default}'")
    return Column(name, values, nullable=False, server_default=given)


def to(schema: str, table: str, *, column: str = "id") -> ForeignKey:
    """A foreign key without an action."""
    return ForeignKey(f"{schema}.{table}.{column}")


OPS = "gloria_ops"
MASTER = "gloria_master"

SHARED_TABLES = (
    "user_profiles", "roles", "user_roles", "schools", "departments", "positions",
    "position_hierarchy", "user_positions", "approval_delegations", "notifications", "audit_logs",
)  # fmt: skip


def add_shared_tables(metadata: MetaData) -> None:
    """Describe the employee register and the organisation's tables."""
    _people(metadata)
    _places(metadata)
    _others(metadata)


def _people(metadata: MetaData) -> None:
    Table(
        "data_karyawan", metadata,
        Column("nip", String(15), primary_key=True), Column("nama", String(109)),
        Column("email", String(100)), Column("bagian_kerja", String(50)),
        Column("bidang_kerja", String(70)), Column("lokasi", String(20)),
        Column("status_aktif", String(8)), Column("no_ponsel", String(25)),
        schema=MASTER,
    )  # fmt: skip
    Table(
        "user_profiles", metadata, key(), text_("clerk_user_id", null=False, unique=True),
        Column(
            "nip", String(15), to(MASTER, "data_karyawan", column="nip"),
            nullable=False, unique=True,
        ),
        flag("is_superadmin", False), flag("is_active", True), time("last_active"),
        json_("preferences"), time("created_at", now=True), time("updated_at", null=False),
        text_("created_by"), schema=OPS,
    )  # fmt: skip
    Table(
        "roles", metadata, key(), text_("code", null=False, unique=True), text_("name", null=False),
        number("hierarchy_level"), flag("is_active", True), schema=OPS,
    )  # fmt: skip
    Table(
        "user_roles", metadata, key(),
        text_("user_profile_id", to(OPS, "user_profiles"), null=False),
        text_("role_id", to(OPS, "roles"), null=False),
        time("valid_from", now=True), time("valid_until"), flag("is_active", True),
        UniqueConstraint("user_profile_id", "role_id", name="user_roles_profile_role_key"),
        schema=OPS,
    )  # fmt: skip


def _places(metadata: MetaData) -> None:
    Table(
        "schools", metadata, key(), text_("code", null=False, unique=True),
        text_("name", null=False), schema=OPS,
    )  # fmt: skip
    Table(
        "departments", metadata, key(), text_("code", null=False, unique=True),
        text_("name", null=False), text_("school_id", to(OPS, "schools")),
        text_("parent_id", to(OPS, "departments")), schema=OPS,
    )  # fmt: skip
    Table(
        "positions", metadata, key(), text_("code", null=False, unique=True),
        text_("name", null=False), text_("department_id"), text_("school_id"),
        number("hierarchy_level"), flag("is_active", True), schema=OPS,
    )  # fmt: skip
    Table(
        "position_hierarchy", metadata, key(),
        text_("position_id", to(OPS, "positions"), null=False, unique=True),
        text_("reports_to_id", to(OPS, "positions")),
        text_("coordinator_id", to(OPS, "positions")), schema=OPS,
    )  # fmt: skip
    Table(
        "user_positions", metadata, key(),
        text_("user_profile_id", to(OPS, "user_profiles"), null=False),
        text_("position_id", to(OPS, "positions"), null=False),
        time("start_date", null=False), time("end_date"), flag("is_active", True),
        flag("is_plt", False), schema=OPS,
    )  # fmt: skip


def _others(metadata: MetaData) -> None:
    Table(
        "approval_delegations", metadata, key(),
        text_("delegator_profile_id", to(OPS, "user_profiles"), null=False),
        text_("delegate_profile_id", to(OPS, "user_profiles"), null=False),
        text_("module"), time("start_date", null=False), time("end_date", null=False),
        text_("reason"), flag("is_active", True), time("created_at", null=False),
        time("updated_at", null=False), text_("created_by"), schema=OPS,
    )  # fmt: skip
    Table(
        "notifications", metadata, key(), text_("user_profile_id", to(OPS, "user_profiles")),
        text_("title"), text_("body"), time("created_at", now=True), time("read_at"), schema=OPS,
    )  # fmt: skip
    Table(
        "audit_logs", metadata, key(), text_("actor_id"), text_("action", null=False),
        text_("entity"), json_("data"), time("created_at", now=True), schema=OPS,
    )  # fmt: skip


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
