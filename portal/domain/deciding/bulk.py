"""Which tasks may be decided many at once, and what many come to."""

from collections.abc import Iterable
from enum import StrEnum

from portal.domain.policy.policy import Bulk


class Lock(StrEnum):
    """Why a task is decided on its own page and not among many."""

    ONE_BY_ONE = "one_by_one"
    OVER_LIMIT = "over_limit"
    ON_HOLD = "on_hold"


def lock_of(bulk: Bulk | None, amount: int | None, *, on_hold: bool = False) -> Lock | None:
    """What stands against deciding a request among others; None where nothing does.

    `bulk` is its policy's word, `amount` in minor units. Under a limit a request without an amount
    is decided by itself.
    """
    if bulk is None:
        return Lock.ONE_BY_ONE
    if bulk.up_to is not None and (amount is None or amount > bulk.up_to):
        return Lock.OVER_LIMIT
    return Lock.ON_HOLD if on_hold else None


def totals(amounts: Iterable[tuple[int | None, str | None]]) -> dict[str, int]:
    """The sum for each currency, in the order of first appearance; nothing without an amount."""
    sums: dict[str, int] = {}
    for amount, currency in amounts:
        if amount is not None and currency:
            sums[currency] = sums.get(currency, 0) + amount
    return sums
