"""A back-test as pages and files show it."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.domain.policy.policy import WORKING_DAY
from portal.domain.request.reasons import Code
from portal.domain.routing.backtest import BackTest, Difference, Fate, Load, StageThen, Waiting
from portal.domain.spreadsheets import harmless
from portal.presentation.labels import figure, percent
from portal.presentation.money import major
from portal.queries.back_tests import BackTestRecord
from portal.translation import _, lazy, ngettext

PAGE = 50
LOADS_SHOWN = 5
MONTH_DAYS = 30.44
FATES: Mapping[str, tuple[str, str, str]] = {
    Fate.MORE: (lazy("More stages"), "warn", "plus-circle"),
    Fate.FEWER: (lazy("Fewer stages"), "info", "minus-circle"),
    Fate.OTHER: (lazy("Other people"), "info", "users"),
    Fate.STUCK: (lazy("Stuck"), "bad", "x-circle"),
}
LACKS: Mapping[str, str] = {
    Code.NO_MANAGER: lazy("no manager"),
    Code.NO_DEPARTMENT: lazy("no department"),
    Code.NO_HEAD: lazy("the department has no head"),
    Code.REQUESTER: lazy("only the requester"),
    Code.APPROVED_EARLIER: lazy("decided an earlier stage"),
    Code.INACTIVE: lazy("not active"),
    Code.CONDITION_FAILED: lazy("the condition has no value"),
}


@dataclass(frozen=True, slots=True)
class Card:
    """A number with what it is and a line below it."""

    title: str
    number: int
    note: str
    tone: str = ""


def cards(found: BackTest) -> list[Card]:
    """Same, more, fewer, other people, stuck."""
    share = round(100 * found.count(Fate.SAME) / found.total) if found.total else 0
    same = _("%(share)s of %(total)s", share=percent(share), total=figure(found.total))
    return [
        Card(_("Same route"), found.count(Fate.SAME), same),
        Card(_("More stages"), found.count(Fate.MORE), _most(found.added)),
        Card(_("Fewer stages"), found.count(Fate.FEWER), _most(found.gone)),
        Card(_("Other people"), found.count(Fate.OTHER), ""),
        Card(_("Stuck"), found.count(Fate.STUCK), _("nobody could be asked"),
             "bad" if found.count(Fate.STUCK) else ""),
    ]  # fmt: skip


def _most(stages: Mapping[str, int]) -> str:
    """The stage that comes or goes most often."""
    if not stages:
        return ""
    name = max(stages, key=lambda each: (stages[each], each))
    return f"{stages[name]}: {name}"


@dataclass(frozen=True, slots=True)
class LoadShown:
    """A person's decisions in a month, by both versions; the bars are parts of a hundred."""

    name: str
    live: str
    draft: str
    live_bar: int
    draft_bar: int


def loads(record: BackTestRecord, most: int) -> list[LoadShown]:
    """Whose decisions change most."""
    if record.result is None:
        return []
    months = max(record.days / MONTH_DAYS, 1.0)
    shown: Sequence[Load] = record.result.loads[:most]
    highest = max((max(each.live, each.draft) for each in shown), default=1) or 1
    return [
        LoadShown(
            each.name,
            _count(each.live / 100 / months),
            _count(each.draft / 100 / months),
            round(100 * each.live / highest),
            round(100 * each.draft / highest),
        )
        for each in shown
    ]


def _count(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}"


def days_of(waiting: Waiting) -> tuple[str, str]:
    """Working days in the middle, and of nine in ten; a dash where nothing is known."""
    return days_in(waiting.middle), days_in(waiting.most)


def within(waiting: Waiting) -> str:
    """How many requests in a hundred would end within the target; a dash where nothing is known."""
    return "–" if waiting.within is None else percent(waiting.within)


def days_in(minutes: int | None) -> str:
    """Working days with a digit after the point; a dash where nothing is known."""
    return "–" if minutes is None else f"{minutes / WORKING_DAY:.1f}"


def badge(each: Difference) -> tuple[str, str, str]:
    """Words, tone and icon of what would become of a request."""
    words, tone, sign = FATES[each.fate]
    if each.fate is Fate.MORE:
        return ngettext("%(n)s more", "%(n)s more", each.by), tone, sign
    if each.fate is Fate.FEWER:
        return ngettext("%(n)s fewer", "%(n)s fewer", each.by), tone, sign
    return str(words), tone, sign


def people_words(stage: StageThen) -> str:
    """Who is asked in a stage, in a few words."""
    if stage.lacks:
        known = [str(LACKS[code]) for code in stage.lacks if code in LACKS]
        return _("no one (%(why)s)", why=known[0]) if known else _("no one")
    named = ", ".join(stage.people[:2])
    more = stage.count - len(stage.people[:2])
    if more > 0:
        named = ngettext("%(names)s and %(n)s more", "%(names)s and %(n)s more", more, names=named)
    if stage.needed > 1:
        return _("%(needed)s of %(names)s", needed=stage.needed, names=named)
    return named


def as_csv(differences: Sequence[Difference]) -> str:
    """The differences for a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_("Number"), _("Title"), _("Requester"), _("Amount"), _("Currency"),
                     _("Result"), _("Live version"), _("Draft")])  # fmt: skip
    for each in differences:
        request = each.request
        amount = (
            str(major(request.amount, request.currency))
            if request.amount is not None and request.currency
            else ""
        )
        sides = ["; ".join(f"{s.name}: {people_words(s)}" for s in side)
                 for side in (each.live, each.draft)]  # fmt: skip
        row = [request.number, request.title, request.requester, amount, request.currency or "",
               badge(each)[0], *sides]  # fmt: skip
        writer.writerow([harmless(cell) for cell in row])
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + text.getvalue()
