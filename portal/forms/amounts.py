"""Amounts as people write them, read without knowing their country."""

import re
import unicodedata

from portal.domain.money import decimals
from portal.forms.text import LABEL
from portal.translation import _

_GROUPS = re.compile(r"[1-9]\d{0,2}(?:[.,]\d{3})+")
_LONGEST = 40


def read_amount(raw: str, currency: str) -> int:
    """Minor units of a written amount: "1,234.56", "1.234,56", "1 234,56" and "€ 12" alike.

    The last of two different separators is the decimal one. A single separator before exactly
    three digits groups thousands, for no amount has three decimals; in currencies that do have
    them a point is the decimal sign and a comma is refused as unclear. Raises ValueError with words
    in which `LABEL` stands for the field.
    """
    text = _bare(raw, currency)
    digits = decimals(currency)
    example = f"6,336.{'0' * digits}" if digits else "6,336"
    if text.startswith(("-", "\N{MINUS SIGN}")):
        raise ValueError(_("%(label)s must not be negative."))
    if not re.fullmatch(r"\d[\d.,]*", text) or len(text) > _LONGEST:
        raise ValueError(
            _("%(label)s must be a number, such as %(example)s.", label=LABEL, example=example)
        )
    whole, _sign, fraction = _split(text, digits)
    if len(fraction) > digits:
        rule = _("at most %(digits)s digits", digits=digits) if digits else _("no digits")
        raise ValueError(
            _(
                "%(label)s can have %(rule)s after the decimal point, such as %(example)s.",
                label=LABEL,
                rule=rule,
                example=example,
            )
        )
    if not whole.isdigit():
        raise ValueError(
            _(
                "%(label)s has points and commas in the wrong place. Write it like %(example)s.",
                label=LABEL,
                example=example,
            )
        )
    return int(whole + fraction.ljust(digits, "0"))


def written(minor: int, currency: str) -> str:
    """The amount as a form shows it again, without grouping: "6336.00"."""
    digits = decimals(currency)
    text = str(minor).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]}" if digits else text


def _bare(raw: str, currency: str) -> str:
    """Digits and separators only: without the currency's sign or code, spaces and apostrophes."""
    text = unicodedata.normalize("NFKC", raw[: 2 * _LONGEST]).upper()
    code = re.escape(currency.upper())
    text = re.sub(f"{code}|{code[:2]}(?=[$¥])", "", text, count=1)
    kept = (c for c in text if not c.isspace() and unicodedata.category(c) != "Sc")
    return "".join(c for c in kept if c not in "'’")


def _split(text: str, digits: int) -> tuple[str, str, str]:
    """Whole units (ungrouped), the decimal sign and the fraction; a wrong grouping stays in it."""
    last = max(text.rfind("."), text.rfind(","))
    if last < 0:
        return text, "", ""
    sign, fraction = text[last], text[last + 1 :]
    unlike = ("," if sign == "." else ".") in text
    if not unlike and (text.count(sign) > 1 or (len(fraction) == 3 and text[0] != "0")):
        if digits == 3 and text.count(sign) == 1:
            return (text[:last], sign, fraction) if sign == "." else (text, "", "")
        return _ungrouped(text), "", ""
    whole = text[:last]
    return _ungrouped(whole) if not whole.isdigit() else whole, sign, fraction


def _ungrouped(whole: str) -> str:
    """Without thousands separators, if they stand where they belong; else unchanged."""
    one_kind = not ("." in whole and "," in whole)
    return re.sub(r"[.,]", "", whole) if one_kind and _GROUPS.fullmatch(whole) else whole
