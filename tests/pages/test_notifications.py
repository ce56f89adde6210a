"""What people were told, and marking it as read."""

import pytest
from flask import Flask
from sqlalchemy import text

from portal.domain.notices.kinds import Channel
from portal.domain.notices.preferences import DeliveryMode, NotificationPreferences
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.security.sessions import frame
from portal.services import preferences
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess, submit
from tests.web import People


@pytest.fixture
def ben(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.ben)
    return client


def unread(app: Flask, person: str) -> int:
    count = text(
        "SELECT count(*) FROM portal.notifications WHERE user_id = :id AND read_at IS NULL"
    )
    with app.app_context():
        return int(db.session.execute(count, {"id": person}).scalar_one())


def test_a_new_task_is_told_and_leads_there(ben: PageClient, asked: Approval) -> None:
    page = ben.get_page("/notifications")
    assert "Ana Example asks for your approval" in page.text
    assert f"/tasks/{asked.open_tasks[0].id}" in page.links
    assert NUMBER in page.text


def test_they_are_marked_as_read_together(ben: PageClient, app: Flask, people: People) -> None:
    page = ben.post_form(ben.get_page("/notifications"), "/notifications/read")
    assert "marked as read" in page.text
    assert unread(app, people.ben) == 0


def test_one_is_marked_as_read_by_whom_it_told(ben: PageClient, app: Flask, people: People) -> None:
    forms = [form.action for form in ben.get_page("/notifications").document.forms]
    address = next(each for each in forms if len(each) > len("/notifications/read") + 30)
    for person, left in ((people.eve, 1), (people.ben, 0)):
        sign_in(ben, person)
        ben.post(address, data={"csrf_token": ben.csrf_token()})
        assert unread(app, people.ben) == left


def test_deciding_reads_what_asked_for_it(
    ben: PageClient, app: Flask, people: People, asked: Approval
) -> None:
    task = f"/tasks/{asked.open_tasks[0].id}"
    ben.post_form(ben.get_page(task), f"{task}/decision", decision="approve")
    assert unread(app, people.ben) == 0


def test_reading_the_list_marks_nothing(ben: PageClient, app: Flask, people: People) -> None:
    ben.get_page("/notifications")
    assert unread(app, people.ben) == 1


def test_nothing_yet(client: PageClient, people: People) -> None:
    sign_in(client, people.eve)
    assert "No notifications" in client.get_page("/notifications").text


@pytest.mark.parametrize("query", ["before=x", "before=1.x", "before=" + "9" * 99 + ".x"])
def test_odd_addresses_are_answered(ben: PageClient, query: str) -> None:
    assert ben.get(f"/notifications?{query}").status_code == 200


def test_what_is_not_wanted_in_the_portal_is_kept_but_not_shown(
    client: PageClient, app: Flask, people: People, process: InProcess, kind: dict[str, str]
) -> None:
    wish = NotificationPreferences(chosen={Channel.PORTAL: {"asked": DeliveryMode.NOT}})
    with app.app_context():
        preferences.keep(people.ben, wish)
    process.give(submit(kind, people))
    sign_in(client, people.ben)
    page = client.get_page("/notifications")
    assert "No notifications" in page.text
    assert "Ana Example asks" not in page.text
    assert unread(app, people.ben) == 1
    with app.app_context():
        assert frame(people.ben).counts == {"inbox": 1}
