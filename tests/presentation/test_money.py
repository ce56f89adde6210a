"""Money: exact figures, and never without a currency."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.policy.forms import FieldKind
from portal.presentation.filters import money_tag
from portal.presentation.labels import number, percent
from portal.presentation.money import decimals, file_size, major, money
from portal.translation import speaking

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD", "CHF", "GBP"])


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [
        (633600, "EUR", "€6,336.00"),
        (125000, "usd", "US$1,250.00"),
        (9800, "JPY", "JP¥9,800"),
        (1234567, "KWD", "KWD\u00a01,234.567"),
        (-50, "CHF", "−CHF\u00a00.50"),
        (0, "EUR", "€0.00"),
    ],
)
def test_money_in_words(minor: int, currency: str, words: str) -> None:
    assert money(minor, currency) == words


@given(st.integers(min_value=-(10**14), max_value=10**14), CURRENCIES)
def test_no_digit_is_lost(minor: int, currency: str) -> None:
    digits = "".join(letter for letter in money(minor, currency) if letter.isdigit())
    assert int(digits) == abs(minor)
    assert int(major(minor, currency).scaleb(decimals(currency))) == minor


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (184_220, "184 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (2_400_000, "2.4 MB"),
        (3_000_000_000, "3.0 GB"),
    ],
)
def test_file_sizes(size: int, words: str) -> None:
    assert file_size(size) == words


@pytest.mark.parametrize(
    ("code", "currency", "words"),
    [
        ("de", "EUR", "6.336,00\N{NO-BREAK SPACE}€"),
        ("de", "USD", "6.336,00\N{NO-BREAK SPACE}US$"),
        ("de", "CHF", "6.336,00\N{NO-BREAK SPACE}CHF"),
        ("id", "EUR", "€6.336,00"),
        ("id", "IDR", "Rp\N{NO-BREAK SPACE}6.336,00"),
        ("en", "EUR", "€6,336.00"),
    ],
)
def test_each_language_writes_amounts_its_way(code: str, currency: str, words: str) -> None:
    with speaking(code):
        assert money(633_600, currency) == words
        assert money_tag(633_600, currency) == f'<span class="money">{words}</span>'


def test_sizes_have_the_languages_point() -> None:
    with speaking("de"):
        assert file_size(2_400_000) == "2,4 MB"


@pytest.mark.parametrize(
    ("code", "whole", "parts"),
    [("en", "96%", "12.5%"), ("de", "96\N{NO-BREAK SPACE}%", "12,5\N{NO-BREAK SPACE}%"),
     ("id", "96%", "12,5%")],
)  # fmt: skip
def test_each_language_writes_per_cent_its_way(code: str, whole: str, parts: str) -> None:
    with speaking(code):
        assert percent(96) == whole
        assert number("12.5", FieldKind.PERCENT) == parts
