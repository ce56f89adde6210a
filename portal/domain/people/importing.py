"""What a list of people from a file would change: judged line by line, before anything is changed.

An empty cell changes nothing; a single hyphen clears. People are known by their number, else by
their address, never by their name. Whoever is not in the file stays as they are, unless the file is
said to be the whole list; even then nobody goes by a file that looks like less.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from portal.domain.folding import folded
from portal.domain.marked import msgid
from portal.domain.people.organisation import circles

CLEARED = "-"
# Each refused line may take those below it along; after so many passes nobody gets a manager.
MOST_PASSES = 100


class Column(StrEnum):
    """What a column of the file can say about a person."""

    NUMBER = "employee_no"
    EMAIL = "email"
    NAME = "name"
    TITLE = "job_title"
    DEPARTMENT = "department"
    MANAGER = "manager"
    PLACE = "place"
    ZONE = "time_zone"
    LANGUAGE = "locale"
    GROUPS = "groups"
    LEFT = "left_on"


class LineVerdict(StrEnum):
    """What becomes of a line."""

    REFUSED = "refused"
    NEW = "new"
    CHANGED = "changed"
    BACK = "back"
    LEAVES = "leaves"
    SAME = "same"


NO_KEY = msgid("Neither a number nor an email address says who this is.")
NO_NAME = msgid("The name is missing.")
TWICE = msgid("Another line has the same number or email address.")
TWO_PEOPLE = msgid("The number and the email address belong to two people.")
NO_MANAGER = msgid("The manager is not in the file and not an active person of the portal.")
CIRCLE = msgid("The manager reports to this person, directly or through others.")
ONESELF = msgid("Nobody manages themselves.")
NOT_A_DAY = msgid("The leaving date is not a date such as 2026-12-31.")
UNKNOWN_DEPARTMENT = msgid("There is no department with this code.")
UNKNOWN_GROUP = msgid("There is no group with one of these codes.")
UNKNOWN_PLACE = msgid("There is no location with this name.")
SEVERAL_DEPARTMENTS = msgid(
    "Several departments have a code like this one. Write it with its capitals and accents."
)
SEVERAL_GROUPS = msgid(
    "Several groups have a code like one of these. Write it with its capitals and accents."
)
SEVERAL_PLACES = msgid(
    "Several locations have a name like this one. Write it with its capitals and accents."
)
UNKNOWN_ZONE = msgid("There is no such time zone.")
UNKNOWN_LANGUAGE = msgid("This language is not offered here.")
LAST_ADMINISTRATOR = msgid("This would deactivate an administrator. Do that on the person's page.")
REFUSED_FIRST = msgid(
    "Some lines were refused. Mend them first: whoever stands on them could be taken for missing."
)
NO_ADMINISTRATOR = msgid(
    "No administrator is in the file, so it is not the whole list. Add a line for one of them."
)
TOO_MANY_MISSING = msgid(
    "More than a tenth of all active people are missing, so this does not look like the whole list."
    " Give those who left a leaving date instead."
)
OF_AN_ADMINISTRATOR = msgid("Only an administrator may change an administrator or an auditor.")


# Whose cell a line was refused for, where it is one.
OF_COLUMN = {
    NO_MANAGER: Column.MANAGER,
    CIRCLE: Column.MANAGER,
    ONESELF: Column.MANAGER,
    NOT_A_DAY: Column.LEFT,
    UNKNOWN_DEPARTMENT: Column.DEPARTMENT,
    SEVERAL_DEPARTMENTS: Column.DEPARTMENT,
    UNKNOWN_GROUP: Column.GROUPS,
    SEVERAL_GROUPS: Column.GROUPS,
    UNKNOWN_PLACE: Column.PLACE,
    SEVERAL_PLACES: Column.PLACE,
    UNKNOWN_ZONE: Column.ZONE,
    UNKNOWN_LANGUAGE: Column.LANGUAGE,
}


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line of the file: its number as a spreadsheet shows it, and what stands in it. `broken`:
    why it cannot be read at all."""

    number: int
    cells: Mapping[Column, str]
    broken: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Somebody in the portal, in the words that a file would use. `is_above`: only an administrator
    may change them."""

    id: str
    values: Mapping[Column, str]
    manager_id: str | None = None
    is_active: bool = True
    is_admin: bool = False
    is_above: bool = False


class Spellings:
    """What a line may name, as the portal writes it; found without capitals and accents too."""

    def __init__(self, written: Iterable[str]) -> None:
        self._near: dict[str, list[str]] = {}
        for text in written:
            self._near.setdefault(folded(text), []).append(text)

    def of(self, text: str) -> list[str]:
        """All that the text may mean: what is written like it, else what differs in capitals, else
        in accents."""
        near = self._near.get(folded(text), [])
        same = [each for each in near if each.lower() == text.lower()]
        return [text] if text in near else same or near


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the portal has: people, and what a line may name."""

    people: Sequence[Known]
    departments: Spellings
    groups: Spellings
    places: Spellings
    zones: Spellings
    languages: Spellings
    may_change_admins: bool = True
    actor_id: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a line. `changes`: before and after of what differs; `manager`: the id of the
    manager's record, or the key of the manager's line where that person is new."""

    line: FileLine
    verdict: LineVerdict
    key: str
    person_id: str | None = None
    changes: Mapping[Column, tuple[str, str]] = field(default_factory=dict)
    manager: str | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """All lines, and who is active and not in the file, not even on a refused line. `going`: those
    of them who would be deactivated by the whole list; `stop`: why they must not be."""

    outcomes: tuple[Outcome, ...]
    missing: tuple[Known, ...]
    going: tuple[Known, ...] = ()
    stop: str = ""

    def of(self, verdict: LineVerdict) -> tuple[Outcome, ...]:
        """The lines with that verdict."""
        return tuple(each for each in self.outcomes if each.verdict is verdict)


def plan(lines: Iterable[FileLine], house: House, today: date) -> Plan:
    """Judge all lines. A line that is refused is as if it were not there, so its people cannot be
    the managers of others."""
    found = _Finder(house)
    outcomes = [_judge(line, found, house, today) for line in lines]
    outcomes = _refuse_doubles(outcomes)
    for _pass in range(MOST_PASSES):
        settled = _with_managers(outcomes, found, house)
        if [each.verdict for each in settled] == [each.verdict for each in outcomes]:
            break
        outcomes = settled
    else:
        settled = [
            _refused(each, NO_MANAGER) if Column.MANAGER in each.changes else each
            for each in settled
        ]
    named = {each for line in settled for each in _named(line, found)}
    missing = tuple(each for each in house.people if each.is_active and each.id not in named)
    return Plan(tuple(settled), missing, _going(missing, house), _stop(settled, missing, house))


def _named(outcome: Outcome, found: "_Finder") -> set[str]:
    """Everybody whom a line may mean, refused or not."""
    if outcome.person_id:
        return {outcome.person_id}
    cells = outcome.line.cells
    return found.whom(_key(cells, Column.NUMBER), _key(cells, Column.EMAIL))


def _going(missing: Iterable[Known], house: House) -> tuple[Known, ...]:
    """The missing but for administrators, whom no file deactivates, whoever imports it, and whom
    they may not change."""
    return tuple(
        each
        for each in missing
        if not each.is_admin
        and each.id != house.actor_id
        and (house.may_change_admins or not each.is_above)
    )


def _stop(outcomes: Sequence[Outcome], missing: Sequence[Known], house: House) -> str:
    """Why the file cannot be the whole list; "" where it can."""
    if not missing:
        return ""
    active = [each for each in house.people if each.is_active]
    gone = {each.id for each in missing}
    admins = [each for each in active if each.is_admin]
    if any(each.verdict is LineVerdict.REFUSED for each in outcomes):
        return REFUSED_FIRST
    if all(each.id in gone for each in admins):
        return NO_ADMINISTRATOR
    return TOO_MANY_MISSING if len(missing) * 10 > len(active) else ""


class _Finder:
    """People of the portal by number and by address."""

    def __init__(self, house: House) -> None:
        self.by_id = {each.id: each for each in house.people}
        self.numbers = _index(house.people, Column.NUMBER)
        self.emails = _index(house.people, Column.EMAIL)

    def whom(self, number: str, email: str) -> set[str]:
        """The ids of whoever has the number, and of whoever has the address."""
        found = (self.numbers.get(number.lower()), self.emails.get(email.lower()))
        return {each for each in found if each is not None}

    def named(self, text: str) -> str | None:
        """The id of whoever has this number or address."""
        return self.numbers.get(text.lower()) or self.emails.get(text.lower())


def _index(people: Iterable[Known], column: Column) -> dict[str, str]:
    given = ((each.values.get(column, "").lower(), each.id) for each in people)
    return {text: person_id for text, person_id in given if text}


def _refused(outcome: Outcome, problem: str) -> Outcome:
    return replace(outcome, verdict=LineVerdict.REFUSED, problem=problem, changes={}, manager=None)


def _judge(line: FileLine, found: _Finder, house: House, today: date) -> Outcome:
    """A line by itself, without its manager."""
    cells = line.cells
    number, email = _key(cells, Column.NUMBER), _key(cells, Column.EMAIL)
    key = f"#{number.lower()}" if number else f"@{email.lower()}"
    blank = Outcome(line, LineVerdict.REFUSED, key)
    people = found.whom(number, email)
    problem = line.broken or ("" if number or email else NO_KEY) or _unknown(cells, house)
    if problem or len(people) > 1:
        return replace(blank, problem=problem or TWO_PEOPLE)
    person = found.by_id[people.pop()] if people else None
    blank = replace(blank, person_id=person.id if person else None)
    try:
        left = _has_left(cells.get(Column.LEFT, ""), today)
    except ValueError:
        return replace(blank, problem=NOT_A_DAY)
    if person is None:
        return _new(blank, house, left)
    return _known(blank, person, house, left)


def _new(blank: Outcome, house: House, left: bool) -> Outcome:
    """Somebody whom the portal does not know; who has left before coming changes nothing."""
    if not blank.line.cells.get(Column.NAME):
        return replace(blank, problem=NO_NAME)
    if left:
        return replace(blank, verdict=LineVerdict.SAME)
    changes = {
        column: ("", after) for column, after in _written(blank.line.cells, house).items() if after
    }
    return replace(blank, verdict=LineVerdict.NEW, changes=changes)


def _known(blank: Outcome, person: Known, house: House, left: bool) -> Outcome:
    before = person.values
    changes = {
        column: (before.get(column, ""), after)
        for column, after in _written(blank.line.cells, house).items()
        if after != before.get(column, "")
    }
    if Column.NAME in changes and not changes[Column.NAME][1]:
        return replace(blank, problem=NO_NAME)
    if left and not person.is_active:
        return replace(blank, verdict=LineVerdict.SAME)
    if left and person.is_admin:
        return replace(blank, problem=LAST_ADMINISTRATOR)
    verdict = (
        LineVerdict.LEAVES if left
        else LineVerdict.BACK if not person.is_active
        else LineVerdict.CHANGED if changes
        else LineVerdict.SAME
    )  # fmt: skip
    if verdict is not LineVerdict.SAME and person.is_above and not house.may_change_admins:
        return replace(blank, problem=OF_AN_ADMINISTRATOR)
    return replace(blank, verdict=verdict, changes={} if left else changes)


def _has_left(text: str, today: date) -> bool:
    """Whether somebody's last day is over; raises ValueError where it is no day."""
    return bool(text) and text != CLEARED and date.fromisoformat(text) < today


_LISTS = (
    (Column.DEPARTMENT, "departments", UNKNOWN_DEPARTMENT, SEVERAL_DEPARTMENTS),
    (Column.PLACE, "places", UNKNOWN_PLACE, SEVERAL_PLACES),
    (Column.ZONE, "zones", UNKNOWN_ZONE, UNKNOWN_ZONE),
    (Column.LANGUAGE, "languages", UNKNOWN_LANGUAGE, UNKNOWN_LANGUAGE),
)


def _unknown(cells: Mapping[Column, str], house: House) -> str:
    """What the line names and the portal does not have, or has more than once."""
    for column, name, unknown, several in _LISTS:
        text = cells.get(column, "")
        if text in ("", CLEARED):
            continue
        if len(found := getattr(house, name).of(text)) != 1:
            return several if found else unknown
    counts = {len(house.groups.of(code)) for code in _codes(cells.get(Column.GROUPS, ""))}
    return UNKNOWN_GROUP if 0 in counts else SEVERAL_GROUPS if counts - {1} else ""


def _codes(text: str) -> list[str]:
    parts = text.replace(";", ",").replace("|", ",").split(",")
    return [part.strip() for part in parts if part.strip() not in ("", CLEARED)]


def _written(cells: Mapping[Column, str], house: House) -> dict[Column, str]:
    """What the line says, as the portal writes it, but for the manager; empty cells say nothing."""
    said: dict[Column, str] = {}
    for column in (Column.NUMBER, Column.EMAIL, Column.NAME, Column.TITLE):
        if cells.get(column):
            said[column] = cells[column]
    for column, name, *_problems in _LISTS:
        if text := cells.get(column):
            said[column] = CLEARED if text == CLEARED else getattr(house, name).of(text)[0]
    if cells.get(Column.GROUPS):
        codes = (house.groups.of(code)[0] for code in _codes(cells[Column.GROUPS]))
        said[Column.GROUPS] = ", ".join(sorted(set(codes)))
    return {
        column: "" if text == CLEARED and column not in (Column.ZONE, Column.LANGUAGE) else text
        for column, text in said.items()
        if text != CLEARED or column not in (Column.ZONE, Column.LANGUAGE)
    }


def _refuse_doubles(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Of several lines for one person none is right."""
    times: dict[str, int] = {}
    for each in outcomes:
        for key in _keys(each):
            times[key] = times.get(key, 0) + 1
    return [
        _refused(each, TWICE)
        if not each.problem and any(times[key] > 1 for key in _keys(each))
        else each
        for each in outcomes
    ]


def _key(cells: Mapping[Column, str], column: Column) -> str:
    """What says who this is; a cleared cell does not."""
    text = cells.get(column, "")
    return "" if text == CLEARED else text


def _keys(outcome: Outcome) -> list[str]:
    cells = outcome.line.cells
    keys = [
        f"#{_key(cells, Column.NUMBER).lower()}",
        f"@{_key(cells, Column.EMAIL).lower()}",
        f"={outcome.person_id or ''}",
    ]
    return [key for key in keys if len(key) > 1]


def _with_managers(outcomes: Sequence[Outcome], found: _Finder, house: House) -> list[Outcome]:
    """The same with the managers that the lines name, refused where that cannot be."""
    new = {
        key: each.key for each in outcomes if each.verdict is LineVerdict.NEW for key in _keys(each)
    }
    gone = {each.person_id for each in outcomes if each.verdict is LineVerdict.LEAVES}
    back = {each.person_id for each in outcomes if each.verdict is LineVerdict.BACK}
    alive = {each.id for each in house.people if each.is_active} - gone | back
    settled = [_with_manager(each, found, house, new, alive) for each in outcomes]
    above: dict[str, str | None] = {each.id: each.manager_id for each in house.people}
    for each in settled:
        if each.verdict is not LineVerdict.REFUSED and Column.MANAGER in each.changes:
            above[each.person_id or each.key] = each.manager
    inside = {name for circle in circles(above) for name in circle}
    return [
        _refused(each, CIRCLE)
        if Column.MANAGER in each.changes and (each.person_id or each.key) in inside
        else each
        for each in settled
    ]


def _with_manager(
    outcome: Outcome,
    found: _Finder,
    house: House,
    new: Mapping[str, str],
    alive: set[str | None],
) -> Outcome:
    text = outcome.line.cells.get(Column.MANAGER, "")
    if outcome.verdict in (LineVerdict.REFUSED, LineVerdict.LEAVES) or not text:
        return outcome
    own = found.by_id[outcome.person_id] if outcome.person_id else None
    if outcome.verdict is LineVerdict.SAME and own is None:
        return outcome
    before = own.manager_id if own else None
    manager: str | None = None
    if text != CLEARED:
        known = found.named(text)
        manager = (
            known if known in alive else new.get(f"#{text.lower()}") or new.get(f"@{text.lower()}")
        )
        if manager is None:
            return _refused(outcome, NO_MANAGER)
        if manager == (outcome.person_id or outcome.key):
            return _refused(outcome, ONESELF)
    if manager == before:
        return outcome
    if own is not None and own.is_above and not house.may_change_admins:
        return _refused(outcome, OF_AN_ADMINISTRATOR)
    shown = "" if own is None else own.values.get(Column.MANAGER, "")
    after = "" if text == CLEARED else text
    changes = {**outcome.changes, Column.MANAGER: (shown, after)}
    verdict = LineVerdict.CHANGED if outcome.verdict is LineVerdict.SAME else outcome.verdict
    return replace(outcome, verdict=verdict, changes=changes, manager=manager)
