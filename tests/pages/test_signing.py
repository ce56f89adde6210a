"""Decisions that are signed or confirmed: by a passkey, by a password and a code, or not at all."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from portal.domain.policy.policy import Bulk, Policy, StepUp
from portal.extensions import db
from portal.models import AuditEvent, Challenge, Passkey, UserSession
from portal.models.columns import new_id
from portal.services import signatures
from tests.asking import MANAGER, insert_type
from tests.authenticator import Authenticator
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess, submit
from tests.pages.test_second_step import add_passkey, options, set_up_app
from tests.pages_read import Page
from tests.test_cli import run
from tests.web import PASSWORD, People

HERE = f"/requests/{NUMBER}"


@pytest.fixture
def needed() -> StepUp:
    return StepUp.SIGNATURE


@pytest.fixture
def kind(app: Flask, people: People, needed: StepUp) -> dict[str, str]:
    policy = Policy(stages=(replace(MANAGER, step_up=needed),), bulk=Bulk(), undo_seconds=0)
    with app.app_context():
        ids = insert_type(policy=policy)
        db.session.commit()
    return ids


@pytest.fixture
def ben(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.ben)
    return client


@pytest.fixture
def key(app: Flask, ben: PageClient) -> Authenticator:
    made = Authenticator(app.config["SETTINGS"].public_url, "localhost")
    add_passkey(ben, made)
    return made


def decide(client: PageClient, said: str = "approve", status: int = 200) -> Page:
    page = client.get_page(HERE)
    return client.post_form(page, "/tasks/", status, decision=said, comment="Seen.")


def decided(app: Flask) -> list[dict[str, Any]]:
    """The decisions in the record."""
    with app.app_context():
        columns = select(AuditEvent.actor, AuditEvent.command_id, AuditEvent.data)
        rows = db.session.execute(columns.where(AuditEvent.kind == "TaskDecided"))
        return [{"actor": r.actor, "command_id": str(r.command_id), **r.data} for r in rows]


def sleep(app: Flask, minutes: int = 11) -> None:
    """So much later for every session's proof."""
    with app.app_context():
        earlier = func.now() - timedelta(minutes=minutes)
        db.session.execute(update(UserSession).values(confirmed_at=earlier))
        db.session.commit()


def test_a_signed_decision_is_kept_with_its_signature_and_holds_offline(
    key: Authenticator, ben: PageClient, asked: object, app: Flask
) -> None:
    page = decide(ben)
    assert page.heading == "Sign your decision"
    assert "You sign as Ben Example, meaning: approval." in page.text
    assert decided(app) == []
    ben.post_form(page, "/tasks/sign", secret_answer=key.sign(options(page)))
    (event,) = decided(app)
    assert event["proof"]["ways"] == ["passkey"]
    assert signatures.trouble_of(event) == ""
    assert "1 signatures by passkey, 0 weaker proofs, 0 wrong." in run(app, "audit", "signatures")
    kept = event["proof"]["evidence"]
    sign = kept["signature"]
    altered = kept | {"signature": sign[:12] + ("B" if sign[12] == "A" else "A") + sign[13:]}
    for change in (
        {"decision": "reject"},
        {"content_hash": "0" * 64},
        {"task_id": new_id()},
        {"actor": new_id()},
        {"proof": event["proof"] | {"statement": event["proof"]["statement"].replace("1", "2")}},
        {"proof": event["proof"] | {"evidence": altered}},
    ):
        assert signatures.trouble_of(event | change)


def test_an_altered_decision_is_refused(
    key: Authenticator, ben: PageClient, asked: object, app: Flask
) -> None:
    """Ben signs a rejection; what waits was made an approval meanwhile."""
    page = decide(ben, "reject")
    answer = key.sign(options(page))
    with app.app_context():
        data = db.session.scalar(select(Challenge.data).where(Challenge.kind == "decision"))
        assert data is not None
        altered = data | {"vote": data["vote"] | {"decision": "approve"}}
        db.session.execute(
            update(Challenge).where(Challenge.kind == "decision").values(data=altered)
        )
        db.session.commit()
    page = ben.get_page("/tasks/sign")
    refused = ben.post_form(page, "/tasks/sign", 403, secret_answer=answer)
    assert "not the decision that was signed" in refused.text
    assert decided(app) == []


def test_what_another_key_or_statement_signed_is_refused(
    key: Authenticator, ben: PageClient, asked: object, app: Flask
) -> None:
    page = decide(ben)
    other = Authenticator(key.origin, key.rp_id)
    first = options(page)
    for answer in (other.sign(first), key.other(verifies=False).sign(first), "{}"):
        ben.post_form(page, "/tasks/sign", 422, secret_answer=answer)
    old = key.sign(first)
    page = decide(ben)
    assert options(page) != first
    ben.post_form(page, "/tasks/sign", 422, secret_answer=old)
    assert decided(app) == []


def test_without_a_passkey_a_password_and_a_code_sign_and_are_recorded_as_weaker(
    ben: PageClient, asked: object, app: Flask
) -> None:
    page = decide(ben)
    assert "You need a passkey, or an authenticator app." in page.text
    codes, _done = set_up_app(ben)
    page = ben.get_page("/tasks/sign")
    ben.post_form(page, "/tasks/sign", 422, password=PASSWORD)
    with app.app_context():
        db.session.execute(text("UPDATE portal.authenticator_apps SET last_step = 0"))
        db.session.commit()
    ben.post_form(page, "/tasks/sign", 422, secret_code=codes.now())
    ben.post_form(page, "/tasks/sign", password=PASSWORD, secret_code=codes.now())
    (event,) = decided(app)
    assert event["proof"]["ways"] == ["password", "code"]
    assert "0 signatures by passkey, 1 weaker proofs" in run(app, "audit", "signatures")


def test_signing_twice_is_one_decision(
    key: Authenticator, ben: PageClient, asked: object, app: Flask
) -> None:
    page = decide(ben)
    answer = key.sign(options(page))
    ben.post_form(page, "/tasks/sign", secret_answer=answer)
    again = ben.post_form(page, "/tasks/sign", secret_answer=answer)
    assert "Nothing waits to be signed" in again.text
    assert len(decided(app)) == 1


@pytest.mark.parametrize("needed", [StepUp.RECENT])
def test_a_fresh_check_is_asked_for_only_where_the_session_is_old(
    ben: PageClient, asked: object, app: Flask
) -> None:
    sleep(app)
    page = decide(ben)
    assert page.heading == "Confirm your decision"
    assert "Seen." in page.text
    ben.post_form(page, "/tasks/sign", 422, password="not this")
    assert decided(app) == []
    ben.post_form(page, "/tasks/sign", password=PASSWORD)
    (event,) = decided(app)
    assert event["proof"]["ways"] == ["password"]


@pytest.mark.parametrize("needed", [StepUp.RECENT])
def test_a_young_session_decides_at_once(ben: PageClient, asked: object, app: Flask) -> None:
    assert decide(ben).heading != "Confirm your decision"
    (event,) = decided(app)
    assert event["proof"]["ways"] == []


@pytest.mark.parametrize("needed", [StepUp.NONE])
def test_where_nothing_is_needed_nothing_is_kept(
    ben: PageClient, asked: object, app: Flask
) -> None:
    decide(ben)
    (event,) = decided(app)
    assert event["proof"] is None


def test_many_decisions_are_signed_by_one_signature_over_their_list(
    key: Authenticator, ben: PageClient, process: InProcess, kind: dict[str, str],
    people: People,
) -> None:  # fmt: skip
    for number in (NUMBER, "CH-1002", "CH-1003"):
        process.give(submit(kind, people, number=number))
    page = ben.post_form(ben.get_page("/inbox"), "/batches", all="1")
    page = ben.post_form(page, "/batches/", decision="approve")
    assert "3 requests" in page.text
    assert page.heading == "Sign your decision"
    ben.post_form(page, "/tasks/sign", secret_answer=key.sign(options(page)))
    assert process.take_up() == 3
    events = decided(ben.application)
    assert [signatures.trouble_of(each) for each in events] == ["", "", ""]
    assert len({each["proof"]["evidence"]["signature"] for each in events}) == 1
    assert signatures.trouble_of(events[0] | {"proof": events[1]["proof"]})


@pytest.mark.parametrize("needed", [StepUp.RECENT])
def test_many_decisions_are_confirmed_as_strongly_as_they_need(
    ben: PageClient, process: InProcess, kind: dict[str, str], people: People
) -> None:
    for number in (NUMBER, "CH-1002"):
        process.give(submit(kind, people, number=number))
    sleep(ben.application)
    page = ben.post_form(ben.get_page("/inbox"), "/batches", all="1")
    page = ben.post_form(page, "/batches/", decision="approve")
    assert page.heading == "Confirm your decision"
    ben.post_form(page, "/tasks/sign", password=PASSWORD)
    assert process.take_up() == 2
    assert [each["proof"]["ways"] for each in decided(ben.application)] == [["password"]] * 2


def test_a_key_that_was_somebody_elses_is_found(
    client: PageClient, people: People, asked: object, app: Flask
) -> None:
    """Whoever writes the tables gives Ben's account a key that he never added."""
    sign_in(client, people.ana)
    key = Authenticator(app.config["SETTINGS"].public_url, "localhost")
    add_passkey(client, key)
    with app.app_context():
        db.session.execute(update(Passkey).values(user_id=people.ben))
        db.session.commit()
    sign_in(client, people.ben)
    page = decide(client)
    client.post_form(page, "/tasks/sign", secret_answer=key.sign(options(page)))
    assert "knows no such passkey" in run(app, "audit", "signatures", status=1)


def test_who_decides_in_place_of_others_signs_as_they_would(
    client: PageClient, people: People, asked: object, app: Flask
) -> None:
    over = f"{HERE}/override"
    sign_in(client, people.adam)
    key = Authenticator(app.config["SETTINGS"].public_url, "localhost")
    add_passkey(client, key)
    said = {"decision": "approve", "reason": "Ben cannot be reached."}
    page = client.post_form(client.get_page(over), over, **said)
    assert "You sign as Adam Example, meaning: approval in place of the approvers." in page.text
    assert "Ben cannot be reached." in page.text
    client.post_form(page, "/tasks/sign", 422, password=PASSWORD)
    page = client.post_form(page, "/tasks/sign", secret_answer=key.sign(options(page)))
    assert "You decided CH-1001 in place of the approvers." in page.text
    with app.app_context():
        overridden = AuditEvent.kind == "RequestOverridden"
        row = db.session.execute(select(AuditEvent).where(overridden)).scalar_one()
        event = {"request_id": str(row.request_id), "actor": row.actor, **row.data}
        event |= {"command_id": str(row.command_id)}
    assert event["proof"]["ways"] == ["passkey"]
    assert signatures.trouble_of(event) == ""
    assert signatures.trouble_of(event | {"decision": "reject"})
    assert "1 signatures by passkey, 0 weaker proofs, 0 wrong." in run(app, "audit", "signatures")


@pytest.mark.parametrize("needed", [StepUp.RECENT])
def test_a_password_is_enough_where_no_signature_is_asked_for(
    client: PageClient, people: People, asked: object, app: Flask
) -> None:
    over = f"{HERE}/override"
    sign_in(client, people.adam)
    page = client.get_page(over)
    page = client.post_form(page, over, decision="reject", reason="No.")
    client.post_form(page, "/tasks/sign", password=PASSWORD)
    with app.app_context():
        row = select(AuditEvent.data).where(AuditEvent.kind == "RequestOverridden")
        assert db.session.execute(row).scalar_one()["proof"]["ways"] == ["password"]
