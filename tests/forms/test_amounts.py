"""Amounts, as people of many countries write them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.forms.fields import read_amount, written

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD"])


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1,234.56", "EUR", 123456),
        ("1.234,56", "EUR", 123456),
        ("1234,56", "EUR", 123456),
        ("1 234,56", "EUR", 123456),
        ("1\u202f234,56 €", "EUR", 123456),
        ("1'234.50", "CHF", 123450),
        ("€ 12", "EUR", 1200),
        ("12,5", "EUR", 1250),
        ("12,50 EUR", "EUR", 1250),
        ("US$1,250.00", "USD", 125000),
        ("1.234", "EUR", 123400),
        ("1,234,567", "EUR", 123456700),
        ("0.5", "EUR", 50),
        ("٣٤", "EUR", 3400),
        ("9,800", "JPY", 9800),
        ("JP¥9,800", "JPY", 9800),
        ("1.234", "KWD", 1234),
    ],
)
def test_it_is_read_without_knowing_the_country(text: str, currency: str, minor: int) -> None:
    assert read_amount(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    ["", "12,x", "NaN", "Infinity", "1e99", "1E2", "-5", "−5", "5-", "0x10", "1.23.4", "1,2,3",
     "12.345,678", "0,234", ".5", "1" * 60, "½", "1_000"],
)  # fmt: skip
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must|can have|wrong place"):
        read_amount(text, "EUR")


def test_the_number_of_decimals_is_the_currencys() -> None:
    with pytest.raises(ValueError, match="no digits after"):
        read_amount("9.5", "JPY")
    with pytest.raises(ValueError, match="at most 2 digits"):
        read_amount("1.2345", "EUR")


def test_a_thousand_or_a_thousandth_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="points and commas"):
        read_amount("1,234", "KWD")


@given(st.integers(min_value=0, max_value=10**15), CURRENCIES)
def test_what_a_form_shows_reads_back(minor: int, currency: str) -> None:
    assert read_amount(written(minor, currency), currency) == minor


@given(st.text(), CURRENCIES)
def test_no_text_does_more_than_being_refused(text: str, currency: str) -> None:
    with suppress(ValueError):
        assert read_amount(text, currency) >= 0
