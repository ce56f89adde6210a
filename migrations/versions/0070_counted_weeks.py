"""Weeks of figures counted ahead, and what changed in them since; people's figures by index.

Triggers keep each change of a fact beside, so a week that is counted stays right to the last
commit. Which weeks are counted, the worker decides: none is, after this.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import context, op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

SUMS = (
    "decided", "others", "first_pass", "rounds", "escalations", "review", "settling", "nobody",
    "question", "returned", "held",
)  # fmt: skip
COUNTS = ("decisions", "late", "approved", "sent_back", "rejected", "known", "unopened")
MINUTES = ("elapsed", "working", "settling", "nobody", "question", "returned", "held")
# Of each table of facts that of its changes, the time that says its week, and what is kept.
KEPT = {
    "request_facts": (
        "request_fact_changes",
        "closed_at",
        ("type_code", "department_id", "outcome", *MINUTES, "rounds", "sent_back", "escalations"),
    ),
    "decision_facts": (
        "decision_fact_changes",
        "decided_at",
        (
            "type_code", "department_id", "stage_key", "stage_name", "group_code", "decision",
            "asked_at", "looked_at", "decided_at", "working", "is_late",
        ),
    ),
}  # fmt: skip
FUNCTION = """
CREATE FUNCTION portal.keep_{changes}() RETURNS trigger
    LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM portal.{changes};
        DELETE FROM portal.counted_weeks;
        DELETE FROM portal.counted_requests;
        DELETE FROM portal.counted_decisions;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO portal.{changes} (monday, sign, {columns})
        SELECT CAST(date_trunc('week', {at} AT TIME ZONE 'UTC') AS date), -1, {columns} FROM gone;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO portal.{changes} (monday, sign, {columns})
        SELECT CAST(date_trunc('week', {at} AT TIME ZONE 'UTC') AS date), 1, {columns} FROM come;
    END IF;
    RETURN NULL;
END $$
"""
TRIGGERS = {
    "INSERT": "REFERENCING NEW TABLE AS come",
    "DELETE": "REFERENCING OLD TABLE AS gone",
    "UPDATE": "REFERENCING OLD TABLE AS gone NEW TABLE AS come",
    "TRUNCATE": "",
}
INDEXES = {
    "ix_request_facts_requester_id_closed_at": "request_facts (requester_id, closed_at)",
    "ix_decision_facts_requester_id_decided_at": "decision_facts (requester_id, decided_at)",
    # In place of the one of the times alone: decisions by week are read off it.
    "ix_decision_facts_weeks": "decision_facts (decided_at)"
    " INCLUDE (type_code, department_id, decision)",
}


def _text(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.Text(), **{"nullable": False, **more})


def _time(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), **{"nullable": False, **more})


def _sum(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _minutes(name: str) -> sa.Column:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _place() -> tuple[sa.Column, ...]:
    return (
        sa.Column("department_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("monday", sa.Date(), nullable=False),
        _text("type_code"),
    )


def _change() -> tuple[sa.Column, ...]:
    return (
        sa.Column("monday", sa.Date(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sign", sa.SmallInteger(), nullable=False),
        _text("type_code"),
        sa.Column("department_id", sa.Uuid(as_uuid=False)),
    )


def upgrade() -> None:
    _index()
    op.create_table(
        "counted_weeks",
        sa.Column("monday", sa.Date(), nullable=False),
        _time("looks_since", nullable=True),
        _time("first_asked", nullable=True),
        sa.PrimaryKeyConstraint("monday", name="pk_counted_weeks"),
        schema="portal",
    )
    op.create_table(
        "counted_requests",
        *_place(),
        *map(_sum, SUMS),
        *map(_minutes, ("working", "elapsed")),
        sa.PrimaryKeyConstraint(
            "department_id", "monday", "type_code", name="pk_counted_requests"
        ),
        schema="portal",
    )
    op.create_table(
        "counted_decisions",
        *_place(),
        *map(_text, ("stage_key", "group_code", "stage_name")),
        *map(_sum, COUNTS),
        *map(_minutes, ("working", "waiting", "reviewing")),
        sa.PrimaryKeyConstraint(
            "department_id", "monday", "type_code", "stage_key", "group_code",
            name="pk_counted_decisions",
        ),
        schema="portal",
    )  # fmt: skip
    # Minutes in order are hardly smaller when compressed, and take longer to read.
    for table, names in (
        ("counted_requests", ("working", "elapsed")),
        ("counted_decisions", ("working", "waiting", "reviewing")),
    ):
        for name in names:
            op.execute(f"ALTER TABLE portal.{table} ALTER {name} SET STORAGE EXTERNAL")
    op.create_table(
        "request_fact_changes",
        *_change(),
        _text("outcome"),
        *map(_sum, MINUTES),
        *(sa.Column(each, sa.Integer(), nullable=False) for each in KEPT["request_facts"][2][-3:]),
        sa.PrimaryKeyConstraint("monday", "id", name="pk_request_fact_changes"),
        schema="portal",
    )
    op.create_table(
        "decision_fact_changes",
        *_change(),
        *map(_text, ("stage_key", "stage_name")),
        _text("group_code", nullable=True),
        _text("decision"),
        _time("asked_at"),
        _time("looked_at", nullable=True),
        _time("decided_at"),
        _sum("working"),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("monday", "id", name="pk_decision_fact_changes"),
        schema="portal",
    )
    for table, (changes, at, columns) in KEPT.items():
        op.execute(FUNCTION.format(changes=changes, at=at, columns=", ".join(columns)))
        for what, tables in TRIGGERS.items():
            op.execute(
                f"CREATE TRIGGER keep_{what.lower()} AFTER {what} ON portal.{table} {tables}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION portal.keep_{changes}()"
            )


def _index() -> None:
    """Before all else, so that it may be tried again where it was cut off."""
    if context.is_offline_mode():
        for name, rest in INDEXES.items():
            op.execute(f"CREATE INDEX {name} ON portal.{rest}")
        op.execute("DROP INDEX portal.ix_decision_facts_decided_at")
        return
    with _each_by_itself():
        for name, rest in INDEXES.items():
            op.execute(f"DROP INDEX IF EXISTS portal.{name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON portal.{rest}")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS portal.ix_decision_facts_decided_at")


@contextmanager
def _each_by_itself() -> Iterator[None]:
    """Every statement is its own transaction. (Alembic's own way wants a pooled connection.)"""
    driver = op.get_bind().connection.dbapi_connection
    driver.commit()
    driver.autocommit = True
    try:
        yield
    finally:
        driver.autocommit = False


def downgrade() -> None:
    op.execute("CREATE INDEX ix_decision_facts_decided_at ON portal.decision_facts (decided_at)")
    for name in INDEXES:
        op.execute(f"DROP INDEX IF EXISTS portal.{name}")
    for table, (changes, _at, _columns) in KEPT.items():
        for what in TRIGGERS:
            op.execute(f"DROP TRIGGER keep_{what.lower()} ON portal.{table}")
        op.execute(f"DROP FUNCTION portal.keep_{changes}()")
        op.drop_table(changes, schema="portal")
    for table in ("counted_decisions", "counted_requests", "counted_weeks"):
        op.drop_table(table, schema="portal")
