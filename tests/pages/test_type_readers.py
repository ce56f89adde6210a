"""A group sees all requests of a type: in lists, on the request's page, its files, search, CSV."""

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Attachment, Group, GroupMember, Request, TypeChange, User
from portal.models.columns import new_id
from portal.services import type_readers as service
from portal.services.types import DraftAct, TypeRefused
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.web import People


@pytest.fixture
def controlling(app: Flask, people: People, asked: Approval) -> str:
    """The request's number; Eve, who has nothing to do with it, is in the group Controlling."""
    group = {"id": new_id(), "code": "controlling", "name": "Controlling"}
    with app.app_context():
        db.session.execute(insert(Group).values(group))
        db.session.execute(insert(GroupMember).values(group_id=group["id"], user_id=people.eve))
        row = db.session.execute(select(Request.number, Request.type_code)).one()
        db.session.commit()
    return f"{row.number} {row.type_code}"


def choose(client: PageClient, code: str, *groups: str) -> Page:
    url = f"/admin/types/{code}/readers"
    values = {**client.get_page(url).form(url).values, "groups": list(groups)}
    answer = client.post(url, data=values, follow_redirects=True)
    assert answer.status_code == 200, answer.text[:300]
    return Page(answer)


def attached(app: Flask, people: People) -> str:
    with app.app_context():
        row = {
            "id": new_id(), "owner_id": people.ana, "field": "offer", "name": "offer.pdf",
            "request_id": db.session.scalar(select(Request.id)), "content_type": "application/pdf",
            "size": 1, "sha256": "0" * 64, "form_id": new_id(),
        }  # fmt: skip
        db.session.execute(insert(Attachment).values(row))
        db.session.commit()
    return str(row["id"])


def test_a_group_sees_all_of_a_type_and_then_no_more(
    app: Flask, people: People, controlling: str
) -> None:
    number, code = controlling.split()
    adam, eve = PageClient(app), PageClient(app)
    sign_in(adam, people.adam)
    sign_in(eve, people.eve)
    file = f"/attachments/{attached(app, people)}"

    def seen() -> list[bool]:
        lists = ("/history", "/history.csv", f"/search?q={number}", f"/history?q={number}")
        texts = [eve.get(path, follow_redirects=True) for path in lists]
        request = eve.get(f"/requests/{number}").status_code == 200
        kept = eve.get(file).status_code != 404
        return [number in each.text.replace("q=" + number, "") for each in texts] + [request, kept]

    assert not any(seen()[:2] + seen()[4:])
    choose(adam, code, "controlling")
    assert all(seen())
    history = adam.get_page(f"/admin/types/{code}").text
    assert "Who sees all requests: Controlling instead of –" in history
    choose(adam, code)
    assert not any(seen()[:2] + seen()[4:])
    with app.app_context():
        kinds = list(db.session.scalars(select(TypeChange.kind)))
    assert kinds == ["readers", "readers"]


def test_only_a_group_that_is_there_is_taken(
    app: Flask, client: PageClient, people: People, controlling: str
) -> None:
    sign_in(client, people.adam)
    code = controlling.split()[1]
    assert "Nothing was changed." in choose(client, code, "nobody").text
    act = DraftAct(key=new_id(), actor_id=people.adam)
    with app.app_context(), pytest.raises(TypeRefused, match="There is no group nobody"):
        service.change(code, ["nobody"], None, act)


@pytest.mark.parametrize(
    ("role", "edits", "gives"), [("type_editor", 200, 403), ("type_publisher", 200, 200)]
)
def test_types_are_kept_by_roles_of_their_own(
    app: Flask, client: PageClient, people: People, controlling: str, role: str, edits: int,
    gives: int,
) -> None:  # fmt: skip
    number, code = controlling.split()
    with app.app_context():
        db.session.execute(update(User).where(User.id == people.carl).values(roles=[role]))
        db.session.commit()
    sign_in(client, people.carl)
    assert "Request types" in client.get_page("/requests").text
    assert client.get(f"/admin/types/{code}").status_code == edits
    assert client.get(f"/admin/types/{code}/readers").status_code == gives
    assert client.get("/admin/people").status_code == 403
    assert client.get(f"/requests/{number}").status_code == 404
