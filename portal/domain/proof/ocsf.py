"""Entries of the log as events of OCSF 1.3, which security tools read: sign-ins as Authentication,
changes to people as Account Change, everything else as API Activity. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.domain.proof.acts import ActKind

VERSION = "1.3.0"
PRODUCT = {"name": "Gloria Approvals", "vendor_name": "Gloria"}
IAM, APPLICATION = 3, 6
ACCOUNT_CHANGE, AUTHENTICATION, API_ACTIVITY = 3001, 3002, 6003
CREATE, READ, UPDATE = 1, 2, 3
SIGN_IN, SIGN_OUT = 1, 2
OTHER = 99
INFORMATIONAL, MEDIUM = 1, 3
SUCCESS, FAILURE = 1, 2
UNKNOWN = "unknown"
# The class of each kind, its activity, and whether it went well; any other is an update by an
# event of a request or by an act.
CLASSES: dict[str, tuple[int, int, int]] = {
    ActKind.SIGNED_IN: (AUTHENTICATION, SIGN_IN, SUCCESS),
    ActKind.SIGN_IN_FAILED: (AUTHENTICATION, SIGN_IN, FAILURE),
    ActKind.SIGNED_OUT: (AUTHENTICATION, SIGN_OUT, SUCCESS),
    ActKind.PERSON_CHANGED: (ACCOUNT_CHANGE, OTHER, SUCCESS),
    ActKind.REFUSED: (API_ACTIVITY, OTHER, FAILURE),
    ActKind.LIMITED: (API_ACTIVITY, OTHER, FAILURE),
    ActKind.EXPORTED: (API_ACTIVITY, READ, SUCCESS),
    ActKind.AUDIT_VIEWED: (API_ACTIVITY, READ, SUCCESS),
    "request:submitted": (API_ACTIVITY, CREATE, SUCCESS),
}


def went_well(kind: str) -> bool:
    """Whether an entry of that kind says that something was done, not that it was refused."""
    return CLASSES.get(kind, (0, 0, SUCCESS))[2] == SUCCESS


def as_ocsf(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry, as `portal.domain.proof.documents` has it, as an event of OCSF. All that has no
    place there stands in `unmapped`."""
    kind = str(entry["kind"])
    class_uid, activity, status = CLASSES.get(kind, (API_ACTIVITY, UPDATE, SUCCESS))
    who = entry.get("actor") or UNKNOWN
    event: dict[str, Any] = {
        "category_uid": APPLICATION if class_uid == API_ACTIVITY else IAM,
        "class_uid": class_uid,
        "activity_id": activity,
        "type_uid": class_uid * 100 + activity,
        "severity_id": INFORMATIONAL if status == SUCCESS else MEDIUM,
        "status_id": status,
        "metadata": {
            "version": VERSION, "uid": str(entry["leaf"]), "sequence": entry["leaf"],
            "event_code": kind, "product": PRODUCT,
        },
        "actor": {"user": {"uid": who}},
        "unmapped": dict(entry),
    }  # fmt: skip
    if "at" in entry:
        event["time"] = round(datetime.fromisoformat(entry["at"]).timestamp() * 1000)
    if activity == OTHER:
        event["activity_name"] = kind
    if class_uid == API_ACTIVITY:
        about = entry.get("request_id") or entry.get("subject") or entry["leaf"]
        event["api"] = {"operation": kind, "service": {"name": PRODUCT["name"]}}
        event["resources"] = [{"uid": str(about)}]
    else:
        event["user"] = {"uid": entry.get("subject") or who}
    if class_uid == AUTHENTICATION:
        event["service"] = {"name": PRODUCT["name"]}
    if entry.get("session_id"):
        event["actor"]["session"] = {"uid": entry["session_id"]}
    address = entry.get("address")
    event["src_endpoint"] = {"ip": address} if address else {"name": PRODUCT["name"]}
    return event
