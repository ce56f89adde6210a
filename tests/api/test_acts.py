"""What programs do with a request that is there, and what they find of it."""

import io
import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from portal.extensions import db
from portal.models.columns import new_id
from portal.services import attachments
from portal.services.file_store import store_of
from tests.api.conftest import MakeProgram
from tests.api.programs import Program, wanted
from tests.asking import PDF, POLICY, insert_type
from tests.in_process import InProcess
from tests.web import People


def started(service: Program, person: str, **changes: object) -> str:
    answer = service.post("/approvals", wanted(person, **changes), None)
    assert answer.status_code == 201
    return str(answer.get_json()["workflowId"])


def problem(answer: object) -> str:
    return str(answer.get_json()["type"]).rpartition("/")[2]  # type: ignore[attr-defined]


def test_a_key_is_one_command_and_stands_for_one_thing(
    service: Program, people: People, process: InProcess
) -> None:
    place = f"/approvals/{started(service, people.ana)}"
    key, said = "9f1ac0a2-5a42-4f0e-8a37-7a4d0f3f9b11", {"comment": "Hm.", "userId": people.ana}
    first = service.post(f"{place}/comments", said, key)
    again = service.post(f"{place}/comments", said, key)
    assert (first.status_code, again.get_json()) == (200, first.get_json())
    other = service.post(f"{place}/comments", {**said, "comment": "Oh."}, key)
    assert (other.status_code, problem(other)) == (422, "idempotency-key-used")
    without = service.post(f"{place}/comments", said, None)
    assert (without.status_code, problem(without)) == (422, "idempotency-key-missing")
    kinds = [each["kind"] for each in service.get(f"{place}/events").get_json()["items"]]
    assert kinds.count("CommentAdded") == 1
    assert service.get(f"/commands/{key}").get_json()["outcome"] == "applied"


def test_a_service_acts_only_for_whoever_may(service: Program, people: People) -> None:
    place = f"/approvals/{started(service, people.ana)}"
    words = {"comment": "Mine."}
    assert service.post(f"{place}/withdraw", words).status_code == 422  # in whose name?
    stranger = service.post(f"{place}/comments", {**words, "userId": people.eve})
    assert (stranger.status_code, problem(stranger)) == (403, "forbidden")
    approver = service.post(f"{place}/withdraw", {**words, "userId": people.ben})
    assert approver.status_code == 403
    member = service.post(f"{place}/cancel", {"reason": "Why not.", "userId": people.ana})
    assert (member.status_code, problem(member)) == (403, "not-allowed")
    admin = service.post(f"{place}/cancel", {"reason": "Why not.", "userId": people.adam})
    assert admin.status_code == 200
    late = service.post(f"{place}/withdraw", {**words, "userId": people.ana})
    assert (late.status_code, problem(late)) == (409, "closed")


def test_a_person_decides_where_the_type_lets_programs_decide(
    service: Program, make_program: MakeProgram, people: People, app: Flask
) -> None:
    with app.app_context():
        insert_type("lamps", replace(POLICY, decide_by_token=True))
        db.session.commit()
    started(service, people.ana)
    ben, eve = make_program("ben"), make_program("eve")
    (task,) = ben.get("/tasks").get_json()["items"]
    vote = {"decision": "approve", "contentVersion": 1}
    off = ben.post(f"/tasks/{task['id']}/decision", vote)
    assert (off.status_code, problem(off)) == (403, "deciding-by-token")
    workflow_id = started(service, people.ana, requestId="PO-2", requestType="lamps")
    (task,) = (each for each in ben.get("/tasks").get_json()["items"] if each["id"] != task["id"])
    place = f"/tasks/{task['id']}/decision"
    assert eve.post(place, vote).status_code == 404
    assert service.post(place, vote).status_code == 403
    old = ben.post(place, {**vote, "contentVersion": 7})
    assert (old.status_code, problem(old)) == (409, "stale")
    assert ben.post(place, vote).status_code == 200
    (decided,) = ben.get(f"/approvals/{workflow_id}").get_json()["tasks"]
    assert (decided["decision"], decided["decidedBy"]) == ("approve", "Ben Example")


@pytest.fixture
def place(service: Program, people: People, app: Flask) -> str:
    """The address of a request that programs may decide."""
    with app.app_context():
        insert_type("lamps", replace(POLICY, decide_by_token=True))
        db.session.commit()
    return f"/approvals/{started(service, people.ana, requestType='lamps')}"


def upload(
    program: Program, place: str, name: str, key: str | None, who: str = "", data: bytes = PDF
) -> TestResponse:
    given = {"Idempotency-Key": key} if key else {}
    asked = urlencode({"name": name, **({"userId": who} if who else {})})
    return program.send_bytes(f"{place}/files?{asked}", data, "application/octet-stream", **given)


def files_of(program: Program, place: str) -> list[str]:
    return [each["name"] for each in program.get(f"{place}/files").get_json()["items"]]


def test_a_comment_takes_its_files_along(
    service: Program, make_program: MakeProgram, people: People, place: str
) -> None:
    key = new_id()
    first, again = (upload(service, place, "offer.pdf", key, people.ana) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.get_json() == first.get_json()
    wrong = {
        422: (upload(service, place, "offer.pdf", None, people.ana), "idempotency-key-missing"),
        403: (upload(service, place, "offer.pdf", new_id(), people.eve), "forbidden"),
        404: (upload(make_program("eve"), place, "offer.pdf", new_id()), "not-found"),
    }
    assert {problem(said) for said, _ in wrong.values()} == {kind for _, kind in wrong.values()}
    assert {said.status_code for said, _ in wrong.values()} == set(wrong)
    assert problem(upload(service, place, "offer.exe", key, people.ana)) == "invalid"
    assert files_of(service, place) == []  # nothing is shown before its comment
    said = {"comment": "Here.", "userId": people.ana}
    for _press in range(2):
        assert service.post(f"{place}/comments", said, key).status_code == 200
    assert files_of(service, place) == ["offer.pdf"]
    assert upload(service, place, "offer.pdf", key, people.ana).get_json() == first.get_json()
    late = upload(service, place, "late.pdf", key, people.ana, PDF + b" late")
    assert problem(late) == "idempotency-key-used"
    with service.get(f"{place}/files/{first.get_json()['id']}") as fetched:
        assert fetched.data == PDF


def test_a_decision_takes_its_files_along(
    service: Program, make_program: MakeProgram, place: str
) -> None:
    ben, key = make_program("ben"), new_id()
    assert upload(ben, place, "terms.pdf", key, data=PDF + b" terms").status_code == 201
    (task,) = ben.get("/tasks").get_json()["items"]
    vote = {"decision": "approve", "contentVersion": 1}
    assert ben.post(f"/tasks/{task['id']}/decision", vote, key).status_code == 200
    assert files_of(service, place) == ["terms.pdf"]


def test_lists_go_on_where_they_ended(
    service: Program, make_program: MakeProgram, people: People
) -> None:
    ids = [started(service, people.ana, requestId=f"PO-{number}") for number in range(3)]
    seen, cursor = [], ""
    while cursor is not None:
        page = service.get(f"/approvals?limit=2{cursor and '&cursor='}{cursor}").get_json()
        seen += [each["workflowId"] for each in page["items"]]
        cursor = page["next"]
    assert seen == ids[::-1]
    (one,) = service.get("/approvals?requestId=PO-1").get_json()["items"]
    assert one["workflowId"] == ids[1]
    assert service.get("/approvals?status=APPROVED").get_json()["items"] == []
    assert len(service.get("/approvals?status=STARTED&module=PURCHASE").get_json()["items"]) == 3
    assert make_program("eve").get("/approvals").get_json()["items"] == []
    assert len(make_program("olga").get("/approvals").get_json()["items"]) == 3
    for wrong in ("limit=0", "limit=x", "cursor=x", "status=OPEN", "colour=red"):
        assert service.get(f"/approvals?{wrong}").status_code == 422, wrong


def test_addresses_of_mail_are_for_services_and_who_keeps_people(
    service: Program, make_program: MakeProgram, people: People
) -> None:
    found = service.get("/people?q=ben").get_json()["items"]
    assert [(each["name"], each["email"]) for each in found] == [("Ben Example", "ben@example.org")]
    (ben,) = make_program("ana").get("/people?q=ben").get_json()["items"]
    assert (ben["id"], ben["email"]) == (people.ben, None)
    first = service.get("/people?limit=2").get_json()
    second = service.get(f"/people?limit=2&cursor={first['next']}").get_json()["items"]
    names = [each["name"] for each in first["items"] + second]
    assert names == ["Adam Example", "Ana Example", "Ben Example", "Carl Example"]
    form = service.get("/request-types/chairs").get_json()
    assert [field["name"] for field in form["fields"]] == ["amount", "reason", "offers"]
    assert service.get("/request-types/nothing").status_code == 404


def test_nasty_input_gets_a_problem(service: Program, people: People, app: Flask) -> None:
    good = wanted(people.ana)
    for body in (
        {**good, "title": "a\x00b"}, {**good, "metadata": {"a": ["\x00"]}},
        {**good, "fields": {"amount": int("9" * 400), "reason": "x"}},
        {**good, "fields": {"amount": "NaN", "reason": "x"}}, {**good, "createdBy": people.eve},
        {**good, "priority": "high"}, {**good, "module": ""}, {**good, "dueAt": "2020-01-01"},
        {**good, "dueAt": "2020-01-01T00:00:00Z"}, {**good, "requestId": "a b"}, [], "x",
    ):  # fmt: skip
        assert service.post("/approvals", body, None).status_code == 422, body
    client, headers = app.test_client(), {"Authorization": f"Bearer {service.secret}"}
    for data, kind, status in (
        (b"{", "application/json", 400), (b"[" * 100_000, "application/json", 400),
        (b'{"title": "\xff"}', "application/json", 400), (b"a=b", "text/plain", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415), (b"", "application/json", 400),
        (json.dumps({"title": "x" * 600_000}).encode(), "application/json", 413),
    ):  # fmt: skip
        answer = client.post("/api/v1/approvals", data=data, content_type=kind, headers=headers)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), kind
    assert client.delete("/api/v1/approvals", headers=headers).get_json()["status"] == 405
    assert client.get("/api/v1/nothing", headers=headers).get_json()["status"] == 404


def test_files_are_listed_and_downloaded_by_whoever_reads_the_request(
    service: Program, make_program: MakeProgram, people: People, app: Flask
) -> None:
    place = f"/approvals/{started(service, people.ana)}/files"
    assert service.get(place).get_json() == {"items": [], "next": None}
    form, request_id = new_id(), place.split("/")[2].removeprefix("approval-")
    with app.app_context():
        store = attachments.Store(files=store_of(app.config["SETTINGS"]), most=9, largest=99_999)
        file = attachments.Upload("offers", "Offer \u00fc.pdf", io.BytesIO(PDF))
        assert attachments.keep(store, form, people.ana, [file]) == []
        attached = "UPDATE portal.attachments SET request_id = :request WHERE form_id = :form"
        db.session.execute(text(attached), {"request": request_id, "form": form})
        db.session.commit()
    (found,) = service.get(place).get_json()["items"]
    assert (found["name"], found["size"]) == ("Offer \u00fc.pdf", len(PDF))
    answer = service.get(f"{place}/{found['id']}")
    assert (answer.data, answer.mimetype) == (PDF, "application/pdf")
    assert "attachment" in answer.headers["Content-Disposition"]
    answer.close()
    assert service.get(f"{place}/{new_id()}").status_code == 404
    assert make_program().get(f"{place}/{found['id']}").status_code == 404
    with app.app_context():
        db.session.execute(text("UPDATE portal.attachments SET sha256 = repeat('0', 64)"))
        db.session.commit()
    assert service.get(f"{place}/{found['id']}").status_code == 409
