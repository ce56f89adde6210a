"""The audit log: all entries in one order, filtered, one of them, and as files."""

import csv
import io
import json
import re
from dataclasses import replace
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest
from flask import Flask
from pypdf import PdfReader

from portal.background import sealing
from portal.config import Settings
from portal.domain.request.state import Approval
from portal.presenters import audit_exports
from portal.presenters.export_formats import FORMATS
from portal.proof import beginning
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER
from tests.web import People

HERE = "/audit"
ENTRY = re.compile(r"/audit/[0-9a-f-]{36}/\d+$")


@pytest.fixture
def olga(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.olga)
    return client


@pytest.fixture
def sealed(olga: PageClient, app: Flask) -> PageClient:
    """An auditor, of a record that is in a log."""
    seal(app, first=True)
    return olga


def seal(app: Flask, *, first: bool = False) -> None:
    settings: Settings = app.config["SETTINGS"]
    with sealing.sealers(settings) as engine:
        if first:
            beginning.begin(engine, settings.audit_log_dir, settings.audit_key_file)
        sealing.seal_now(engine, settings)


def leaves(client: PageClient, query: str = "") -> list[int]:
    answer = client.get(f"/audit.ndjson?{query}")
    assert answer.status_code == 200
    return [json.loads(line)["leaf"] for line in answer.text.splitlines()]


def test_before_a_log_was_begun_everything_is_there_and_nothing_sealed(olga: PageClient) -> None:
    page = olga.get_page(HERE)
    for words in ("No log of the record was begun yet", "Submitted the request", "Ana Example",
                  "Signed in", "not sealed yet", f"/requests/{NUMBER}"):  # fmt: skip
        assert words in page.text or words in page.links
    assert olga.get("/audit.csv").status_code == 409


def test_what_is_not_sealed_stands_above_what_is(
    sealed: PageClient, app: Flask, asked: Approval
) -> None:
    sealed.get_page("/history?text=oak")  # a look, which is an act
    text = sealed.get_page(HERE).text
    assert text.index("not sealed yet") < text.index("sealed 2")
    assert "Viewed the audit log" in text
    before = leaves(sealed)
    assert before == list(range(len(before)))
    seal(app)
    after = leaves(sealed)
    assert after == list(range(len(after)))
    assert len(after) > len(before)


@pytest.mark.usefixtures("asked")
def test_filters_each_find_and_can_be_removed(sealed: PageClient, people: People) -> None:
    everything = len(leaves(sealed))
    for query, finds in {
        "kind=request:submitted": True, "kind=log_begun": True, "kind=held": False,
        "who=ana": True, f"who={people.ana}": True, "who=system": True, "who=nobody": False,
        "for=ana": False, f"request={NUMBER}": True, "request=XX-1": False, "type=chairs": True,
        "text=chair": True, "text=zeppelin": False, "from=2020-01-01": True, "to=2020-01-01": False,
        f"who=ana&kind=request:submitted&type=chairs&request={NUMBER}&text=chair": True,
    }.items():  # fmt: skip
        found = leaves(sealed, query)
        assert bool(found) is finds, query
        assert query == "from=2020-01-01" or len(found) < everything, query
        page = sealed.get_page(f"{HERE}?{query}")
        assert ("No entries match" in page.text) is not finds, query
    page = sealed.get_page(f"{HERE}?who=ana&kind=request:submitted")
    assert {f"{HERE}?who=ana", f"{HERE}?kind=request%3Asubmitted"} <= set(page.links)


def test_strange_addresses_are_answered(olga: PageClient) -> None:
    for query, status in {
        "from=x": 422, "kind='": 422, "type=%00": 400, "text=a": 200, "text=😀": 200,
        "request=" + "9" * 400: 422, "before=x": 200, "before=" + "9" * 400: 200,
        "after=q-1": 200, "who=" + "x" * 9000: 422,
    }.items():  # fmt: skip
        assert olga.get(f"{HERE}?{query}").status_code == status, query
    assert olga.get(f"/audit/{'9' * 400}").status_code == 404


def test_pages_follow_each_other(
    sealed: PageClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.queries.audit_entries.PAGE", 2)
    page, down = sealed.get_page(HERE), []
    while True:
        down.append([each for each in page.links if ENTRY.match(each)])
        older = next((each for each in page.links if "before=" in each), None)
        if older is None:
            break
        page = sealed.get_page(older)
    flat = [each for one in down for each in one]
    assert len(flat) == len(set(flat)) >= 4
    newer = next(each for each in page.links if "after=" in each)
    up = [each for each in sealed.get_page(newer).links if ENTRY.match(each)]
    assert up == down[-2]


def test_an_entry_has_its_proof_command_and_session(
    sealed: PageClient, people: People, asked: Approval
) -> None:
    page = sealed.get_page(f"{HERE}?kind=request:submitted")
    one = sealed.get_page(next(each for each in page.links if ENTRY.match(each)))
    for words in ("Submitted the request", "The proof leads to the signed root", "Submit",
                  "gloria/event/v1", "Previous hash", "Sealed as leaf"):  # fmt: skip
        assert words in one.text
    page = sealed.get_page(f"{HERE}?kind=audit_viewed&who={people.olga}")
    one = sealed.get_page(next(each for each in page.links if ENTRY.match(each)))
    assert "Olga Example" in one.text
    assert "Session" in one.text
    assert sealed.get("/audit/0").status_code == 303


def test_files_go_on_at_a_leaf_and_are_acts(sealed: PageClient, app: Flask) -> None:
    whole = list(csv.DictReader(io.StringIO(sealed.get("/audit.csv").text.removeprefix("\ufeff"))))
    rest = sealed.get(f"/audit.csv?start={whole[2]['Leaf']}").text.removeprefix("\ufeff")
    assert list(csv.DictReader(io.StringIO(rest))) == whole[2:]
    assert [int(row["Leaf"]) for row in whole] == leaves(sealed)
    assert "Exported data" in sealed.get_page(HERE).text
    seal(app)
    said = [
        json.loads(line) for line in sealed.get("/audit.ndjson?kind=exported").text.splitlines()
    ]
    assert {"entries", "next", "whole"} <= set(said[1]["data"])
    assert said[1]["data"]["whole"] is True


def test_how_far_a_file_has_come_is_shown_and_it_goes_on(
    sealed: PageClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_exports, "AT_ONCE", 1)
    assert "No exports yet" in sealed.get_page("/audit/exports").text
    sealed.get("/audit.csv?kind=signed_in")
    assert "Whole" in sealed.get_page("/audit/exports").text
    answer = sealed.get("/audit.ndjson", buffered=False)
    pieces = answer.iter_encoded()
    first, second = (json.loads(next(pieces))["leaf"] for _piece in range(2))
    assert (first, second) == (0, 1)
    assert "Under way" in sealed.get_page("/audit/exports").text
    answer.close()  # the reader went away
    page = sealed.get_page("/audit/exports")
    assert "Broke off at" in page.text
    (again,) = (each for each in page.links if "start=" in each)
    rest = [json.loads(line)["leaf"] for line in sealed.get(again).text.splitlines()]
    assert rest[0] in (1, 2)  # what was not asked for any more counts as not written


def test_on_paper_at_most_a_thousand_entries(
    sealed: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = sealed.get("/audit.pdf?kind=request:submitted&who=ana")
    assert answer.mimetype == "application/pdf"
    (page,) = PdfReader(io.BytesIO(answer.data)).pages
    said = page.extract_text()
    for words in ("Audit log", "Submitted the request", "Ana Example", NUMBER, "Page 1 of 1"):
        assert words in said
    many = len(leaves(sealed))
    few = replace(FORMATS["pdf"], most=many - 1)
    monkeypatch.setitem(FORMATS, "pdf", few)
    assert sealed.get("/audit.pdf").status_code == 303
    assert "or take CSV, which has no limit" in sealed.get_page(HERE).text


def test_evidence_of_some_days_goes_on_from_the_pack_before(sealed: PageClient, app: Flask) -> None:
    assert sealed.get("/audit/evidence.zip").location == HERE
    assert "Filter by the first and the last day" in sealed.get_page(HERE).text
    old = sealed.get("/audit/evidence.zip?from=2001-01-01&to=2001-01-02")
    assert "Nothing was recorded" in sealed.get_page(old.location).text
    sealed.get("/audit/evidence.zip?from=2020-01-01&to=2100-01-01")
    seal(app)
    second = sealed.get("/audit/evidence.zip?from=2020-01-01&to=2100-01-01")
    with ZipFile(io.BytesIO(second.data)) as archive:
        proofs = json.loads(archive.read("proofs.json"))
        assert NUMBER in {each["number"] for each in json.loads(archive.read("requests.json"))}
    assert proofs["count"] == len(proofs["leaves"]) == proofs["size"]
    assert 0 < proofs["earlier"]["size"] < proofs["size"]


def test_a_log_that_pages_cannot_read_is_said(sealed: PageClient, app: Flask) -> None:
    found = [
        each for each in sealed.get_page(HERE).links if re.fullmatch(r"/audit/[^/]+/\d+", each)
    ]
    log = app.config["SETTINGS"].audit_log_dir
    log.rename(log.with_name("moved"))
    log.touch()
    assert sealed.get(found[0]).status_code == 200
    refused = sealed.get("/audit/evidence.zip?from=2020-01-01&to=2100-01-01")
    assert "cannot be read" in sealed.get_page(refused.location).text


def test_process_mining_has_a_case_for_each_request(sealed: PageClient, asked: Approval) -> None:
    log = ET.fromstring(sealed.get("/audit.xes").data)
    space = "{http://www.xes-standard.org/}"
    traces = log.findall(f"{space}trace")
    assert [trace.find(f"{space}string").get("value") for trace in traces] == [NUMBER]  # type: ignore[union-attr]
    assert len(traces[0].findall(f"{space}event")) == asked.seq
    told = json.loads(sealed.get("/audit.ocel.json").data)
    known = {each["id"] for each in told["objects"]}
    kinds = {each["name"] for each in told["eventTypes"]}
    assert len(told["events"]) == asked.seq
    for event in told["events"]:
        assert event["type"] in kinds
        assert {each["objectId"] for each in event["relationships"]} <= known
