"""Deciding many at once, in words: what stands against it, what was decided, what it comes to."""

from collections.abc import Mapping

from portal.domain.deciding.bulk import Lock
from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.policy.policy import Bulk, Decision
from portal.presentation.money import money

DONE = {
    Decision.APPROVE: "approved",
    Decision.REJECT: "rejected",
    Decision.SEND_BACK: "sent back",
}
SENTENCES: dict[str, str] = {
    Lock.ONE_BY_ONE: "Requests of this type are decided one by one.",
    Lock.OVER_LIMIT: "Its amount is too large to be decided among others.",
    Lock.ON_HOLD: REFUSAL_SENTENCES[Refusal.ON_HOLD],
    "recorded": "Your decision about it is recorded already and is being applied.",
    Refusal.UNKNOWN_TASK: "It does not wait for you any more.",
    **{reason: words for reason, words in REFUSAL_SENTENCES.items() if reason != "unknown_task"},
}


def note(lock: Lock, bulk: Bulk | None, currency: str | None) -> str:
    """The reason in two or three words, for a row of a list."""
    if lock is Lock.ON_HOLD:
        return "on hold"
    if lock is Lock.OVER_LIMIT and bulk is not None and bulk.up_to is not None and currency:
        return f"over {money(bulk.up_to, currency)}"
    return "one by one"


def sentence(code: str) -> str:
    """Why a task was left out, by its `Lock`, `Refusal` or "recorded"."""
    return SENTENCES.get(code, REFUSAL_SENTENCES[Refusal.UNSUPPORTED])


def sum_words(totals: Mapping[str, int]) -> str:
    """`€1,234.50 and CHF 80.00`: a sum for each currency; empty without any."""
    return " and ".join(money(minor, currency) for currency, minor in totals.items())


def requests_words(number: int) -> str:
    """`1 request`, `14 requests`."""
    return "1 request" if number == 1 else f"{number} requests"
