"""The tables of the old database that other systems own and use; nothing of ours changes them."""

from sqlalchemy import Column, MetaData, String, Table, UniqueConstraint

from portal.legacy.columns import flag, json_, key, number, text_, time, to

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
