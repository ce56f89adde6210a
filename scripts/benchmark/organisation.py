"""The bench's own people and request type: one manager stage, undo at 0."""

import psycopg
from psycopg.types.json import Jsonb

from portal.domain.codec import encode
from portal.domain.policy.forms import FieldKind, FormField
from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage
from portal.models.columns import new_id
from portal.services.passwords import hashed

PASSWORD = "bench-password-0123456789"  # noqa: S105 - of a database that lives for minutes
HOURS = {str(day): [["08:00", "17:00"]] for day in range(1, 8)}


def pairs(count: int) -> list[tuple[str, str]]:
    """Mail addresses of requesters and their managers."""
    return [(f"asks{n}@bench.example", f"decides{n}@bench.example") for n in range(count)]


def load(url: str, count: int) -> None:
    """Make the pairs and the type `bench` in a migrated, empty database."""
    secret = hashed(PASSWORD)
    with psycopg.connect(url) as connection:
        for requester, manager in pairs(count):
            above = _person(connection, manager, None, secret)
            _person(connection, requester, above, secret)
        _type(connection)


def _person(connection: psycopg.Connection, email: str, manager: str | None, secret: str) -> str:
    person = new_id()
    connection.execute(
        "INSERT INTO portal.users (id, email, name, manager_id, roles, password_hash)"
        " VALUES (%s, %s, %s, %s, '{member}', %s)",
        [person, email, email.partition("@")[0].title(), manager, secret],
    )
    return person


def _type(connection: psycopg.Connection) -> None:
    kind, version, calendar = new_id(), new_id(), new_id()
    form = (
        FormField(name="amount", label="Amount", kind=FieldKind.MONEY, currency="EUR",
                  is_amount=True),
        FormField(name="reason", label="Reason", kind=FieldKind.LONG_TEXT, max_length=2000),
    )  # fmt: skip
    stage = Stage(
        key="manager", name="Line manager", rules=(ApproverRule(kind=RuleKind.MANAGER),),
        remind_after=(480,), expire_after=4800,
    )  # fmt: skip
    policy = Policy(stages=(stage,), undo_seconds=0)
    connection.execute(
        "INSERT INTO portal.calendars (id, name, time_zone, hours) VALUES (%s, 'Bench', 'UTC', %s)",
        [calendar, Jsonb(HOURS)],
    )
    connection.execute(
        "INSERT INTO portal.request_types (id, code, name, prefix, calendar_id)"
        " VALUES (%s, 'bench', 'Bench', 'BN', %s)",
        [kind, calendar],
    )
    connection.execute(
        "INSERT INTO portal.policy_versions (id, request_type_id, version, name, form,"
        " definition, published_at) VALUES (%s, %s, 1, 'Bench', %s, %s, now())",
        [version, kind, Jsonb(encode(form)), Jsonb(encode(policy))],
    )
    connection.execute(
        "UPDATE portal.request_types SET policy_version_id = %s WHERE id = %s", [version, kind]
    )
