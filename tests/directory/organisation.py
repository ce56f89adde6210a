"""A small organisation in the database, and questions about it."""

from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import Connection, insert, update

from portal import models
from portal.domain.codec import encode
from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage
from portal.domain.routing.plan import RoutePlan, RouteQuestion
from portal.models.columns import new_id
from tests.domain.story import MONDAY

# Each person's manager: Tom's is Ana, hers is Ben, and so on; Olga and Otto lead each other.
MANAGERS = {
    "tom": "ana", "ana": "ben", "ben": "cleo", "cleo": None, "dan": "cleo", "eve": None,
    "olga": "otto", "otto": "olga",
}  # fmt: skip
AWAY = {"eve"}
HOURS = {str(day): [["09:00", "17:00"]] for day in range(1, 6)}


def identity(name: str) -> str:
    """The id of a person, group or department by its name here."""
    return str(uuid5(NAMESPACE_OID, name))


def insert_organisation(connection: Connection) -> None:
    """Insert it, with the request type "purchase" and a calendar of office hours in UTC."""
    connection.execute(
        insert(models.Department),
        [{"id": identity(code), "code": code, "name": f"Dept {code}"} for code in ("IT", "HR")],
    )
    # One statement: managers may stand after their people.
    connection.execute(insert(models.User).values([_person(name) for name in MANAGERS]))
    connection.execute(
        update(models.Department).where(models.Department.code == "IT"),
        {"head_id": identity("dan")},
    )
    for code, members in {"finance": ("dan", "ben", "eve"), "nobody": ()}.items():
        connection.execute(
            insert(models.Group).values(id=identity(code), code=code, name=code.title())
        )
        for name in members:
            row = {"group_id": identity(code), "user_id": identity(name)}
            connection.execute(insert(models.GroupMember).values(**row))
    _purchase(connection)


def _person(name: str) -> dict[str, Any]:
    manager = MANAGERS[name]
    return {
        "id": identity(name),
        "name": name.title(),
        "manager_id": identity(manager) if manager else None,
        "department_id": identity("IT"),
        "is_active": name not in AWAY,
        "roles": ["controller"] if name in ("cleo", "eve") else [],
    }


def _purchase(connection: Connection) -> None:
    calendar = identity("office")
    row = {"id": calendar, "name": "Office", "time_zone": "UTC", "hours": HOURS}
    connection.execute(insert(models.Calendar).values(**row))
    connection.execute(
        insert(models.RequestType).values(
            id=identity("purchase"), code="purchase", name="Purchase", prefix="PR",
            calendar_id=calendar,
        )
    )  # fmt: skip


def published(connection: Connection, policy: Policy, *, draft: bool = False) -> str:
    """Insert a policy version; returns its id."""
    version = new_id()
    connection.execute(
        insert(models.PolicyVersion).values(
            id=version, request_type_id=identity("purchase"), version=int(version[-6:], 16),
            definition=encode(policy), published_at=None if draft else MONDAY,
            form=[{"name": "note", "label": "Note"}],
        )
    )  # fmt: skip
    return version


def rule(kind: RuleKind, *people: str, **values: Any) -> ApproverRule:
    """A rule; people by name."""
    return ApproverRule(kind=kind, people=tuple(identity(each) for each in people), **values)


def stage(*rules: ApproverRule, key: str = "first", **values: Any) -> Stage:
    """A stage with a name like its key."""
    return Stage(key=key, name=key.title(), rules=rules, **values)


def asks(version: str, requester: str = "tom", **values: Any) -> RouteQuestion:
    """A question on a Monday morning at nine."""
    given = {"request_id": new_id(), "from_index": 0, "now": MONDAY, **values}
    return RouteQuestion(policy_version_id=version, requester_id=identity(requester), **given)


def names(plan: RoutePlan) -> list[str]:
    """The names of the people a plan asks."""
    assert plan.stage is not None, plan
    return [each.name for each in plan.stage.people]
