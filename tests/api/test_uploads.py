"""Files that a program uploads before it asks: whose they are, what is taken, and when they go."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text, update
from werkzeug.test import TestResponse

from portal.background.cleaning import clean_up
from portal.domain.codec import encode
from portal.domain.policy.forms import FieldKind, FormField
from portal.extensions import db
from portal.models import Attachment, Organisation
from portal.services.file_store import FolderStore, StoreAway
from tests.api.conftest import MakeProgram
from tests.api.programs import Program, wanted
from tests.asking import PDF, insert_type
from tests.in_process import InProcess
from tests.web import People

OCTETS = "application/octet-stream"


def query_of(owner: str, **changes: str) -> str:
    given = {"requestId": "PO-4711", "userId": owner, "field": "offers", "name": "offer.pdf"}
    return urlencode({name: value for name, value in (given | changes).items() if value})


def uploaded(
    program: Program, owner: str, data: bytes = PDF, kind: str = OCTETS, **changes: str
) -> TestResponse:
    path = f"/files?{query_of(owner, **changes)}"
    return program.send_bytes(path, data, kind)


def refused(answer: TestResponse) -> tuple[int, str, list[str]]:
    said = answer.get_json()
    assert answer.mimetype == "application/problem+json"
    pointers = [each["pointer"] for each in said.get("errors", [])]
    return answer.status_code, said["type"].rpartition("/")[2], pointers


def stored(app: Flask) -> list[Path]:
    folder = app.config["SETTINGS"].attachments_dir
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_waits_for_its_request_and_goes_with_it(
    service: Program, people: People, app: Flask
) -> None:
    first = uploaded(service, people.ana)
    said = first.get_json()
    assert (first.status_code, said["name"], said["contentType"], said["size"]) == (
        201, "offer.pdf", "application/pdf", len(PDF),
    )  # fmt: skip
    again = uploaded(service, people.ana)
    assert (again.status_code, again.get_json()) == (200, said)
    other = uploaded(service, people.ana, PDF + b" two", name="../../two.pdf").get_json()
    assert other["name"] == "two.pdf"
    waiting = query_of(people.ana, field="", name="")
    assert service.get(f"/files?{waiting}").get_json()["items"] == [said, other]
    assert service.send("DELETE", f"/files/{other['id']}?{waiting}").status_code == 204
    assert service.send("DELETE", f"/files/{other['id']}?{waiting}").status_code == 404
    # Under another person's name, or another program's, it is not there.
    assert (
        service.get(f"/files?{query_of(people.ben, field='', name='')}").get_json()["items"] == []
    )


def test_its_request_takes_it_along_and_then_it_stays(
    service: Program, people: People, app: Flask
) -> None:
    said, waiting = (
        uploaded(service, people.ana).get_json(),
        query_of(people.ana, field="", name=""),
    )
    asked = service.post("/approvals", wanted(people.ana), None)
    assert asked.status_code == 201, asked.text
    place = f"/approvals/{asked.get_json()['workflowId']}"
    (named,) = service.get(place).get_json()["fields"]["offers"]
    assert (named["id"], named["sha256"]) == (said["id"], said["sha256"])
    assert [each["id"] for each in service.get(f"{place}/files").get_json()["items"]] == [
        said["id"]
    ]
    with service.get(f"{place}/files/{said['id']}") as fetched:
        assert fetched.data == PDF
    assert [path.name for path in stored(app)] == [said["id"]]
    # The same calls again are the same file and request, which does not change any more.
    again = uploaded(service, people.ana)
    assert (again.status_code, again.get_json()) == (200, said)
    assert service.post("/approvals", wanted(people.ana), None).status_code == 200
    late = (
        uploaded(service, people.ana, PDF + b" late"),
        service.send("DELETE", f"/files/{said['id']}?{waiting}"),
    )
    assert {(each.status_code, each.get_json()["type"]) for each in late} == {
        (409, "/api/problems/request-exists")
    }
    assert len(stored(app)) == 1


def test_what_is_no_such_file_is_refused_with_its_place(service: Program, people: People) -> None:
    ana = people.ana
    for data, name in ((b"", "a.pdf"), (b"<html>", "a.pdf"), (PDF, "a.exe"), (b"MZ\0", "a.txt")):
        assert refused(uploaded(service, ana, data, name=name)) == (422, "invalid", [""])
    for given, pointer in (({"field": ""}, "?field"), ({"requestId": "a b"}, "?requestId")):
        assert refused(uploaded(service, ana, **given)) == (422, "invalid", [pointer])
    assert refused(uploaded(service, "nobody")) == (422, "invalid", ["?userId"])
    assert refused(uploaded(service, ana, name="a\0.pdf"))[0] == 400
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain", ""):
        assert refused(uploaded(service, ana, PDF, kind)) == (415, "file-expected", [])


def test_a_file_has_the_limits_of_the_page(
    service: Program, make_program: MakeProgram, people: People, app: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ana = people.ana
    # More than a call without a file may send is taken, more than a file may have is not.
    assert uploaded(service, ana, PDF + bytes(600_000)).status_code == 201
    largest = app.config["SETTINGS"].attachments_largest_mb * 1_000_000
    assert refused(uploaded(service, ana, PDF + bytes(largest)))[:2] == (413, "too-large")
    for number in range(1, app.config["SETTINGS"].attachments_most):
        assert uploaded(service, ana, name=f"{number}.pdf").status_code == 201
    assert refused(uploaded(service, ana, name="more.pdf")) == (422, "invalid", [""])
    olga = make_program("olga")
    assert refused(uploaded(olga, ana))[0] == 403

    def away(*_: Any) -> None:
        raise StoreAway("read-only")

    monkeypatch.setattr(FolderStore, "put", away)
    assert refused(uploaded(make_program("ben"), ""))[:2] == (503, "unavailable")


def test_files_of_lines_and_of_fields_that_are_not_asked(
    service: Program, people: People, app: Flask
) -> None:
    file = FormField(name="receipt", label="Receipt", kind=FieldKind.ATTACHMENTS)
    what = FormField(name="what", label="What")
    items = FormField(name="items", label="Items", kind=FieldKind.LINES, columns=(what, file))
    with app.app_context():
        insert_type("trips", form=encode((items,)))
        db.session.commit()
    body = wanted(
        people.ana, requestType="trips", fields={"items": [{"what": "Taxi"}, {"what": "Train"}]}
    )
    for field in ("items-0-receipt", "items-2-receipt", "offers"):
        assert uploaded(service, people.ana, field=field).status_code == 201
    pointers = {each["pointer"] for each in service.post("/approvals", body).get_json()["errors"]}
    assert {"/fields/items-2-receipt", "/fields/offers"} <= pointers
    waiting = query_of(people.ana, field="", name="")
    for each in service.get(f"/files?{waiting}").get_json()["items"][1:]:
        assert service.send("DELETE", f"/files/{each['id']}?{waiting}").status_code == 204
    assert uploaded(service, people.ana, field="items-1-receipt").status_code == 201
    asked = service.post("/approvals", body)
    assert asked.status_code == 201, asked.text
    said = service.get(f"/approvals/{asked.get_json()['workflowId']}").get_json()
    rows = said["fields"]["items"]["rows"]
    assert [row["receipt"][0]["name"] for row in rows] == ["offer.pdf", "offer.pdf"]


def test_the_same_upload_four_times_at_once_is_one_file(
    service: Program, people: People, app: Flask
) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: uploaded(service, people.ana), range(4)))
    assert {each.status_code for each in answers} <= {200, 201}
    with app.app_context():
        (kept,) = db.session.scalars(select(Attachment.id)).all()
    assert {kept} == {each.get_json()["id"] for each in answers}
    assert [path.name for path in stored(app)] == [kept]


def test_what_is_never_asked_for_goes_as_drafts_do(
    service: Program, people: People, app: Flask, process: InProcess
) -> None:
    uploaded(service, people.ana)
    uploaded(service, people.ana, requestId="PO-2")
    service.post("/approvals", wanted(people.ana), None)
    with app.app_context():
        db.session.execute(insert(Organisation).values(id=1, drafts_days=30))
        db.session.commit()

        def cleaned(days: int) -> int:
            since = func.now() - timedelta(days=days)
            db.session.execute(update(Attachment).values(created_at=since))
            db.session.commit()
            return clean_up(db.engine, app.config["SETTINGS"], lambda: None)["drafts_days"]

        assert [cleaned(29), cleaned(31), cleaned(31)] == [0, 1, 0]
        unsent = db.session.scalar(text("SELECT count(*) FROM portal.attachments"))
    assert unsent == len(stored(app)) == 1
