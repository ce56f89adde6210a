"""What acts say of what was changed, in words: names of fields, values, and what is empty."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.domain.policy.types import is_id
from portal.domain.proof.acts import ActKind
from portal.presentation import times
from portal.presentation.labels import words_of
from portal.presenters import channels, people, types
from portal.presenters.organisation import PARTS
from portal.translation import _, lazy, ngettext

LONGEST = 200
# What the codes of acts do not say by themselves; those of the organisation stand with its pages.
FIELDS: dict[str, str] = {
    "account": lazy("Account mark"),
    "added": lazy("Added"),
    "all_but": lazy("All sessions but"),
    "authenticator": lazy("Authenticator apps"),
    "by": lazy("By"),
    "certificate": lazy("Certificate"),
    "challenges": lazy("Sign-ins under way"),
    "code": lazy("Code"),
    "delivered_again_since": lazy("Delivered again since"),
    "department": lazy("Department"),
    "email": lazy("Email"),
    "employee_no": lazy("Employee number"),
    "expires_at": lazy("Expires"),
    "files": lazy("Files"),
    "files_days": lazy("Days that files are kept"),
    "filters": lazy("Filters"),
    "group": lazy("Group"),
    "head": lazy("Head"),
    "hold": lazy("Legal hold"),
    "instead_of": lazy("Instead of"),
    "is_active": lazy("Active"),
    "is_full": lazy("With all details"),
    "is_on": lazy("Switched on"),
    "job_title": lazy("Job title"),
    "label": lazy("Called"),
    "lifted": lazy("Lifted"),
    "lifted_because": lazy("Lifted because"),
    "made": lazy("Created"),
    "manager": lazy("Manager"),
    "modules": lazy("Only these modules"),
    "month": lazy("Month"),
    "monthly_mails": lazy("Emails with figures"),
    "next_leaf": lazy("Goes on at leaf"),
    "number": lazy("Number"),
    "of": lazy("Of"),
    "owner": lazy("Owner"),
    "pack": lazy("Evidence pack"),
    "part": lazy("Part"),
    "parts": lazy("Parts"),
    "password_links": lazy("Password links"),
    "personal_data": lazy("Personal data"),
    "place_after": lazy("Location after"),
    "place_before": lazy("Location before"),
    "preferences": lazy("Notification settings"),
    "provided_record": lazy("Record of the identity provider"),
    "provider_accounts": lazy("Accounts at sign-in providers"),
    "reason": lazy("Reason"),
    "recovery_codes": lazy("Recovery codes"),
    "removed": lazy("Removed"),
    "requests": lazy("Requests"),
    "requests_days": lazy("Days that whole requests are kept"),
    "request_types": lazy("Only these request types"),
    "retention": lazy("Retention"),
    "revoked": lazy("Revoked"),
    "roles": lazy("Roles"),
    "root": lazy("Root"),
    "rotated": lazy("Secret rotated"),
    "saved_views": lazy("Saved views"),
    "scheme": lazy("Service"),
    "scope": lazy("On"),
    "scopes": lazy("May"),
    "shape": lazy("Format"),
    "since": lazy("From"),
    "size": lazy("Entries of the log"),
    "subject": lazy("Subject"),
    "texts": lazy("Texts"),
    "texts_days": lazy("Days that texts are kept"),
    "types": lazy("Events"),
    "unit": lazy("Kind"),
    "until": lazy("Until"),
    "url": lazy("Address"),
    "way": lazy("Because of"),
    "what": lazy("What"),
    "zone_after": lazy("Time zone after"),
    "zone_before": lazy("Time zone before"),
}
VALUES: dict[tuple[str, str], str] = {
    ("way", "retention"): lazy("the retention that is set"),
    ("way", "asked"): lazy("somebody asked for it"),
    ("scope", "request"): lazy("a request"),
    ("scope", "person"): lazy("a person"),
    ("scope", "type"): lazy("a request type"),
}
# What an act was done to, where that is a part of the portal.
SUBJECTS: dict[str, str] = {
    "approvers": lazy("Tasks without an approver"),
    "audit": lazy("Audit log"),
    "canary": lazy("Canary"),
    "cleaning": lazy("Clean-up"),
    "commands": lazy("Commands"),
    "entry": lazy("An entry of the log"),
    "history": lazy("History"),
    "messages": lazy("Messages"),
    "sealing": lazy("Sealing"),
    "streams": lazy("Audit streams"),
    "verification": lazy("Verification"),
    "webhooks": lazy("Webhooks"),
    "workflows": lazy("Workflows"),
}
CHANGES: dict[str, Mapping[str, str]] = {
    ActKind.PERSON_CHANGED: people.KINDS,
    ActKind.CHANNEL_CHANGED: channels.KINDS,
    ActKind.TYPE_CHANGED: types.DONE,
}
MOMENTS = frozenset({"until", "lifted", "expires_at", "since", "delivered_again_since"})
EMPTY: tuple[Any, ...] = (None, "", [], {})


def field(name: str) -> str:
    """What a field is called."""
    if name in FIELDS:
        return str(FIELDS[name])
    known = str(PARTS.get(name, ""))
    return known[:1].upper() + known[1:] if known else words_of(name)


def subject(code: str) -> str:
    """What an act was done to, which is no person: a part of the portal, or a number or file."""
    return str(SUBJECTS.get(code, code))


def change(kind: str, code: str) -> str:
    """What was changed, by the code that an act of this kind keeps."""
    known = str(CHANGES.get(kind, {}).get(code, ""))
    return words_of(code) if not known or "%(" in known else known


def value(name: str, given: Any, names: Mapping[str, str]) -> str:
    """What a field says; what is empty says so. `names`: of people, by id."""
    said = _said(name, given, names)
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}…"


def side(name: str, given: Any, names: Mapping[str, str]) -> str | None:
    """What a field said before or after; None where it was empty."""
    return None if given in EMPTY else value(name, given, names)


def _said(name: str, given: Any, names: Mapping[str, str]) -> str:
    if given in EMPTY:
        return _("none")
    if isinstance(given, dict):
        parts = (f"{field(each)}: {value(each, of, names)}" for each, of in given.items())
        return ", ".join(parts)
    if isinstance(given, list):
        if all(isinstance(each, dict) for each in given):
            return ngettext("%(n)s entry", "%(n)s entries", len(given))
        return ", ".join(value(name, each, names) for each in given)
    if isinstance(given, bool):
        return _("yes") if given else _("no")
    return _one(name, str(given), names)


def _one(name: str, given: str, names: Mapping[str, str]) -> str:
    if (name, given) in VALUES:
        return str(VALUES[name, given])
    if name in MOMENTS and (at := _moment(given)) is not None:
        return at
    return names.get(given, given)


def _moment(given: str) -> str | None:
    """A moment for people, in UTC; None for what is none."""
    if is_id(given) or not given[:4].isdecimal():
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        return None
    return None if at.tzinfo is None else times.exact(at, times.utc_viewpoint().zone)
