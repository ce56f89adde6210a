"""Money and file sizes. Amounts are integers in the currency's minor unit."""

import re
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_decimal, parse_pattern

from portal.domain.money import decimals
from portal.translation import SOURCE, current, language, ngettext

# A sign only where it means one currency: a bare "$" could be any of twenty.
_SIGNS = {"EUR": "€", "GBP": "£", "USD": "US$", "JPY": "JP¥", "INR": "₹", "KRW": "₩", "ILS": "₪"}
# Beside them, what a language calls its own.
_OWN_SIGNS = {("id", "IDR"): "Rp"}
_NO_BREAK = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_PLACE = "\N{OBJECT REPLACEMENT CHARACTER}"
_KILO = 1000
_MEGA = _KILO * _KILO


def major(minor: int, currency: str) -> Decimal:
    """The amount in whole units: 633600 EUR cents are 6336.00."""
    return Decimal(minor).scaleb(-decimals(currency))


def money(minor: int, currency: str) -> str:
    """`€6,336.00`, `US$1,250.00`, `JP¥9,800`, `CHF 80.00`, in German `6.336,00 €`: never without
    the currency, by the same sign in every language."""
    return _in_language(minor, currency.upper(), current().code)


@lru_cache(maxsize=4096)
def _in_language(minor: int, code: str, spoken: str) -> str:
    locale, digits = language(spoken).locale, decimals(code)
    if locale.language == SOURCE:
        sign = _SIGNS.get(code) or f"{code}{_NO_BREAK}"
        return f"{_MINUS if minor < 0 else ''}{sign}{major(abs(minor), code):,.{digits}f}"
    pattern = locale.currency_formats["standard"]
    pattern = parse_pattern(pattern.pattern.replace("\N{CURRENCY SIGN}", f"'{_PLACE}'"))
    pattern.frac_prec = (digits, digits)
    written = pattern.apply(major(minor, code), locale)
    sign = _OWN_SIGNS.get((locale.language, code)) or _SIGNS.get(code) or code
    # A word never touches a figure.
    words = re.sub(rf"(?<=\d){_PLACE}|{_PLACE}(?=\d)", lambda hit: _apart(hit, sign), written)
    return words.replace(_PLACE, sign)


def _apart(hit: re.Match[str], sign: str) -> str:
    if not sign.isalpha():
        return sign
    is_first = hit.string[hit.end() : hit.end() + 1].isdigit()
    return f"{sign}{_NO_BREAK}" if is_first else f"{_NO_BREAK}{sign}"


def number(value: float, digits: int = 0) -> str:
    """`12,345` or, with one digit, `2.4`, in German `2,4`."""
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return format_decimal(value, pattern, current().locale)


def file_size(size: int) -> str:
    """`812 bytes`, `184 kB`, `2.4 MB`: in powers of ten, as file managers count."""
    if size < _KILO:
        return ngettext("%(n)s byte", "%(n)s bytes", size)
    if size < _MEGA - _KILO // 2:
        return f"{number(round(size / _KILO))} kB"
    if size < _MEGA * _KILO:
        return f"{number(size / _MEGA, 1)} MB"
    return f"{number(size / (_MEGA * _KILO), 1)} GB"
