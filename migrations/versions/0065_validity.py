"""What people, groups, departments, delegations and types were, and from when until when.

Triggers write it; nobody else does. What was there before this revision is taken to have been so
for ever, and `known_since` says from when on that is known.
"""

from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

# Of each table its history, what names a row, and the columns that are kept. A password is not.
KEPT: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "users": (
        "user_history",
        {"id": "uuid"},
        {
            "email": "text",
            "name": "text NOT NULL",
            "employee_no": "text",
            "department_id": "uuid",
            "manager_id": "uuid",
            "job_title": "text",
            "time_zone": "text NOT NULL",
            "calendar_id": "uuid",
            "locale": "text NOT NULL",
            "roles": "text[] NOT NULL",
            "is_active": "boolean NOT NULL",
        },
    ),
    "departments": (
        "department_history",
        {"id": "uuid"},
        {
            "code": "text NOT NULL",
            "name": "text NOT NULL",
            "school": "text",
            "parent_id": "uuid",
            "head_id": "uuid",
        },
    ),
    "groups": (
        "group_history",
        {"id": "uuid"},
        {"code": "text NOT NULL", "name": "text NOT NULL", "purpose": "text NOT NULL"},
    ),
    "group_members": ("group_member_history", {"group_id": "uuid", "user_id": "uuid"}, {}),
    "delegations": (
        "delegation_history",
        {"id": "uuid"},
        {
            "delegator_id": "uuid NOT NULL",
            "delegate_id": "uuid NOT NULL",
            "type_codes": "text[]",
            "starts_at": "timestamptz NOT NULL",
            "ends_at": "timestamptz NOT NULL",
            "reason": "text NOT NULL",
            "max_amount": "bigint",
            "currency": "text",
            "revoked_at": "timestamptz",
            "revoked_by": "uuid",
        },
    ),
    "request_types": (
        "type_history",
        {"id": "uuid"},
        {
            "code": "text NOT NULL",
            "name": "text NOT NULL",
            "description": "text NOT NULL",
            "prefix": "text NOT NULL",
            "workflow": "text NOT NULL",
            "calendar_id": "uuid",
            "policy_version_id": "uuid",
            "default_priority": "text NOT NULL",
            "module": "text",
            "is_active": "boolean NOT NULL",
            "target_minutes": "integer",
        },
    ),
}
# GiST knows a uuid only by an extension, which the owner of a database may not always make: a range
# of one number stands for it, which is its hash. What is meant by a row is its primary key.
SAME = "int8range(uuid_hash_extended({0}, 0), uuid_hash_extended({0}, 0), '[]') WITH &&"
NO_OVERLAP = "EXCLUDE USING gist ({same}, during WITH &&)"

TABLE = """
CREATE TABLE portal.{history} (
    {columns},
    during tstzrange NOT NULL,
    known_since timestamptz,
    written_by bigint NOT NULL DEFAULT txid_current(),
    CONSTRAINT pk_{history} PRIMARY KEY ({keys}, during),
    CONSTRAINT ck_{history}_not_empty CHECK (NOT isempty(during)),
    CONSTRAINT ex_{history}_during {no_overlap}
)
"""
# What one transaction does to a row is one change. A change that waited for another one begins
# after it, although its transaction began before. A table that was vacuumed while it was empty would be
# scanned whole for each row, by a plan that a session keeps: 6,000 scans for 3,000 people who are taken
# in. Where the statistics are of a full table, or there are none, the plan is the same without the setting.
FUNCTION = """
CREATE FUNCTION portal.keep_{history}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET enable_seqscan = off AS $$
DECLARE
    moment timestamptz := now();
    began timestamptz;
    ended timestamptz;
    writer bigint;
BEGIN
    SELECT lower(during), written_by INTO began, writer FROM portal.{history}
        WHERE {is_same} AND upper_inf(during);
    IF NOT FOUND THEN
        SELECT max(upper(during)) INTO ended FROM portal.{history} WHERE {is_same};
        moment := greatest(moment, ended);
    ELSIF writer = txid_current() AND began IS NOT NULL THEN
        DELETE FROM portal.{history} WHERE {is_same} AND upper_inf(during);
        moment := began;
    ELSE
        IF moment <= began THEN
            moment := greatest(clock_timestamp(), began + interval '1 microsecond');
        END IF;
        UPDATE portal.{history} SET during = tstzrange(lower(during), moment)
            WHERE {is_same} AND upper_inf(during);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO portal.{history} ({names}, during)
            VALUES ({values}, tstzrange(moment, NULL));
    END IF;
    RETURN NULL;
END $$
"""
# A change of a key would be the end of one row and the beginning of another: nobody makes one.
TRIGGERS = """
CREATE TRIGGER keep_history AFTER INSERT OR DELETE ON portal.{table}
    FOR EACH ROW EXECUTE FUNCTION portal.keep_{history}()
"""
OF_CHANGES = """
CREATE TRIGGER keep_history_of_changes AFTER UPDATE OF {columns} ON portal.{table}
    FOR EACH ROW WHEN (({old}) IS DISTINCT FROM ({new}))
    EXECUTE FUNCTION portal.keep_{history}()
"""
SEED = """
INSERT INTO portal.{history} ({names}, during, known_since)
    SELECT {names}, tstzrange(NULL, NULL), now() FROM portal.{table}
"""


def _each(names: list[str], pattern: str, between: str = ", ") -> str:
    return between.join(pattern.format(name) for name in names)


def upgrade() -> None:
    for table, (history, keys, columns) in KEPT.items():
        names = [*keys, *columns]
        same = _each([*keys], SAME)
        given = _each([*keys], "CASE TG_OP WHEN 'DELETE' THEN OLD.{0} ELSE NEW.{0} END")
        words = {
            "table": table,
            "history": history,
            "columns": ",\n    ".join(f"{n} {kind}" for n, kind in {**keys, **columns}.items()),
            "keys": ", ".join(keys),
            "no_overlap": NO_OVERLAP.format(same=same),
            "is_same": f"({', '.join(keys)}) = ({given})",
            "names": ", ".join(names),
            "values": _each(names, "NEW.{}"),
        }
        op.execute(TABLE.format(**words))
        op.execute(FUNCTION.format(**words))
        op.execute(TRIGGERS.format(**words))
        if columns:
            of = {"columns": ", ".join(columns)}
            of |= {side.lower(): _each([*columns], f"{side}.{{}}") for side in ("OLD", "NEW")}
            op.execute(OF_CHANGES.format(**words | of))
        op.execute(SEED.format(**words))


def downgrade() -> None:
    for table, (history, _, columns) in KEPT.items():
        op.execute(f"DROP TRIGGER keep_history ON portal.{table}")
        if columns:
            op.execute(f"DROP TRIGGER keep_history_of_changes ON portal.{table}")
        op.execute(f"DROP FUNCTION portal.keep_{history}()")
        op.execute(f"DROP TABLE portal.{history}")
