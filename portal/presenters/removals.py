"""Removed requests, and months of the record that go with theirs, in words."""

from portal.domain.proof.removal import MonthBar, MonthSeen
from portal.presentation import times
from portal.queries.removals import RemovedRequest
from portal.translation import _, ngettext


def removal_words(gone: RemovedRequest | None) -> str:
    """What is said in place of a request, or of an event of it."""
    if gone is None:
        return _("Removed after its retention")
    day, name = times.day(gone.at.date()), gone.by or _("The system")
    if not gone.type_name:
        return _("Removed on %(day)s by %(name)s after its retention", day=day, name=name)
    return _(
        "Removed on %(day)s by %(name)s under the retention of the type “%(type)s”",
        day=day, name=name, type=gone.type_name,
    )  # fmt: skip


def bar_words(bar: MonthBar, count: int) -> str:
    """Why a month stays; `count`: how many requests keep it, or events wait."""
    return {
        MonthBar.NOT_OVER: _("The month is not over."),
        MonthBar.NO_PARTITION: _(
            "Its events lie among those of other months: they were there before months were kept "
            "apart."
        ),
        MonthBar.NOT_SEALED: ngettext(
            "%(n)s event waits for its seal.", "%(n)s events wait for their seal.", count
        ),
        MonthBar.NO_ANCHOR: _("No checkpoint is kept outside: set up an anchor first."),
        MonthBar.OPEN: ngettext("%(n)s request is open.", "%(n)s requests are open.", count),
        MonthBar.FOR_EVER: ngettext(
            "%(n)s request is of a type that keeps requests for ever.",
            "%(n)s requests are of types that keep requests for ever.",
            count,
        ),
        MonthBar.NOT_DUE: ngettext(
            "The retention of %(n)s request has not ended.",
            "The retention of %(n)s requests has not ended.",
            count,
        ),
        MonthBar.HELD: ngettext(
            "A legal hold keeps %(n)s request.", "Legal holds keep %(n)s requests.", count
        ),
    }[bar]


def why_not(seen: MonthSeen) -> list[str]:
    """Everything that keeps a month, in sentences."""
    kept = seen.kept
    return [
        bar_words(bar, kept.unsealed if bar is MonthBar.NOT_SEALED else kept.requests[bar])
        for bar in seen.bars
    ]


def state_words(seen: MonthSeen) -> str:
    """What becomes of a month next."""
    if seen.begun is not None and not seen.begun.is_anchored:
        return _("Waits until an anchor has the act that says so")
    if seen.begun is not None:
        return _("Held back: see why") if seen.bars else _("The next clean-up removes it")
    if seen.bars:
        return _("Stays")
    return _("Can be removed")


def month_words(seen: MonthSeen) -> str:
    """`October 2026`."""
    return times.month(seen.kept.month.first)
