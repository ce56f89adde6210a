"""What the demonstration's people asked for, and what became of it: data for `simulation`."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.demo.organisation import PEOPLE


@dataclass(frozen=True)
class Step:
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
    steps: tuple[Step, ...] = ()
    on_behalf_of: str | None = None
    priority: str | None = None


# Who is away, who decides meanwhile, from how many days from today on, for how many, and why.
ABSENCES = (
    ("clara.novak", "yusuf.demir", 0, 5, "Further training in Prague."),
    ("marta.lindqvist", "oluwaseun.adeyemi", 4, 7, "Holidays."),
)


def working_days_before(now: datetime, days: float) -> datetime:
    """So that the demonstration looks the same after a weekend."""
    at = now - timedelta(days=days % 1)
    for _ in range(int(days)):
        at -= timedelta(days=1)
        while at.isoweekday() > 5:
            at -= timedelta(days=1)
    return at


def approve(hours: float, comment: str = "", who: str | None = None) -> Step:
    """An approval by `who`, or by whoever is asked first."""
    return Step(hours, "approve", comment, who)


def _purchase(
    who: str, title: str, days: float, amount: int, centre: str, supplier: str, reason: str,
    *steps: Step, **more: Any,
) -> Scenario:  # fmt: skip
    values = {"supplier": supplier, "cost_centre": centre, "amount": amount, "reason": reason}
    return Scenario("purchase", who, title, days, values, amount, steps, **more)


def _expense(
    who: str, title: str, days: float, amount: int, centre: str, category: str, *steps: Step
) -> Scenario:
    spent = (working_days_before(datetime.now(UTC), days) - timedelta(days=3)).date().isoformat()
    values = {
        "amount": amount, "spent_on": spent, "category": category, "cost_centre": centre,
        "purpose": f"{title}. Receipts are attached to the paper file.",
    }  # fmt: skip
    return Scenario("expenses", who, title, days, values, amount, steps)


def _leave(
    who: str, title: str, days: float, kind: str, first: int, last: int, *steps: Step
) -> Scenario:
    today = datetime.now(UTC).date()
    values = {
        "kind": kind,
        "first_day": (today + timedelta(days=first)).isoformat(),
        "last_day": (today + timedelta(days=last)).isoformat(),
    }
    return Scenario("leave", who, title, days, values, None, steps)


def _access(
    who: str, title: str, days: float, system: str, level: str, reason: str, *steps: Step
) -> Scenario:
    values = {"system": system, "level": level, "reason": reason}
    return Scenario("access", who, title, days, values, None, steps)


def current() -> tuple[Scenario, ...]:
    """Requests of the last days: some in every state a request can have."""
    return (*_purchases(), _second_round(), *_expenses(), *_leave_and_access())


def _purchases() -> tuple[Scenario, ...]:
    no = Step(5, "reject", "The old ones still have two years of support. Please ask again in May.")
    return (
        _purchase("tom.becker", "Oscilloscopes for the physics lab, 6 units", 2.1, 633_600, "4100",
                  "Pixelwerk GmbH", "Two of the old ones failed the safety check in September.",
                  approve(4, "Fine. We checked the repair offer first.")),
        _purchase("sara.nilsson", "Fume cupboard, chemistry room 2", 1.2, 2_184_000, "4100",
                  "Laborbau Nord AG", "Required by the inspection report of 12 October.",
                  approve(3), approve(5, "In the budget for this year.", "sofia.conti")),
        _purchase("amir.rahimi", "Solar panels for the gym roof", 6, 6_450_000, "4200",
                  "Nordhaus Energie", "Pays for itself in nine years by the attached calculation.",
                  approve(6), approve(8), approve(20, "", "mei.tanaka"),
                  approve(3, "Calculation checked.", "julia.schmidt")),
        _purchase("kofi.mensah", "Laptop replacement, 14 units", 5, 2_184_000, "5300",
                  "Hansa Systems", "Devices from 2020 get no security updates from January.",
                  approve(30)),
        _purchase("david.osei", "Microscope camera", 4, 189_000, "4100", "Biotek",
                  "For the lessons in room 7; the old one shows no colours.", approve(5),
                  Step(3, "amend", "With a school discount.", changes={"amount": 164_000})),
        _purchase("laila.haddad", "Graph paper and compasses", 1.7, 31_260, "4100", "Büro Meier",
                  "For the new term.", Step(3, "ask", "For how many classes is this?")),
        _purchase("paula.jimenez", "Standing desks, office 3", 0.3, 398_000, "5400",
                  "Möbel Kontor", "Two colleagues have a doctor's recommendation."),
        _purchase("ben.carter", "Classroom tablets, 24 units", 8, 1_128_000, "4200",
                  "Hansa Systems", "One set for two classes.", approve(5),
                  Step(6, "send_back", "Please add the offer of a second supplier.",
                       "emile.fournier")),
        _purchase("giulia.ferri", "Projector for room 12", 9, 129_900, "4100", "Pixelwerk GmbH",
                  "The lamp is dim and no longer made.", no),
        _purchase("karl.brandt", "Snow blower", 20, 245_000, "5400", "Garten & Hof",
                  "The rented one was late twice last winter.",
                  Step(3, "hold", "Waits for the decision on the winter service contract.",
                       "ada.admin")),
        _purchase("zofia.kowalska", "Laminar flow bench", 30, 890_000, "4200", "Laborbau Nord AG",
                  "For the biology project group.",
                  Step(26, "cancel", "Bought by the parents' association instead.", "ada.admin")),
    )  # fmt: skip


def _second_round() -> Scenario:
    reason = "Edition 2026, for year 7. The digital one is not allowed in exams."
    return _purchase(
        "nora.keller", "Dictionaries, 30 copies", 3, 74_700, "4100", "Büro Meier", "For year 7.",
        Step(2, "send_back", "Which edition, and why not the digital one?"),
        Step(3, "resubmit", "Answered in the reason.", changes={"reason": reason}),
    )  # fmt: skip


def _expenses() -> tuple[Scenario, ...]:
    return (
        _expense("tom.becker", "Physics teachers' conference, Jena", 1.4, 41_285, "4100",
                 "training", approve(3)),
        _expense("chloe.martin", "Strings for the school orchestra", 0.2, 18_740, "4200",
                 "material"),
        _expense("dewi.santoso", "Recruiting fair, Leipzig", 3, 191_240, "5200", "travel",
                 approve(6)),
        _expense("omar.farouk", "Team lunch after the audit", 2, 9_880, "5100", "meals"),
        _expense("rafael.costa", "Costumes for the spring play", 40, 28_900, "4200", "material",
                 Step(10, "withdraw", "Paid from the theatre fund.", "rafael.costa")),
    )  # fmt: skip


def _leave_and_access() -> tuple[Scenario, ...]:
    return (
        _leave("tom.becker", "Ski week with the family", 0.5, "annual", 70, 75),
        _leave("sara.nilsson", "Parental leave, February to April", 1.5, "parental", 75, 160),
        _leave("wei.zhang", "Study leave, tax law exam", 20, "study", 12, 14),
        _leave("nora.keller", "Long weekend in May", 4, "annual", 160, 162,
               Step(7, "approve", "Enjoy it.")),
        _access("samuel.green", "Personnel files for the new people partner", 0.4, "personnel",
                "write", "Takes over the files of the South school from 1 December."),
        _access("julia.schmidt", "Orders, read only, for the yearly audit", 1, "orders", "read",
                "The auditors ask for the order of every sampled invoice.",
                approve(2, "", "lena.hoffmann")),
        _access("eva.lang", "Ledger, service desk tests", 12, "ledger", "admin",
                "Tests of the new release.",
                Step(4, "reject", "Use the test ledger, please.", "ana.ruiz")),
    )  # fmt: skip


_THINGS = (
    ("Whiteboard markers, one year", "Büro Meier", 38_400), ("Microscope slides", "Biotek", 21_950),
    ("Library books, autumn list", "Buchhandlung Krause", 184_200),
    ("Network switches, building B", "Hansa Systems", 1_342_000),
    ("First aid kits", "Medico", 43_500), ("Piano tuning", "Klavierhaus Lenz", 26_000),
    ("Football goals", "Sport Berger", 219_000), ("Repair of the kiln", "Keramik Ost", 74_800),
    ("Licences, geometry software", "Mathwerk", 310_000),
    ("Stage lights", "Licht & Ton", 1_095_000),
)  # fmt: skip


def past(seed: int = 7) -> Iterator[Scenario]:
    """About seventy closed requests of the last three months, the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - a believable past, not a secret
    staff = [person for person in PEOPLE if person.manager and person.key != "ada.admin"]
    for n in range(72):
        person, days = draw.choice(staff), 92 - n + draw.random()
        ending = draw.choices(("approve", "reject", "withdraw"), (17, 2, 1))[0]
        hours = [draw.uniform(0.5, 20) for _ in range(6)]
        if ending == "approve":
            steps = tuple(approve(h) for h in hours)
        elif ending == "reject":
            steps = (Step(hours[0], "reject", "Not in this quarter's budget."),)
        else:
            steps = (Step(hours[0], "withdraw", "No longer needed.", person.key),)
        centre = person.department or "5100"
        match n % 4:
            case 0 | 1:
                title, supplier, amount = draw.choice(_THINGS)
                yield _purchase(person.key, title, days, amount, centre, supplier,
                                "Used up; needed for lessons.", *steps)  # fmt: skip
            case 2:
                amount = draw.randrange(1_200, 62_000)
                yield _expense(person.key, "Class trip, local fares", days, amount, centre,
                               "travel", *steps)  # fmt: skip
            case _:
                yield _leave(person.key, "Days off", days, "annual", 1 - int(days) + 9,
                             3 - int(days) + 9, *steps)  # fmt: skip
