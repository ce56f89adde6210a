"""Believable data: one moment in October 2026, as Ines Okafor in Berlin sees it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from portal.presentation.parts import AuditRow, Change, Chip, Remark, Step, Tab
from portal.presentation.times import Viewpoint

NOW = datetime(2026, 10, 8, 13, 50, tzinfo=UTC)


def viewpoint() -> Viewpoint:
    """Always the same moment."""
    return Viewpoint(NOW, ZoneInfo("Europe/Berlin"))


def _ago(**length: int) -> datetime:
    return NOW - timedelta(**length)


def _task(title: str, number: str, kind: str, who: str, minor: int | None, **rest: Any) -> Any:
    defaults = {"for_name": None, "note": "", "priority": "MEDIUM", "status": "PENDING"}
    known = {"title": title, "number": number, "kind": kind, "who": who, "minor": minor}
    return SimpleNamespace(**(defaults | known | rest))


def _due(hours: float, waited: int) -> dict[str, datetime]:
    return {"due_at": NOW + timedelta(hours=hours), "since": NOW - timedelta(hours=waited)}


groups = (
    ("Overdue", (
        _task("Laptop replacement, 14 units", "PR-2041", "Purchase", "Marta Lindqvist", 2184000,
              **_due(-28, 72), note="over €10,000", priority="HIGH"),
        _task("Client workshop travel, Lisbon", "EX-0988", "Expenses", "Oluwaseun Adeyemi", 191240,
              **_due(-5, 50), for_name="Ana Ruiz"),
        _task("Production database read access, 30 days", "AC-0417", "System access",
              "Priya Raman", None, **_due(-2, 26), note="needs a reason", priority="CRITICAL"),
    )),
    ("Due today", (
        _task("Annual licence, design tool (22 seats)", "PR-2052", "Purchase", "Tom Becker",
              633600, **_due(4, 43)),
        _task("Parental leave, 1 Dec to 28 Feb", "LV-1203", "Leave", "Hana Kobayashi", None,
              **_due(4.5, 20)),
    )),
    ("Later", (
        _task("Standing desks for the Hamburg office, delivered and assembled, second batch "
              "after the spring order", "PR-2058", "Purchase", "Sofia Conti", 398000,
              **_due(50, 9)),
        _task("Conference ticket and hotel, PyCon DE", "EX-0997", "Expenses",
              "Yusuf Demir", 128800, **_due(60, 7)),
    )),
)  # fmt: skip
mine = (
    _task("Standing desk", "PR-2033", "Purchase", "Ines Okafor", 89000, status="RETURNED",
          turn="You", since=_ago(hours=3), next="Change it and submit it again"),
    _task("Annual leave, 19 to 23 Oct", "LV-1210", "Leave", "Ines Okafor", None,
          turn="Karl Nyström", since=_ago(days=1), next="Then it is approved"),
    _task("Train to Hamburg", "EX-0990", "Expenses", "Ines Okafor", 14250, status="APPROVED",
          turn="", since=_ago(days=5), next="Done 3 Oct 2026"),
    _task("New monitor", "PR-2070", "Purchase", "Ines Okafor", 32900, status="STARTING", turn="",
          since=_ago(seconds=20), next="Your manager is asked next"),
)  # fmt: skip
tabs = (
    Tab("All", "?view=all", 12, True), Tab("Assigned to me", "?view=me", 9),
    Tab("For Ana Ruiz", "?view=ana", 1), Tab("Finance", "?view=finance", 2),
)  # fmt: skip
chips = (
    Chip("Status", "Approved", "?type=purchase"), Chip("Type", "Purchase", "?status=approved"),
    Chip("From", "1 Sep 2026", "?a=1"),
)  # fmt: skip
steps = (
    Step("done", "Submitted", "Tom Becker", at=_ago(hours=43)),
    Step("done", "Line manager", "Sofia Conti approved", at=_ago(hours=38), number=1),
    Step("current", "Budget owner", number=2),
    Step("future", "Finance check", "Any 1 of 4: Nadia Haddad, Leo Park, Émile Fournier and Jo Li",
         number=3),
    Step("skipped", "Director", "Skipped: only from €50,000.00."),
)  # fmt: skip
ended = (
    *steps[:2],
    Step("failed", "Budget owner", "Ines Okafor rejected", at=_ago(hours=1), number=2),
    Step("skipped", "Finance check", "Skipped: not needed any more"),
)
remarks = (
    Remark(
        "Tom Becker", _ago(hours=28), "The vendor holds this price until 15 October.", initials="TB"
    ),
    Remark("Ines Okafor", _ago(hours=3), "Please attach the second offer.", "returned it", "IO"),
)
changes = (
    Change("Amount, net", "€6,336.00", "€5,980.00"),
    Change("Reason", None, "Renews the licence for the whole team."),
    Change("Offer", "offer-v2.pdf", "offer-v3.pdf"),
)
facts = (
    ("Supplier", "Pixelwerk GmbH"), ("Cost centre", "4410 Product Design"),
    ("Needed by", "1 Nov 2026", True),
    ("Reason", "Renews the licence for the whole design team. The price went up by 4%."),
)  # fmt: skip
files = (SimpleNamespace(name="offer-2026-pixelwerk.pdf", url="#", kind="PDF", size=184_220),)
lines = (
    ("Editor seat, 12 months", 18, "€312.00", "€5,616.00"),
    ("Viewer seat, 12 months", 4, "€180.00", "€720.00"),
)
events = (
    AuditRow(1, _ago(hours=43), "Tom Becker", "RequestSubmitted", "Submitted the request", "info",
             "paper-airplane", "Annual licence, design tool (22 seats)"),
    AuditRow(2, _ago(hours=43), "The system", "TaskAssigned", "Asked to decide", "info",
             "user-plus", "Sofia Conti: she is Tom Becker's manager", standing="policy PR"),
    AuditRow(3, _ago(hours=38), "Ines Okafor", "TaskDecided", "Sent back", "warn",
             "arrow-uturn-left", acting_for="Ana Ruiz", comment="Please attach the second offer."),
    AuditRow(4, _ago(hours=3), "Tom Becker", "RequestResubmitted", "Submitted again", "info",
             "paper-airplane", changes=changes),
    AuditRow(5, _ago(hours=1), "Ines Okafor", "CommandRefused", "Refused, nothing changed", "bad",
             "no-symbol", "Approve: late"),
)  # fmt: skip
