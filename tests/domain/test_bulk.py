"""Which requests may be decided among others, and what many come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.codec import decode, encode
from portal.domain.deciding.bulk import Lock, lock_of, totals
from portal.domain.errors import InvalidPolicy
from portal.domain.policy.policy import Bulk, Policy
from portal.domain.routing.step import validate_policy
from tests.domain.office import manager, stage

amounts = st.none() | st.integers(-(10**9), 10**12)
limits = st.integers(0, 10**12)
money = st.lists(st.tuples(amounts, st.sampled_from([None, "EUR", "CHF", "JPY"])))


@given(amount=amounts, on_hold=st.booleans())
def test_without_a_word_of_the_policy_nothing_is_decided_among_others(
    amount: int | None, on_hold: bool
) -> None:
    assert lock_of(None, amount, on_hold=on_hold) is Lock.ONE_BY_ONE
    silent = decode(Policy, {"stages": encode((stage(manager()),))})
    assert silent.bulk is None


@given(amount=amounts, limit=limits)
def test_a_limit_lets_through_what_is_known_to_be_within_it(amount: int | None, limit: int) -> None:
    fits = amount is not None and amount <= limit
    assert (lock_of(Bulk(up_to=limit), amount) is None) == fits
    assert lock_of(Bulk(), amount) is None


@given(amount=amounts)
def test_what_is_on_hold_waits(amount: int | None) -> None:
    assert lock_of(Bulk(), amount, on_hold=True) is Lock.ON_HOLD


@given(given_amounts=money)
def test_currencies_are_never_added_together(
    given_amounts: list[tuple[int | None, str | None]],
) -> None:
    sums = totals(given_amounts)
    for currency, total in sums.items():
        assert total == sum(minor or 0 for minor, code in given_amounts if code == currency)
    assert set(sums) == {code for minor, code in given_amounts if code and minor is not None}


def test_a_policy_with_a_limit_below_nothing_is_refused() -> None:
    policy = Policy(stages=(stage(manager()),), bulk=Bulk(up_to=-1))
    with pytest.raises(InvalidPolicy, match="cannot be negative"):
        validate_policy(policy, ())
