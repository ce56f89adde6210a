"""When a request may be finished, in words: a range with its basis, or why there is none."""

from dataclasses import dataclass

from portal.domain.time.expected_finish import LEAST, Expected, Unsaid
from portal.presentation import times
from portal.presentation.times import Viewpoint
from portal.translation import _, ngettext, own


@dataclass(frozen=True, slots=True)
class Expectation:
    """`range`: "between Mon 30 Nov and Wed 2 Dec", or the honest absence of one; `basis`: from
    what it was said."""

    range: str
    basis: str


def expectation(found: Expected | Unsaid, view: Viewpoint) -> Expectation:
    """The words, on the reader's clock."""
    if isinstance(found, Expected):
        return Expectation(_range(found, view), _basis(found, view))
    words = {"stage": own(found.stage), "count": found.count, "shorter": found.shorter}
    if found.is_longer:
        return Expectation(
            _("Longer than usual"),
            _(
                "The stage “%(stage)s” has waited longer than in %(shorter)s of %(count)s past"
                " requests.",
                **words,
            ),
        )
    return Expectation(
        _("Not enough past requests to estimate"),
        ngettext(
            "The stage “%(stage)s” has ended %(n)s time; an estimate needs %(least)s.",
            "The stage “%(stage)s” has ended %(n)s times; an estimate needs %(least)s.",
            found.count, stage=own(found.stage), least=LEAST,
        ),
    )  # fmt: skip


def _range(found: Expected, view: Viewpoint) -> str:
    first, last = (times.weekday(at, view.now, view.zone) for at in (found.low, found.high))
    return first if first == last else _("between %(first)s and %(last)s", first=first, last=last)


def _basis(found: Expected, view: Viewpoint) -> str:
    if found.since is None:
        return _(
            "From %(n)s past requests of this type, with working hours and known absences.",
            n=found.count,
        )
    since = found.since.astimezone(view.zone)
    return _(
        "From %(n)s past requests of this type since %(month)s, with working hours and known"
        " absences.",
        n=found.count, month=times.month(since),
    )  # fmt: skip
