"""Money and file sizes. Amounts are integers in the currency's minor unit."""

from decimal import Decimal
from functools import lru_cache

from portal.domain.money import decimals
from portal.translation import ngettext

# A sign only where it means one currency: a bare "$" could be any of twenty.
_SIGNS = {"EUR": "€", "GBP": "£", "USD": "US$", "JPY": "JP¥", "INR": "₹", "KRW": "₩", "ILS": "₪"}
_NO_BREAK = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_KILO = 1000
_MEGA = _KILO * _KILO


def major(minor: int, currency: str) -> Decimal:
    """The amount in whole units: 633600 EUR cents are 6336.00."""
    return Decimal(minor).scaleb(-decimals(currency))


@lru_cache(maxsize=4096)
def money(minor: int, currency: str) -> str:
    """`€6,336.00`, `US$1,250.00`, `JP¥9,800`, `CHF 80.00`: never without the currency."""
    code = currency.upper()
    sign = _SIGNS.get(code) or f"{code}{_NO_BREAK}"
    figures = f"{major(abs(minor), code):,.{decimals(code)}f}"
    return f"{_MINUS if minor < 0 else ''}{sign}{figures}"


def file_size(size: int) -> str:
    """`812 bytes`, `184 kB`, `2.4 MB`: in powers of ten, as file managers count."""
    if size < _KILO:
        return ngettext("%(n)s byte", "%(n)s bytes", size)
    if size < _MEGA - _KILO // 2:
        return f"{size / _KILO:.0f} kB"
    if size < _MEGA * _KILO:
        return f"{size / _MEGA:.1f} MB"
    return f"{size / (_MEGA * _KILO):.1f} GB"
