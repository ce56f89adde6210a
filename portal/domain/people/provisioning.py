"""People as an identity provider writes them (SCIM 2.0), and what the portal takes of that.

A provider writes more than the portal knows and in its own words, such as a name in parts or a
language with a country. What it wrote is kept as it is, so that it reads what it wrote; the fields
of a person's record follow from it here.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

Written = Mapping[str, Any]
# The attributes that are kept, by their names in SCIM, and the field that each one fills.
FIELDS: dict[str, str] = {
    "displayName": "name",
    "name": "name",
    "emails": "email",
    "title": "job_title",
    "employeeNumber": "employee_no",
    "department": "department_id",
    "manager": "manager_id",
    "timezone": "time_zone",
    "preferredLanguage": "locale",
    "locale": "locale",
    "active": "is_active",
}
WORK = "work"
_NO_CODE = re.compile(r"[^A-Za-z0-9]+")
LONGEST_STEM = 32


def merged(before: Written, shown: Written, now: Written, *, whole: bool) -> dict[str, Any]:
    """What a provider has written after it wrote `now` over `shown`; `before`: what it had.

    An attribute that it never wrote stays the portal's own, also where a whole resource leaves it
    out or a change merely repeats it; one that it takes away is null from then on.
    """
    after = dict(before)
    for name in FIELDS:
        value = now.get(name)
        if value is None:
            if name in before:
                after[name] = None
        elif whole or name in before or value != shown.get(name):
            after[name] = value
    return after


def full_name(user_name: str, written: Written) -> str:
    """How somebody is called: as it is displayed, else the name in one or in parts, else as they
    sign in there."""
    parts = written.get("name") or {}
    given_first = " ".join(filter(None, (parts.get("givenName"), parts.get("familyName"))))
    found = (written.get("displayName"), parts.get("formatted"), given_first)
    return next((each.strip() for each in found if each and each.strip()), user_name)


def address(user_name: str, written: Written) -> str | None:
    """The mail address: the primary one, else that for work, else the first; else the name by which
    they sign in there, where it is an address."""
    emails = [each for each in written.get("emails") or () if each.get("value")]
    by_kind = sorted(emails, key=lambda each: (not each.get("primary"), each.get("type") != WORK))
    if by_kind:
        return str(by_kind[0]["value"])
    return user_name if "@" in user_name else None


def language(written: Written, offered: Collection[str]) -> str | None:
    """The language of theirs that is offered: as it is written, else without its country."""
    for text in filter(None, (written.get("preferredLanguage"), written.get("locale"))):
        wanted = str(text).replace("_", "-").lower()
        for code in (wanted, wanted.partition("-")[0]):
            found = next((each for each in offered if each.lower() == code), None)
            if found is not None:
                return found
    return None


def code_for(name: str, taken: Collection[str]) -> str:
    """A code for a new group of that name, which none of `taken` is, in small letters or not."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = _NO_CODE.sub("-", plain).strip("-")[:LONGEST_STEM].rstrip("-") or "group"
    used, number, code = {each.lower() for each in taken}, 1, stem
    while code.lower() in used:
        number += 1
        code = f"{stem}-{number}"
    return code
