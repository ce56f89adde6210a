"""The history: the list, one request's events, and both as files."""

import csv
import io
import json
import zipfile
from dataclasses import fields
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import text

from portal.background import sealing
from portal.config import Settings
from portal.domain.policy.forms import Choice, FieldKind, FormField
from portal.domain.request.state import Approval
from portal.domain.spreadsheets import harmless
from portal.presenters import exports
from portal.proof import beginning
from portal.queries.history import Exported, HistoryApprover, HistoryRow
from portal.translation import speaking
from portal.translation.pseudo import PSEUDO, pseudo
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess, submit
from tests.pages.test_tasks import change
from tests.web import People, as_owner

EVENTS = f"/history/{NUMBER}"


@pytest.fixture
def olga(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.olga)
    return client


def test_an_auditor_sees_every_request(olga: PageClient) -> None:
    page = olga.get_page("/history")
    for words in ("A chair", NUMBER, "Ana Example", "€120.00", "Pending approval"):
        assert words in page.text


def test_a_stranger_sees_none_and_is_told_why(
    client: PageClient, people: People, asked: Approval
) -> None:
    sign_in(client, people.eve)
    assert "No requests yet" in client.get_page("/history").text
    assert NUMBER not in client.get("/history.csv").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=PENDING", True), ("status=APPROVED", False), ("type=chairs", True),
        ("person=ana", True), ("person=ben", False), ("text=chair", True), ("text=CH-1001", True),
        ("from=2020-01-01", True), ("to=2020-01-01", False), ("text=lamp", False),
    ],
)  # fmt: skip
def test_filters(olga: PageClient, query: str, found: bool) -> None:
    page = olga.get_page(f"/history?{query}")
    assert (f"/requests/{NUMBER}" in page.links) is found
    assert ("No requests match" in page.text) is not found


def test_active_filters_are_removed_one_by_one(olga: PageClient) -> None:
    page = olga.get_page("/history?status=PENDING&person=ana")
    assert "Status: Pending approval" in page.text
    assert "/history?person=ana" in page.links
    assert "/history?status=PENDING" in page.links


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=2026-02-31", 422), ("to=x", 422), ("status=NONSENSE", 422), ("type='", 422),
        ("before=x", 200), ("after=1.x", 200), ("before=" + "9" * 300 + ".x", 200),
        ("text='; --", 200), ("text=" + "x" * 4000, 422), ("person=%25", 200),
        ("from=9999-12-31&to=0001-01-01", 422), ("sort=drop", 200),
    ],
)  # fmt: skip
def test_odd_filters_are_told(olga: PageClient, query: str, status: int) -> None:
    assert olga.get(f"/history?{query}").status_code == status


def test_the_list_as_a_file(
    olga: PageClient, process: InProcess, people: People, kind: dict[str, str]
) -> None:
    process.give(submit(kind, people, number="CH-1002", title='=HYPERLINK("x")'))
    answer = olga.get("/history.csv?type=chairs")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    titles = {row["Number"]: row["Title"] for row in rows}
    assert titles == {NUMBER: "A chair", "CH-1002": '\'=HYPERLINK("x")'}
    assert {row["Amount"] for row in rows} == {"120.00"}
    assert all(row["Submitted"][-6] == "+" for row in rows)


def test_the_file_says_what_pages_say_with_forms_and_decisions(
    app: Flask, olga: PageClient, people: People, process: InProcess, asked: Approval
) -> None:
    ben = PageClient(app)
    sign_in(ben, people.ben)
    ben.post_form(ben.get_page(f"/requests/{NUMBER}"), "/tasks/", decision="approve")
    process.pass_time(asked.request_id, minutes=5)
    (row,) = csv.DictReader(io.StringIO(olga.get("/history.csv").text.removeprefix("\ufeff")))
    assert row["Status"] == "Approved"
    assert row["Type"] == "Chairs"
    assert (row["Status code"], row["Type code"]) == ("APPROVED", "chairs")
    assert row["Reason"] == "The old one broke."
    assert row["Approvers"] == "Ben Example (Line manager)"
    assert row["Decisions"].startswith("Ben Example (Line manager): Approved 20")
    assert row["Decisions"][-6] in "+-"


def exported(form: tuple[FormField, ...], values: dict[str, Any], **row: Any) -> Exported:
    columns: dict[str, Any] = {each.name: None for each in fields(HistoryRow)}
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    columns |= {"number": "X-1", "title": "T", "type_name": "T", "requester_name": "A"}
    columns |= {"status": "RETURNED", "submitted_at": now, **row}
    asked = (HistoryApprover("=cmd", "Eve", "Stage", "DECIDED", "SEND_BACK", now),)
    return Exported(row=HistoryRow(**columns), form=form, values=values, asked=asked)


def test_each_label_has_a_column_and_no_value_is_a_formula() -> None:
    options = (Choice(value="x", label="=X"),)
    one = (
        FormField(name="a", label="Kind", kind=FieldKind.CHOICE, choices=options),
        FormField(name="b", label="=Evil"),
        FormField(name="c", label="Extra", kind=FieldKind.MONEY, currency="JPY"),
        FormField(name="d", label="Extra", kind=FieldKind.INTEGER),
    )  # fmt: skip
    other = (
        FormField(name="z", label="Kind"),
        FormField(name="y", label="Day", kind=FieldKind.DATE),
    )
    rows = (
        exported(one, {"a": "x", "b": "@SUM(1)", "c": 1500, "d": -3}),
        exported(other, {"z": "+1", "y": "2026-12-24"}),
    )
    lines = list(csv.reader(io.StringIO(exports.as_csv(rows, ZoneInfo("UTC")))))
    assert lines[0][len(exports.COLUMNS) :] == [
        "Kind", "'=Evil", "Extra", "Extra", "Day", "Kind, code",
    ]  # fmt: skip
    assert lines[1][-6:] == ["'=X", "'@SUM(1)", "1500", "-3", "", "x"]
    assert lines[2][-6:] == ["'+1", "", "", "", "2026-12-24", ""]
    assert lines[1][10:12] == [
        "'=cmd for Eve (Stage)", "'=cmd for Eve (Stage): Returned 2026-11-30T12:00:00+00:00",
    ]  # fmt: skip


def test_headings_and_statuses_are_in_the_readers_language() -> None:
    with speaking(PSEUDO):
        lines = list(csv.reader(io.StringIO(exports.as_csv((exported((), {}),), ZoneInfo("UTC")))))
    assert lines[0][1] == pseudo("Title")
    assert lines[1][6] == pseudo("Returned")


@pytest.mark.parametrize(
    "start",
    ["=", "+", "-", "@", "\t", "\r", "\x00", "＝", "  =", "\ufeff=", "\u200b+", "\xa0-", "﹦"],
)
def test_no_cell_is_a_formula(start: str) -> None:
    assert harmless(f"{start}1").startswith("'")
    for plain in ("10 = ten", "\u200bten", "", "\xa0"):
        assert harmless(plain) == plain


def test_the_events_say_who_did_what_when(olga: PageClient) -> None:
    page = olga.get_page(EVENTS)
    for words in ("Submitted the request", "request:submitted", "Ana Example", "Asked to decide",
                  "Ben Example", "Integrity verified", "CET"):  # fmt: skip
        assert words in page.text, words


def test_a_change_is_shown_before_and_after(
    olga: PageClient, process: InProcess, asked: Approval, people: People
) -> None:
    change(process, asked, people)
    page = olga.get_page(EVENTS)
    assert "The old one broke." in page.text
    assert "Better reason" in page.text
    assert "Why?" in page.text


def test_a_changed_record_is_found(olga: PageClient, app: Flask, asked: Approval) -> None:
    tamper(app, asked.request_id)
    page = olga.get_page(EVENTS)
    assert "Integrity check failed" in page.text
    assert "Event 1" in page.text


def tamper(app: Flask, request_id: str) -> None:
    """As somebody with the table's owner's rights could."""
    where = text("SELECT tableoid::regclass::text FROM portal.audit_events LIMIT 1")
    with as_owner(app) as owner:
        table = owner.execute(where).scalar_one()
        owner.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER append_only"))
        change = text(f"UPDATE {table} SET actor = 'system' WHERE request_id = :id AND seq = 1")
        owner.execute(change, {"id": request_id})


def test_the_events_as_a_file(olga: PageClient, asked: Approval) -> None:
    answer = olga.get(f"{EVENTS}.ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, asked.seq + 1))
    assert all(a["hash"] == b["prev_hash"] for a, b in pairwise(lines))


def test_nobody_else_reads_the_events(client: PageClient, people: People, asked: Approval) -> None:
    sign_in(client, people.eve)
    assert client.get(EVENTS).status_code == 404
    assert client.get(f"{EVENTS}.ndjson").status_code == 404


def test_the_evidence_pack_is_for_auditors(
    olga: PageClient, client: PageClient, app: Flask, people: People, asked: Approval
) -> None:
    address = f"{EVENTS}/evidence.zip"
    answer = olga.get(address)
    assert answer.status_code == 409
    assert "No log of the record was begun yet" in answer.text
    settings: Settings = app.config["SETTINGS"]
    with sealing.sealers(settings) as engine:
        beginning.begin(engine, settings.audit_log_dir, settings.audit_key_file)
        sealing.seal_now(engine, settings)
    answer = olga.get(address)
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert {"summary.pdf", "verify.py", "checkpoint"} <= set(archive.namelist())
    assert "Evidence pack" in olga.get_page(EVENTS).text
    settings.audit_log_dir.rename(settings.audit_log_dir.with_name("moved"))
    settings.audit_log_dir.touch()  # nothing that can be looked into, like a folder that is closed
    answer = olga.get(address)
    assert (answer.status_code, "cannot be read" in answer.text) == (409, True)
    sign_in(client, people.ana)
    assert client.get(address).status_code == 403
    assert "Evidence pack" not in client.get_page(EVENTS).text
