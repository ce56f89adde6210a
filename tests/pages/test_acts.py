"""What people do beside requests is recorded, with who, from where, and what changed."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from portal.domain.people.permissions import Role
from portal.domain.proof.acts import WORDS, ActKind
from portal.extensions import db
from portal.models import AuditAct, AuditQueue
from portal.proof import verifying
from portal.proof.verifying import Outside
from portal.services import acts
from portal.services.people import PersonAct as What
from portal.services.people import PersonChange, change
from tests.clients import PageClient, sign_in
from tests.web import PASSWORD, People


def recorded(app: Flask) -> list[Any]:
    """Every act, in the order in which they wait for the log."""
    with app.app_context():
        rows = select(AuditAct).join(AuditQueue, AuditQueue.subject_id == AuditAct.id)
        return list(db.session.scalars(rows.order_by(AuditQueue.id)))


def enter(client: PageClient, password: str) -> int:
    form = client.get_page("/sign-in").form("/sign-in")
    data = {**form.values, "email": "ana@example.org", "password": password}
    return client.post("/sign-in", data=data).status_code


def test_signing_in_and_failing_to(app: Flask, client: PageClient, people: People) -> None:
    assert enter(client, "something else") == 422
    assert enter(client, PASSWORD) == 303
    failed, done = recorded(app)
    assert (failed.kind, failed.actor, failed.address) == ("sign_in_failed", "", "127.0.0.1")
    assert "ana" not in repr(failed.data)
    assert (done.kind, done.actor, done.subject) == ("signed_in", people.ana, people.ana)
    with app.app_context():
        sessions = db.session.scalars(text("SELECT id::text FROM portal.sessions")).all()
    assert done.session_id in sessions


def test_a_refusal_is_one_act_for_a_while(app: Flask, client: PageClient, people: People) -> None:
    sign_in(client, people.ana)
    for _ in range(3):
        assert client.get("/admin/people").status_code == 403
    refused = [each for each in recorded(app) if each.kind == "refused"]
    assert len(refused) == 1
    assert refused[0].actor == people.ana
    assert refused[0].session_id is not None
    assert refused[0].data == {"method": "GET"}


def test_a_change_to_a_person_says_before_and_after(app: Flask, people: People) -> None:
    with app.app_context():
        assert change(
            PersonChange(
                person_id=people.eve,
                act=What.ROLES,
                value=(Role.AUDITOR.value,),
                actor_id=people.adam,
            )
        )
    (act,) = recorded(app)
    assert (act.kind, act.actor, act.subject) == ("person_changed", people.adam, people.eve)
    assert act.data["before"] == []
    assert act.data["after"] == ["auditor"]


def test_what_auditors_look_at_and_take(app: Flask, client: PageClient, people: People) -> None:
    sign_in(client, people.olga)
    for address in ("/history?text=chairs", "/history?text=chairs", "/history?text=lamps"):
        assert client.get(address).status_code == 200
    assert client.get("/history.csv?text=chairs").status_code == 200
    found = [(each.kind, each.data["filters"]["text"]) for each in recorded(app)]
    viewed = ActKind.AUDIT_VIEWED.value
    assert found == [(viewed, "chairs"), (viewed, "lamps"), ("exported", "chairs")]


def test_what_is_recorded_has_its_hash(app: Flask, people: People) -> None:
    with app.app_context():
        acts.keep(ActKind.EXPORTED, "Größe", number=1.0, much=[1e23, None, True])
    with app.app_context():
        assert verifying.verify(db.engine, Outside()).problems == []


@pytest.mark.parametrize("kind", list(ActKind))
def test_each_kind_has_words(kind: ActKind) -> None:
    assert WORDS[kind]
