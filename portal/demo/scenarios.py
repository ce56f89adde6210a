"""What the demonstration's people ask for, and what becomes of it: data for `simulation`.

The requests of the last days stand in `data/requests.toml`; those of the last months are drawn by
chance from its things, the same for the same seed.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.demo.organisation import PEOPLE, DemoPerson, read
from portal.domain.codec import decode


@dataclass(frozen=True)
class ScenarioStep:
    """Something somebody does `hours` after the step before.

    `who`: a person's key, or None for the first person with an open task.
    """

    hours: float
    action: str
    comment: str = ""
    who: str | None = None
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    """A request submitted `days` working days ago, and the steps that followed."""

    type_code: str
    requester: str
    title: str
    days: float
    fields: dict[str, Any]
    amount: int | None = None
    steps: tuple[ScenarioStep, ...] = ()
    on_behalf_of: str | None = None
    priority: str | None = None


@dataclass(frozen=True)
class DemoAbsence:
    """Somebody is away for so many `days`, `begins` days from today; `decides` does meanwhile."""

    away: str
    decides: str
    begins: int
    days: int
    reason: str


@dataclass(frozen=True)
class Thing:
    """Something that is bought again and again."""

    title: str
    supplier: str
    amount: int


_FILE = read("requests")
ABSENCES = tuple(decode(DemoAbsence, each) for each in _FILE["absences"])
_THINGS = tuple(decode(Thing, each) for each in _FILE["things"])


def working_days_before(now: datetime, days: float) -> datetime:
    """So that the demonstration looks the same after a weekend."""
    at = now - timedelta(days=days % 1)
    for _ in range(int(days)):
        at -= timedelta(days=1)
        while at.isoweekday() > 5:
            at -= timedelta(days=1)
    return at


def current() -> tuple[Scenario, ...]:
    """Requests of the last days: some in every state a request can have."""
    return tuple(_scenario(each) for each in _FILE["requests"])


def _scenario(given: dict[str, Any]) -> Scenario:
    fields = {name: _day(value, given["days"]) for name, value in given["fields"].items()}
    about = {"type_code": given["type"], "fields": fields, "amount": fields.get("amount")}
    return decode(Scenario, given | about)


def _day(value: Any, days: float) -> Any:
    """A field's value; a day that is given by its distance, as its date."""
    match value:
        case {"from_today": distance}:
            day = datetime.now(UTC) + timedelta(days=distance)
        case {"before_asking": distance}:
            day = working_days_before(datetime.now(UTC), days) - timedelta(days=distance)
        case _:
            return value
    return day.date().isoformat()


def past(seed: int = 7) -> Iterator[Scenario]:
    """About seventy closed requests of the last three months, the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - a believable past, not a secret
    staff = [person for person in PEOPLE if person.manager and person.key != "ada.admin"]
    for n in range(72):
        person, days = draw.choice(staff), 92 - n + draw.random()
        ending = draw.choices(("approve", "reject", "withdraw"), (17, 2, 1))[0]
        hours = [draw.uniform(0.5, 20) for _ in range(6)]
        about = {"requester": person.key, "days": days, "steps": _steps(ending, hours, person)}
        yield _scenario(about | _asked_for(n, draw, days, person.department or "5100"))


def _steps(ending: str, hours: list[float], person: DemoPerson) -> list[dict[str, Any]]:
    if ending == "approve":
        return [{"hours": each, "action": "approve"} for each in hours]
    step = {"hours": hours[0], "action": ending}
    if ending == "reject":
        return [step | {"comment": "Not in this quarter's budget."}]
    return [step | {"comment": "No longer needed.", "who": person.key}]


def _asked_for(n: int, draw: random.Random, days: float, centre: str) -> dict[str, Any]:
    """The n-th request of the past: two purchases, then expenses, then leave."""
    match n % 4:
        case 0 | 1:
            thing = draw.choice(_THINGS)
            fields = {
                "supplier": thing.supplier, "cost_centre": centre, "amount": thing.amount,
                "reason": "Used up; needed for lessons.",
            }  # fmt: skip
            return {"type": "purchase", "title": thing.title, "fields": fields}
        case 2:
            fields = {
                "amount": draw.randrange(1_200, 62_000), "spent_on": {"before_asking": 3},
                "category": "travel", "cost_centre": centre,
                "purpose": "Class trip, local fares. Receipts are attached to the paper file.",
            }  # fmt: skip
            return {"type": "expenses", "title": "Class trip, local fares", "fields": fields}
        case _:
            first = 10 - int(days)
            fields = {
                "kind": "annual", "first_day": {"from_today": first},
                "last_day": {"from_today": first + 2},
            }  # fmt: skip
            return {"type": "leave", "title": "Days off", "fields": fields}
