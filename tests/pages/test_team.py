"""A manager sees the team: open requests, and who is away."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, insert, update

from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Delegation, Request
from portal.models.columns import new_id
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER
from tests.web import People


def test_a_manager_sees_requests_and_absences_of_the_team(
    client: PageClient, app: Flask, people: People, asked: Approval
) -> None:
    with app.app_context():
        away = {"id": new_id(), "delegator_id": people.ana, "delegate_id": people.cleo}
        times = {"starts_at": func.now(), "ends_at": func.now() + timedelta(days=2)}
        db.session.execute(insert(Delegation).values(**away, **times))
        db.session.execute(update(Request).values(stage_due_at=func.now() - timedelta(hours=1)))
        db.session.commit()
    sign_in(client, people.ben)
    page = client.get_page("/team")
    assert f"/requests/{NUMBER}" in page.links
    for words in ("Ana Example", "1 open request", "1 late", "Away", "Cleo Example decides"):
        assert words in page.text
    assert "/team" in client.get_page("/inbox").links


def test_what_the_manager_has_nothing_to_do_with_is_listed_without_a_link(
    client: PageClient, app: Flask, people: People, asked: Approval
) -> None:
    sign_in(client, people.ben)
    with app.app_context():
        db.session.execute(update(Request).values(requester_id=people.ben))
        db.session.commit()
    sign_in(client, people.dan)
    page = client.get_page("/team")
    assert NUMBER in page.text
    assert f"/requests/{NUMBER}" not in page.links


def test_who_leads_nobody_has_no_team(client: PageClient, people: People) -> None:
    sign_in(client, people.eve)
    assert "Nobody reports to you" in client.get_page("/team").text
    assert "/team" not in client.get_page("/inbox").links
