"""Deciding many at once, in words: what stands against it, what was decided, what it comes to."""

from collections.abc import Mapping

from portal.domain.deciding.bulk import Lock
from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.marked import msgid
from portal.domain.policy.policy import Bulk
from portal.presentation.labels import listed
from portal.presentation.money import money
from portal.translation import _, ngettext

SENTENCES: dict[str, str] = {
    Lock.ONE_BY_ONE: msgid("Requests of this type are decided one at a time."),
    Lock.OVER_LIMIT: msgid("Its amount is too large to be decided with others."),
    Lock.ON_HOLD: REFUSAL_SENTENCES[Refusal.ON_HOLD],
    "recorded": msgid("Your decision is already recorded and is being applied."),
    Refusal.UNKNOWN_TASK: msgid("It no longer needs your decision."),
    **{reason: words for reason, words in REFUSAL_SENTENCES.items() if reason != "unknown_task"},
}


def note(lock: Lock, bulk: Bulk | None, currency: str | None) -> str:
    """The reason in two or three words, for a row of a list."""
    if lock is Lock.ON_HOLD:
        return _("on hold")
    if lock is Lock.OVER_LIMIT and bulk is not None and bulk.up_to is not None and currency:
        return _("over %(amount)s", amount=money(bulk.up_to, currency))
    return _("open to decide")


def sentence(code: str) -> str:
    """Why a task was left out, by its `Lock`, `Refusal` or "recorded"."""
    return _(SENTENCES.get(code, REFUSAL_SENTENCES[Refusal.UNSUPPORTED]))


def sum_words(totals: Mapping[str, int]) -> str:
    """`€1,234.50 and CHF 80.00`: a sum for each currency; empty without any."""
    amounts = [money(minor, currency) for currency, minor in totals.items()]
    return listed(amounts)


def requests_words(number: int) -> str:
    """`1 request`, `14 requests`."""
    return ngettext("%(n)s request", "%(n)s requests", number)
