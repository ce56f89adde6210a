"""The old guide's two calls: asking for an approval, and where it stands."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from flask import Flask
from sqlalchemy import func, select

from portal.api.asking import inputs_of
from portal.domain.policy.forms import FieldKind, FormField
from portal.domain.policy.policy import Askers
from portal.extensions import db
from portal.models import Command, Request, RequestType
from tests.api.conftest import MakeProgram
from tests.api.programs import Program, wanted
from tests.asking import POLICY, insert_type
from tests.in_process import InProcess
from tests.web import People

FIRST = {"workflowId", "runId", "status", "requestId", "number", "url"}


def count(app: Flask, model: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_program_asks_and_reads_where_it_stands(
    service: Program, people: People, app: Flask
) -> None:
    answer = service.post("/approvals", wanted(people.ana), None)
    assert answer.status_code == 201
    started = answer.get_json()
    assert set(started) == FIRST
    assert (started["status"], started["requestId"]) == ("STARTED", "PO-4711")
    assert started["workflowId"].startswith("approval-")
    assert started["runId"] == "the-first-run"
    assert started["url"] == f"http://localhost/requests/{started['number']}"
    status = service.get(f"/approvals/{started['workflowId']}/status")
    assert status.status_code == 200
    said = status.get_json()
    assert {name: said[name] for name in ("status", "requestId", "number", "runId", "stage")} == {
        "status": "STARTED", "requestId": "PO-4711", "number": started["number"],
        "runId": started["runId"], "stage": "Line manager",
    }  # fmt: skip
    assert said["waitingOn"] == [{"id": people.ben, "name": "Ben Example"}]
    assert said["decidedAt"] is None
    with app.app_context():
        row = db.session.execute(select(Request)).scalar_one()
        assert (row.module, row.entity_type, row.entity_id) == ("PURCHASE", "ORDER", "4711")
        assert (row.amount, row.currency, row.priority) == (12_000, "EUR", "HIGH")
        assert row.meta == {"system": "erp"}
        assert db.session.scalar(select(Command.via)) == "api"


def test_one_named_approver_runs_the_simple_workflow(service: Program, people: People) -> None:
    body = wanted(
        "email:Ana@example.org", requestType=None, approverId=people.cleo,
        amount={"value": "99.50", "currency": "EUR"}, fields={"details": "Please."},
    )  # fmt: skip
    answer = service.post("/approvals", body, None)
    assert answer.status_code == 201, answer.text
    workflow_id = answer.get_json()["workflowId"]
    assert workflow_id.startswith("simple-approval-")
    said = service.get(f"/approvals/{workflow_id}").get_json()
    assert said["waitingOn"] == [{"id": people.cleo, "name": "Cleo Example"}]
    assert said["amount"] == {"value": "99.50", "currency": "EUR"}
    assert said["requester"]["id"] == people.ana


def test_the_same_again_is_the_same_request_and_another_body_is_refused(
    service: Program, people: People, app: Flask
) -> None:
    first = service.post("/approvals", wanted(people.ana), None)
    again = service.post("/approvals", wanted(people.ana), None)
    assert (again.status_code, again.get_json()) == (200, first.get_json())
    other = service.post("/approvals", wanted(people.ana, title="Two chairs"), None)
    assert other.status_code == 409
    assert other.mimetype == "application/problem+json"
    assert other.get_json()["type"] == "/api/problems/request-id-used"
    assert count(app, Request) == 1


def test_a_title_of_our_own_keeps_the_id_of_what_it_is_about(
    service: Program, people: People
) -> None:
    ids = ["7" * 100 + "-A", "7" * 199 + "B"]
    for entity_id in ids:
        body = wanted(people.ana, requestId=entity_id, title=None, entityType="O" * 99,
                      entityId=entity_id)  # fmt: skip
        answer = service.post("/approvals", body, None)
        assert answer.status_code == 201, answer.text
        title = service.get(f"/approvals/{answer.get_json()['workflowId']}").get_json()["title"]
        assert title.endswith(entity_id[-100:])


def test_eight_at_once_are_one_request(service: Program, people: People, app: Flask) -> None:
    def ask(_: int) -> tuple[int, str]:
        answer = service.post("/approvals", wanted(people.ana), None)
        return answer.status_code, answer.get_json()["number"]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(8)))
    assert len({number for _, number in answers}) == 1
    assert sum(status == 201 for status, _ in answers) == 1
    assert {status for status, _ in answers} <= {200, 201, 202}
    assert (count(app, Request), count(app, Command)) == (1, 1)


def test_while_temporal_is_silent_it_is_accepted_and_starts_later(
    service: Program, people: People, process: InProcess
) -> None:
    process.is_away = True
    answer = service.post("/approvals", wanted(people.ana), None)
    accepted = answer.get_json()
    assert (answer.status_code, accepted["status"], accepted["runId"]) == (202, "ACCEPTED", None)
    command = answer.headers["Location"].removeprefix("http://localhost").removeprefix("/api/v1")
    assert service.get(command).get_json()["outcome"] == "waiting"
    place = f"/approvals/{accepted['workflowId']}/status"
    assert service.get(place).get_json()["status"] == "ACCEPTED"
    again = service.post("/approvals", wanted(people.ana), None)
    assert (again.status_code, again.get_json()) == (202, accepted)
    process.return_and_catch_up()
    assert service.get(place).get_json()["status"] == "STARTED"
    assert service.get(command).get_json()["outcome"] == "applied"
    later = service.post("/approvals", wanted(people.ana), None)
    assert (later.status_code, later.get_json()["status"]) == (200, "STARTED")


def test_two_programs_may_use_the_same_id(
    service: Program, make_program: MakeProgram, people: People
) -> None:
    other = make_program()
    first = service.post("/approvals", wanted(people.ana), None).get_json()
    second = other.post("/approvals", wanted(people.ana), None)
    assert second.status_code == 201
    assert second.get_json()["number"] != first["number"]
    assert other.get(f"/approvals/{first['workflowId']}/status").status_code == 404


def test_every_error_is_named_with_its_place(service: Program, people: People, app: Flask) -> None:
    body = wanted(
        "email:nobody@example.org", requestType="chairs", fields={"amount": "abc", "colour": 1}
    )
    answer = service.post("/approvals", body, None)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.get_json()["errors"]] == ["/userId"]
    answer = service.post("/approvals", wanted(people.ana, fields={"amount": "abc", "x": 1}), None)
    pointers = {each["pointer"] for each in answer.get_json()["errors"]}
    assert pointers == {"/fields/amount", "/fields/reason", "/fields/x"}
    both = service.post("/approvals", wanted(people.ana, approverId=people.ben), None)
    pointers = {each["pointer"] for each in both.get_json()["errors"]}
    assert pointers == {"/approverId", "/requestType"}
    for name in ("status", "outcome", "approvedBy", "contentVersion", "number"):
        more = service.post("/approvals", wanted(people.ana, **{name: "APPROVED"}), None)
        assert (more.status_code, more.get_json()["errors"][0]["pointer"]) == (422, f"/{name}")
    own = wanted(people.ana, requestType=None, approverId=people.ana, fields=None)
    pointers = {each["pointer"] for each in service.post("/approvals", own).get_json()["errors"]}
    assert pointers == {"/approverId"}
    assert count(app, Command) == 0
    # What was refused leaves no mark: the same id is free for the right values.
    assert service.post("/approvals", wanted(people.ana), None).status_code == 201


def test_the_status_has_a_tag_that_changes_with_the_request(
    service: Program, people: People, process: InProcess
) -> None:
    workflow_id = service.post("/approvals", wanted(people.ana), None).get_json()["workflowId"]
    place = f"/approvals/{workflow_id}/status"
    tag = service.get(place).headers["ETag"]
    same = service.get(place, If_None_Match=tag)
    assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", tag)
    said = {"comment": "Withdrawn there.", "userId": people.ana}
    assert service.post(f"/approvals/{workflow_id}/withdraw", said).status_code == 200
    changed = service.get(place, If_None_Match=tag)
    assert (changed.status_code, changed.get_json()["status"]) == (200, "WITHDRAWN")
    assert changed.get_json()["decidedAt"] is not None


def test_a_person_asks_for_themselves_or_on_behalf_of_another(
    make_program: MakeProgram, people: People, kind: dict[str, str], process: InProcess
) -> None:
    ana = make_program("ana")
    own = ana.post("/approvals", wanted(people.ana), None)
    assert own.status_code == 201
    other = ana.post("/approvals", wanted(people.eve, requestId="PO-2"), None)
    said = ana.get(f"/approvals/{other.get_json()['workflowId']}").get_json()
    assert (said["requester"]["id"], said["onBehalfOf"]["id"]) == (people.ana, people.eve)


def test_who_may_not_ask_is_refused(service: Program, people: People, app: Flask) -> None:
    finance = Askers(groups=("finance",))
    with app.app_context():
        insert_type("lamps", replace(POLICY, askers=finance))
        db.session.commit()
    refused = service.post("/approvals", wanted(people.ana, requestType="lamps"), None)
    assert [each["pointer"] for each in refused.get_json()["errors"]] == ["/userId"]
    taken = service.post("/approvals", wanted(people.cleo, requestType="lamps"), None)
    assert taken.status_code == 201


def test_the_direct_type_is_made_once_and_offered_to_nobody(
    service: Program, people: People, app: Flask
) -> None:
    for number in range(2):
        body = wanted(
            people.ana, requestId=f"D{number}", requestType=None, approverId=people.ben, fields={}
        )
        assert service.post("/approvals", body, None).status_code == 201
    with app.app_context():
        types = select(RequestType.is_active).where(RequestType.code == "direct")
        assert db.session.scalars(types).all() == [False]
    codes = {each["code"] for each in service.get("/request-types").get_json()["items"]}
    assert codes == {"chairs"}


LINES = FormField(
    name="items", label="Items", kind=FieldKind.LINES, columns=(
        FormField(name="what", label="What"),
        FormField(name="new", label="New", kind=FieldKind.YES_NO),
        FormField(name="file", label="File", kind=FieldKind.ATTACHMENTS),
    ),
)  # fmt: skip


def test_values_of_every_kind_are_read_as_the_page_has_them() -> None:
    several = FormField(name="sizes", label="Sizes", kind=FieldKind.CHOICES)
    leave = FormField(name="leave", label="Leave", kind=FieldKind.DAY_RANGE)
    given = {"first": "2026-10-08", "last": "2026-10-09", "first_half": True, "last_half": False}
    assert inputs_of(several, "sizes", ["s", "l"]) == {"sizes": "s\nl"}
    assert inputs_of(leave, "leave", given) == {
        "leave-first": "2026-10-08", "leave-last": "2026-10-09", "leave-first_half": "y",
    }  # fmt: skip
    rows = [{"what": "Chair", "new": False}, {"what": "Desk"}]
    typed = {"items-rows": "0 1", "items-0-what": "Chair", "items-0-new": "no",
             "items-1-what": "Desk"}  # fmt: skip
    assert inputs_of(LINES, "items", rows) == typed
    assert inputs_of(LINES, "items", {"rows": rows}) == typed
    assert inputs_of(LINES, "items", None) == {"items-rows": ""}
    for odd in ("x", 3, [3], [{"none": "x"}], [{"file": "x"}], [{"what": {}}]):
        assert inputs_of(LINES, "items", odd) is None
    assert inputs_of(None, "x", "x") is None
