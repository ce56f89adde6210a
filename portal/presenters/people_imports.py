"""An import of people in words: its columns, and what each line would change."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from portal.domain.people.importing import OF_COLUMN, Column, Known, LineVerdict, Outcome
from portal.domain.spreadsheets import harmless
from portal.presentation.labels import Label, listed
from portal.services.people_imports import Preview
from portal.translation import _, lazy, ngettext

COLUMNS: dict[Column, str] = {
    Column.NUMBER: lazy("Employee number"),
    Column.EMAIL: lazy("Email address"),
    Column.NAME: lazy("Full name"),
    Column.TITLE: lazy("Job title"),
    Column.DEPARTMENT: lazy("Department (code)"),
    Column.MANAGER: lazy("Manager (number or email)"),
    Column.PLACE: lazy("Location"),
    Column.ZONE: lazy("Time zone"),
    Column.LANGUAGE: lazy("Language (code)"),
    Column.GROUPS: lazy("Groups (codes)"),
    Column.LEFT: lazy("Leaving date"),
}
VERDICTS: dict[LineVerdict, Label] = {
    LineVerdict.REFUSED: Label(lazy("Refused"), "bad", "x-circle"),
    LineVerdict.LEAVES: Label(lazy("Leaves"), "warn", "no-symbol"),
    LineVerdict.NEW: Label(lazy("New"), "ok", "plus"),
    LineVerdict.BACK: Label(lazy("Back"), "ok", "arrow-uturn-left"),
    LineVerdict.CHANGED: Label(lazy("Changed"), "info", "pencil-square"),
    LineVerdict.SAME: Label(lazy("Same"), "neutral", "check"),
}
# What an import writes; the other lines leave everything as it is.
WRITING = (LineVerdict.NEW, LineVerdict.CHANGED, LineVerdict.BACK, LineVerdict.LEAVES)


@dataclass(frozen=True, slots=True)
class LineWords:
    """A line of the preview. `changes`: what, before, after."""

    number: int
    name: str
    who: str
    changes: tuple[tuple[str, str, str], ...]
    text: str
    moving: str
    ties: str


@dataclass(frozen=True, slots=True)
class MissingWords:
    """Somebody who is not in the file. `goes`: would be deactivated."""

    id: str
    name: str
    who: str
    goes: bool
    moving: str
    ties: str


@dataclass(frozen=True, slots=True)
class GroupWords:
    """The lines with one verdict; `hidden`: how many more there are."""

    verdict: str
    label: Label
    count: int
    lines: tuple[LineWords, ...]
    hidden: int


def trouble_with(columns: Sequence[Column | None]) -> str:
    """Why people cannot be found by these columns; "" where they can."""
    given = [each for each in columns if each is not None]
    twice = next((each for each in given if given.count(each) > 1), None)
    if twice is not None:
        return _("Two columns are “%(name)s”. Choose it for one only.", name=COLUMNS[twice])
    if Column.NUMBER not in given and Column.EMAIL not in given:
        return _("Choose which column holds the employee number or the email address.")
    return ""


def groups(preview: Preview, shown: Callable[[LineVerdict], int]) -> tuple[GroupWords, ...]:
    """The lines by verdict, refused ones first; `shown`: how many of each."""
    found = []
    for verdict, label in VERDICTS.items():
        outcomes = preview.plan.of(verdict)
        if outcomes:
            most = shown(verdict)
            lines = tuple(_line(each, preview) for each in outcomes[:most])
            hidden = len(outcomes) - len(lines)
            found.append(GroupWords(verdict.value, label, len(outcomes), lines, hidden))
    return tuple(found)


def missing(preview: Preview, most: int) -> tuple[MissingWords, ...]:
    """The first who are not in the file, those who would go first."""
    going = {each.id for each in preview.going}
    rows = sorted(preview.plan.missing, key=lambda each: each.id not in going)
    return tuple(_missing(each, preview, each.id in going) for each in rows[:most])


def _missing(person: Known, preview: Preview, goes: bool) -> MissingWords:
    values = person.values
    who = (values.get(Column.NUMBER, ""), values.get(Column.EMAIL, ""))
    return MissingWords(
        id=person.id,
        name=values.get(Column.NAME, ""),
        who=" · ".join(text for text in who if text),
        goes=goes,
        moving=_moving(preview, person.id) if goes else "",
        ties=_ties(preview, person.id) if goes else "",
    )


def _moving(preview: Preview, person_id: str | None) -> str:
    count = preview.moving.get(person_id or "", 0)
    return ngettext("%(n)s open item", "%(n)s open items", count) if count else ""


def _ties(preview: Preview, person_id: str | None) -> str:
    """What depends on somebody who goes."""
    reports, heads, only = preview.ties.get(person_id or "", (0, (), ()))
    told = []
    if reports:
        told.append(ngettext("manages %(n)s person", "manages %(n)s people", reports))
    if heads:
        told.append(_("heads %(names)s", names=listed(heads)))
    if only:
        told.append(_("the only member of %(names)s", names=listed(only)))
    return "; ".join(told)


def stopped(row: Any) -> str:
    """Why a large import changed nothing; "" where it did not stop."""
    progress = row.progress
    if "said" in progress:
        return str(progress["said"])
    if "at" in progress:
        return _("The import was interrupted. Nothing was changed. Import again.")
    return ""


def as_csv(headers: Sequence[str], lines: Sequence[Sequence[str]], separator: str) -> str:
    """Refused lines as a file that can be mended and uploaded again: the same columns, and why."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator or ",")
    writer.writerow([*map(harmless, headers), _("Why it was refused")])
    writer.writerows([harmless(cell) for cell in line] for line in lines)
    return "\ufeff" + text.getvalue()


def _refusal(outcome: Outcome) -> str:
    """Why a line was refused, and by which value; "" where it was not."""
    if not outcome.problem:
        return ""
    why, column = _(outcome.problem), OF_COLUMN.get(outcome.problem)
    value = outcome.line.cells.get(column, "") if column else ""
    if column is None or not value:
        return why
    return _("%(why)s %(column)s: “%(value)s”.", why=why, column=COLUMNS[column], value=value)


def _line(outcome: Outcome, preview: Preview) -> LineWords:
    cells = outcome.line.cells
    who = (cells.get(Column.NUMBER, ""), cells.get(Column.EMAIL, ""))
    leaves = outcome.verdict is LineVerdict.LEAVES
    return LineWords(
        number=outcome.line.number,
        name=cells.get(Column.NAME) or _("No name"),
        who=" · ".join(text for text in who if text),
        changes=tuple(
            (str(COLUMNS[column]), before, after)
            for column, (before, after) in outcome.changes.items()
        ),
        text=_refusal(outcome),
        moving=_moving(preview, outcome.person_id),
        ties=_ties(preview, outcome.person_id) if leaves else "",
    )
