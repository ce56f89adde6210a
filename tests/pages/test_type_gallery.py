"""Every type of the gallery: taken from it by pages, published, asked for, and approved by all whom
its route asks, the rules and the record being the real ones."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from portal.domain.policy.conditions import Comparison
from portal.domain.policy.forms import TODAY, FieldKind, FormField, answerable
from portal.domain.policy.types import TypeContent
from portal.domain.request.commands import Approve
from portal.domain.request.state import Approval, Status
from portal.extensions import db
from portal.models import Group, GroupMember, Request
from portal.models.columns import new_id
from portal.services import type_files
from tests.asking import PDF, upload
from tests.clients import PageClient, sign_in
from tests.in_process import InProcess
from tests.pages.test_types import press
from tests.web import People

LIST = "/admin/types"
GROUPS = {"hr": ("carl",), "it": ("ben",), "legal": ("eve",), "management": ("dan", "eve"),
          "sales": ("carl",)}  # fmt: skip


@pytest.fixture
def groups(app: Flask, people: People) -> None:
    """Groups as the gallery calls them, beside Finance."""
    with app.app_context():
        for code, members in GROUPS.items():
            id_ = new_id()
            db.session.execute(insert(Group).values(id=id_, code=code, name=code.title()))
            rows = [{"group_id": id_, "user_id": getattr(people, each)} for each in members]
            db.session.execute(insert(GroupMember).values(rows))
        db.session.commit()


PLAIN: dict[FieldKind, Any] = {
    FieldKind.MONEY: "150,000.00",
    FieldKind.INTEGER: "4",
    FieldKind.DECIMAL: "4",
    FieldKind.PERCENT: "30",
    FieldKind.YES_NO: "no",
    FieldKind.PERSON: "Cleo Example",
    FieldKind.DEPARTMENT: "FIN",
    FieldKind.LINK: "",
}


def answers(content: TypeContent) -> dict[str, Any]:
    """What somebody fills in, by the names of inputs."""
    found: dict[str, Any] = {}
    for each in answerable(content.form):
        if each.kind is FieldKind.LINES:
            found |= {f"{each.name}-0-{c.name}": answer(c, content) for c in each.columns}
        elif each.kind is FieldKind.DAY_RANGE:
            found |= {f"{each.name}-{part}": answer(DAY, content) for part in ("first", "last")}
        else:
            found[each.name] = answer(each, content)
    return found


DAY = FormField(name="day", label="Day", kind=FieldKind.DATE)


def answer(each: FormField, content: TypeContent) -> Any:
    """What somebody fills in in one place, so that the longest route is taken."""
    rows = [row for stage in content.policy.stages if stage.when for row in stage.when.all_rows()]
    asked = [r.value for r in rows if r.field == each.name and r.comparison is Comparison.IS]
    if asked:
        return asked[0]
    if each.kind is FieldKind.DATE:
        days = -1 if each.not_after == TODAY else 10
        return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
    if each.kind is FieldKind.ATTACHMENTS:
        return upload(PDF, "file.pdf")
    if each.choices:
        return each.choices[0].value
    return PLAIN.get(each.kind, "An example")


def publish(adam: PageClient, name: str) -> str:
    """The code of a type that is live now, as the gallery has it."""
    file = type_files.gallery()[name]
    here = f"{LIST}/gallery/{name}"
    groups = {f"group_{code}": code for code in file.groups}
    place = press(adam, adam.get_page(here), here, **groups).path
    checks = adam.get_page(f"{place}/draft/checks")
    if "Save reasons" in checks.text:
        names = checks.form(f"{place}/draft/checks").values
        reasons = {each: "Known." for each in names if each.startswith("reason_")}
        press(adam, checks, f"{place}/draft/checks", **reasons)
    page = press(adam, adam.get_page(f"{place}/draft/review"), f"{place}/draft/publish")
    assert "Version 1 is live" in page.text
    return place.rpartition("/")[2]


def ask(ana: PageClient, code: str, content: TypeContent) -> None:
    """Fill the form in and submit it."""
    here = f"/requests/new/{code}"
    page = press(ana, ana.get_page(here), here, title=f"One {code}", **answers(content))
    press(ana, page, f"{here}/submit")


def approve_all(process: InProcess, state: Approval) -> set[str]:
    """Let everybody who is asked approve, whoever is first; the keys of the stages passed."""
    for _ in range(30):
        if not state.is_open:
            break
        assert not state.attention, state.attention
        task = state.open_tasks[0]
        process.give(
            Approve(
                command_id=new_id(), request_id=state.request_id, actor_id=task.assignee_id,
                at=datetime.now(UTC), task_id=task.id, round=state.round,
                content_version=state.content_version,
            )
        )  # fmt: skip
        state = process.pass_time(state.request_id, minutes=1)
    return {each.key for each in state.passed}


def test_each_type_goes_from_the_gallery_to_an_approved_request(
    app: Flask, client: PageClient, people: People, groups: None, process: InProcess
) -> None:
    sign_in(client, people.adam)
    ana = PageClient(app)
    sign_in(ana, people.ana)
    for name, file in type_files.gallery().items():
        code = publish(client, name)
        before = set(process.states)
        ask(ana, code, file.content)
        (request_id,) = set(process.states) - before
        passed = approve_all(process, process.states[request_id])
        assert process.states[request_id].status is Status.APPROVED, name
        assert len(passed) == len(file.content.policy.stages), name
        with app.app_context():
            found = db.session.scalar(select(Request.status).where(Request.id == request_id))
        assert found == "APPROVED"
