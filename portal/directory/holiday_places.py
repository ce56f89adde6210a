"""Countries and their parts for which the `holidays` library knows public holidays, by name."""

from functools import cache

import holidays
from holidays.registry import COUNTRIES

_SMALL = {"And", "Of", "The"}


@cache
def countries() -> dict[str, str]:
    """Names by ISO 3166-1 code, in the order of names."""
    names = {codes[1]: _named(module) for module, codes in COUNTRIES.items()}
    return dict(sorted(names.items(), key=lambda each: each[1]))


@cache
def parts_of(country: str) -> dict[str, str]:
    """The parts of a country that have holidays of their own: names by code, in their order."""
    if country not in countries():
        return {}
    known = holidays.country_holidays(country)
    names: dict[str, str] = {}
    for name, code in getattr(known, "subdivisions_aliases", {}).items():
        names.setdefault(code, name)
    found = {code: names.get(code, code) for code in known.subdivisions}
    return dict(sorted(found.items(), key=lambda each: each[1]))


def _named(module: str) -> str:
    words = module.replace("_", " ").title().split()
    return " ".join(word.lower() if word in _SMALL else word for word in words)
