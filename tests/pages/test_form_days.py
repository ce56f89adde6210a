"""Days off: asked for, counted by the requester's calendar, compared with other leave."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, update

from portal.domain.codec import encode
from portal.domain.policy.forms import FieldKind, FormField
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Calendar, Request, User
from portal.models.columns import new_id
from tests.asking import CODE, insert_request, insert_type
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.web import People

FORM = (FormField(name="leave", label="Leave", kind=FieldKind.DAY_RANGE),)
NEW = f"/requests/new/{CODE}"
DAYS = {"leave-first": "2027-03-01", "leave-last": "2027-03-05"}


def days(first: str, last: str, **more: Any) -> dict[str, Any]:
    return {"leave": {"first": first, "last": last, "first_half": False, "last_half": False,
                      "days": "1", "off": {}, **more}}  # fmt: skip


@pytest.fixture
def kind(app: Flask, people: People) -> dict[str, str]:
    """Ana has asked for some of the days, and Carl of her team as well."""
    with app.app_context():
        ids = insert_type(form=encode(FORM))
        place = {"id": new_id(), "name": "Oslo", "time_zone": "Europe/Oslo", "hours": {
            day: [["09:00", "17:00"]] for day in "12345"}, "closed_days": {
            "2027-03-03": "Day of the lake"}}  # fmt: skip
        db.session.execute(insert(Calendar).values(**place))
        db.session.execute(
            update(User).where(User.id == people.ana).values(calendar_id=place["id"])
        )
        db.session.execute(update(User).where(User.id == people.carl).values(manager_id=people.ben))
        insert_request(ids, people.ana, "CH-1", fields=days("2027-03-05", "2027-03-08"))
        insert_request(ids, people.ana, "CH-2", fields=days("2027-03-05", "2027-03-08"),
                       status="WITHDRAWN")  # fmt: skip
        insert_request(ids, people.carl, "CH-3", requester_name="Carl Example",
                       fields=days("2027-03-08", "2027-03-08"), status="APPROVED")  # fmt: skip
        db.session.commit()
    return ids


def test_leave_is_counted_and_an_overlap_is_said(
    client: PageClient, people: People, kind: dict[str, str]
) -> None:
    sign_in(client, people.ana)
    values = client.get_page(NEW).form(NEW).values
    data = {**values, "title": "Spring", **DAYS, "leave-first_half": "y"}
    page = Page(client.post(NEW, data={**data, "leave-last": ""}, follow_redirects=True))
    assert "Leave: enter both days." in page.text
    assert page.form(NEW).values["leave-first_half"] == "y"
    page = Page(client.post(NEW, data=data, follow_redirects=True))
    assert "1 Mar 2027 (from midday) to 5 Mar 2027: 3.5 working days" in page.text
    assert "Days off: 3 Mar 2027 (Day of the lake)" in page.text
    overlap = "Overlaps with CH-1, Chair CH-1: 5 Mar 2027 to 8 Mar 2027 (Pending approval)."
    assert overlap in page.text
    assert "CH-2" not in page.text
    data |= {"leave-last": "2027-03-04"}
    page = Page(client.post(NEW, data=data, follow_redirects=True))
    assert "Overlaps" not in page.text


def test_an_approver_sees_who_else_is_away(
    client: PageClient, people: People, kind: dict[str, str], app: Flask, asked: Approval
) -> None:
    with app.app_context():
        given = days("2027-03-05", "2027-03-08")
        db.session.execute(
            update(Request).where(Request.id == asked.request_id).values(fields=given)
        )
        db.session.commit()
    here = f"/requests/{asked.number}"
    sign_in(client, people.ana)
    text = client.get_page(here).text
    assert "Overlaps with CH-1" in text
    assert "Carl Example: 8 Mar 2027" not in text
    sign_in(client, people.ben)
    text = client.get_page(here).text
    assert "Also away in the team Carl Example: 8 Mar 2027 (Approved)" in text


def test_days_are_made_and_compared_by_pages(
    client: PageClient, people: People, kind: dict[str, str]
) -> None:
    sign_in(client, people.adam)
    here = f"/admin/types/{CODE}"

    def press(page: Page, action: str, **values: Any) -> Page:
        data = {**page.form(action).values, **values}
        return Page(client.post(action, data=data, follow_redirects=True))

    press(client.get_page(here), f"{here}/draft")
    form = f"{here}/draft/form"
    page = press(client.get_page(form), form, label="Away", kind="day_range")
    press(page, page.path, not_before="today")
    condition = f"{here}/draft/route/manager/condition"
    row = {"r0_field": "away_days", "r0_is": "more_than", "r0_value": "2.5"}
    page = press(client.get_page(condition), condition, more="1", **row)
    assert "Line manager is asked if Away: working days is more than 2.5." in page.text
    assert "Continue with Review" in client.get_page(f"{here}/draft/checks").text
    assert "Away: first day" in client.get_page(f"{here}/draft/preview").text
