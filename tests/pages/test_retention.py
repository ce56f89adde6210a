"""Legal holds, the retention of types and erasing by hand, as administrators and auditors do it."""

import io
import json
import zipfile

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from portal.background.cleaning import clean_up
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import AuditAct, LegalHold, Request, User, UserSession
from tests.asking import CODE
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER
from tests.web import People

HERE = "/admin/retention"
NEW = "/admin/holds/new"
ERASE = f"/admin/requests/{NUMBER}/erase"


def close(app: Flask, days: int = 100) -> None:
    with app.app_context():
        at = text(f"now() - interval '{days} days'")
        db.session.execute(update(Request).values(status="APPROVED", closed_at=at))
        db.session.commit()


def proved(app: Flask, minutes: int) -> None:
    """Everybody proved who they are so long ago."""
    with app.app_context():
        at = text(f"now() - interval '{minutes} minutes'")
        db.session.execute(update(UserSession).values(confirmed_at=at))
        db.session.commit()


def said(app: Flask, kind: str) -> list[dict[str, object]]:
    with app.app_context():
        acts = select(AuditAct.data).where(AuditAct.kind == kind).order_by(AuditAct.id)
        return list(db.session.scalars(acts))


def clean(app: Flask) -> dict[str, int]:
    with app.app_context():
        return clean_up(db.engine, app.config["SETTINGS"], lambda: None)


@pytest.mark.usefixtures("asked")
def test_a_hold_stops_the_clean_up_until_it_is_lifted(
    client: PageClient, app: Flask, people: People
) -> None:
    close(app)
    sign_in(client, people.adam)
    page = client.get_page(f"{NEW}/request")
    wrong = client.post_form(page, f"{NEW}/request", number="XX-1", reason="A claim.", status=422)
    assert "There is no request with that number." in wrong.text
    assert "A claim." in wrong.text
    client.post_form(wrong, f"{NEW}/request", number=NUMBER.lower(), reason="A claim.")
    assert "A claim." in client.get_page(HERE).text
    _retain(client)
    assert clean(app)["texts"] == 0
    assert "A claim." in client.get_page(ERASE).text
    _lift(client, app)
    assert clean(app)["texts"] == 1
    assert clean(app)["texts"] == 0
    placed, lifted = said(app, "held")
    assert placed["before"] is None
    assert lifted["after"]["lifted_because"] == "It is settled."  # type: ignore[index]
    (erased,) = said(app, "text_erased")
    assert erased["way"] == "retention"
    page = client.get_page(f"/requests/{NUMBER}")
    assert "as their retention had ended" in page.text
    assert "gone, but for what is held" in client.get_page("/admin/health").text


def _retain(client: PageClient) -> None:
    """Texts are kept for 30 days, which is asked twice where that erases something."""
    page = client.get_page(f"{HERE}/types")
    name = f"texts-{CODE}"
    low = client.post_form(page, f"{HERE}/types", **{name: "3"}, status=422)
    assert "must be 30 or more" in low.text
    client.post_form(low, f"{HERE}/types", **{name: "30"})  # what there is, is held
    assert "30 days after closing" in client.get_page(HERE).text


def _lift(client: PageClient, app: Flask) -> None:
    with app.app_context():
        hold_id = db.session.scalar(select(LegalHold.id))
    there = f"/admin/holds/{hold_id}/lift"
    client.post_form(client.get_page(there), there, reason="It is settled.")
    assert "It is settled." in client.get_page(HERE).text


def test_an_administrator_erases_with_a_proof_and_a_reason(
    client: PageClient, app: Flask, people: People, asked: Approval
) -> None:
    sign_in(client, people.adam)
    assert "The request is open." in client.get_page(ERASE).text
    close(app)
    proved(app, 11)
    page = client.post_form(client.get_page(ERASE), ERASE, reason="Ana asked.", status=422)
    assert "Confirm that it is you first" in page.text
    assert "Ana asked." in page.text
    proved(app, 0)
    client.post_form(page, ERASE, reason="Ana asked.")
    page = client.get_page(f"/requests/{NUMBER}")
    assert asked.content.title not in page.text
    assert "were erased by Adam Example" in page.text
    assert "Ana asked." in client.get_page("/audit?kind=text_erased").text


def test_an_administrator_erases_the_data_of_somebody_who_left(
    client: PageClient, app: Flask, people: People
) -> None:
    there = f"/admin/people/{people.ben}/erase"
    sign_in(client, people.adam)
    assert "They are active." in client.get_page(there).text
    assert "They are active." in client.get_page(f"/admin/people/{people.adam}/erase").text
    with app.app_context():
        db.session.execute(update(User).where(User.id == people.ben).values(is_active=False))
        db.session.commit()
    page = client.get_page(there)
    assert "Department, manager and roles stay" in page.text
    wrong = client.post_form(page, there, reason="", status=422)
    proved(app, 11)
    wrong = client.post_form(wrong, there, reason="He asked.", status=422)
    assert "Confirm that it is you first" in wrong.text
    proved(app, 0)
    shown = client.post_form(wrong, there, reason="He asked.")
    assert "Former member 1 stands in place of the name." in shown.text
    assert "Ben Example" not in shown.text
    client.post_form(wrong, there, reason="He asked.")  # a second press is the first
    (act,) = said(app, "person_erased")
    assert act["reason"] == "He asked."
    assert "New manager" not in shown.text
    assert "Former member 1" in client.get_page("/admin/people?show=inactive").text
    assert "Ben" not in client.get_page("/audit?kind=person_erased").text
    there = f"/admin/people/{people.ben}/change"
    page = client.post(there, data={"csrf_token": client.csrf_token(), "act": "activate"})
    assert "Add a new person instead." in page.text


def test_auditors_see_holds_and_change_none(client: PageClient, people: People) -> None:
    sign_in(client, people.olga)
    assert "Nothing is held." in client.get_page(HERE).text
    assert client.get(f"{NEW}/request").status_code == 403


@pytest.mark.usefixtures("asked")
def test_everybody_sees_and_takes_what_is_kept_about_them(
    client: PageClient, app: Flask, people: People
) -> None:
    sign_in(client, people.ana)
    page = client.get_page("/profile/kept")
    assert "You asked for them" in page.text
    assert "They" not in page.text
    assert "Changes to your record" in page.text or "Changes to their" not in page.text
    assert client.get(f"/people/{people.ben}/kept").status_code == 403
    answer = client.get("/profile/kept.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        requests = json.loads(archive.read("requests.json"))
        sessions = archive.read("sessions.json")
        assert set(map(bool, map(json.loads, map(archive.read, archive.namelist())))) >= {True}
    assert [each["number"] for each in requests] == [NUMBER]
    assert b"token_hash" not in sessions
    assert said(app, "exported")[-1] == {"what": "person"}
