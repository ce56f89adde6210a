"""What is set about the organisation itself, each in the browser without scripts."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, insert, select

from portal.background.cleaning import clean_up
from portal.extensions import db
from portal.models import AuditAct, Draft, Organisation
from portal.services import organisation_settings
from tests.clients import PageClient, sign_in
from tests.web import People

HERE = "/admin/organisation"


@pytest.fixture
def adam(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.adam)
    return client


def acts(app: Flask) -> list[dict[str, Any]]:
    with app.app_context():
        kind = AuditAct.kind == "organisation_changed"
        return list(db.session.scalars(select(AuditAct.data).where(kind).order_by(AuditAct.at)))


def test_the_house_has_a_name(adam: PageClient, app: Flask) -> None:
    page = adam.post_form(adam.get_page(f"{HERE}/name"), f"{HERE}/name", name="St Gloria")
    assert page.heading == "Organisation"
    assert "St Gloria" in adam.get_page("/inbox").text
    assert "St Gloria" in PageClient(app).get_page("/sign-in").text
    page = adam.post_form(adam.get_page(f"{HERE}/name"), f"{HERE}/name", 422, name=" ")
    assert "enter a name" in page.text
    assert acts(app) == [{"before": {"name": ""}, "after": {"name": "St Gloria"}}]


def test_a_colour_is_checked_and_stands_on_every_page(adam: PageClient, app: Flask) -> None:
    page = adam.get_page(f"{HERE}/colour")
    looked = adam.post_form(page, f"{HERE}/colour", accent="#FFD400", look="1")
    assert "#ffd400 is too light to read" in looked.text
    assert acts(app) == []
    adam.post_form(page, f"{HERE}/colour", accent="#FFD400")
    sheet = "/branding/ffd400.css"
    assert sheet in adam.get("/inbox").text
    assert sheet in PageClient(app).get("/sign-in").text
    assert sheet not in adam.get("/admin/nowhere").text
    wrong = adam.post_form(adam.get_page(f"{HERE}/colour"), f"{HERE}/colour", 422, accent="red")
    assert "Accent colour must be six digits from 0 to F" in wrong.text
    assert wrong.form(f"{HERE}/colour").values["accent"] == "red"


def test_the_style_sheet_never_goes_stale(client: PageClient) -> None:
    answer = client.get("/branding/ffd400.css")
    assert answer.mimetype == "text/css"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    again = client.get("/branding/ffd400.css", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert [client.get(f"/branding/{each}.css").status_code for each in ("red", "FFD400")] == [
        404
    ] * 2


def test_two_administrators_at_once_see_each_other(adam: PageClient, app: Flask) -> None:
    first = adam.get_page(f"{HERE}/mail")
    adam.post_form(adam.get_page(f"{HERE}/mail"), f"{HERE}/mail", sender_name="Office of the Head")
    page = adam.post_form(first, f"{HERE}/mail", 409, sender_name="Approvals")
    assert "Adam Example changed this while you had it open" in page.text
    assert "from – to Office of the Head" in page.text
    assert page.form(f"{HERE}/mail").values["sender_name"] == "Approvals"
    adam.post_form(page, f"{HERE}/mail")
    assert [each["after"]["sender_name"] for each in acts(app)] == [
        "Office of the Head",
        "Approvals",
    ]


def test_defaults_are_what_exists(adam: PageClient) -> None:
    page = adam.get_page(f"{HERE}/defaults")
    wrong = adam.post_form(page, f"{HERE}/defaults", 422, currency="EUX")
    assert "EUX is no currency" in wrong.text
    done = adam.post_form(
        page, f"{HERE}/defaults", currency="idr", time_zone="Asia/Jakarta", locale="id"
    )
    assert "IDR" in done.text
    assert "Asia/Jakarta" in done.text


def test_what_is_no_part_is_nowhere(adam: PageClient) -> None:
    adam.get_page(f"{HERE}/nowhere", 404)


def test_new_people_and_amounts_begin_with_the_defaults(adam: PageClient, app: Flask) -> None:
    with app.app_context():
        row = {"id": 1, "currency": "JPY", "time_zone": "Asia/Jakarta"}
        db.session.execute(insert(Organisation).values(**row))
        db.session.commit()
    page = adam.get_page("/admin/people/new")
    assert page.form("/admin/people/new").values["time_zone"] == "Asia/Jakarta"
    assert "¥10,000" in adam.get_page("/admin/types/gallery/purchase").text
    with app.app_context():
        assert organisation_settings.currency() == "JPY"


def test_a_logo_is_shown_to_everybody_and_can_be_removed(adam: PageClient, app: Flask) -> None:
    here, out = f"{HERE}/logo", BytesIO()
    Image.new("RGBA", (400, 100), "#884400").save(out, "PNG")
    page = adam.get_page(here)
    wrong = adam.post_form(page, here, 422, file="")
    assert "Choose a file." in wrong.text
    data = {**page.form(here).values, "file": (BytesIO(out.getvalue()), "logo.png")}
    sent = adam.post(here, data=data, content_type="multipart/form-data")
    assert sent.status_code == 303
    (address,) = set(re.findall(r"/branding/[0-9a-f]{64}\.png", adam.get("/inbox").text))
    assert address in PageClient(app).get("/sign-in").text
    answer = PageClient(app).get(address)
    assert (answer.mimetype, answer.data[:4]) == ("image/png", b"\x89PNG")
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    again = adam.post(here, data={**page.form(here).values, "remove": "1"})
    assert again.status_code == 409  # it was seen without one
    adam.post_form(adam.get_page(here), here, remove="1")
    assert address not in adam.get("/inbox").text
    assert [bool(each["after"]["logo"]) for each in acts(app)] == [True, False]


NOTHING_ELSE = (
    "notifications_days", "texts", "files", "people", "requests", "months", "failed", "left",
)  # fmt: skip


def test_what_would_be_deleted_is_said_before(adam: PageClient, app: Flask, people: People) -> None:
    with app.app_context():
        old = {"user_id": people.ana, "type_code": "a"}
        long_ago = func.now() - timedelta(days=100)
        db.session.execute(insert(Draft).values(**old, updated_at=long_ago))
        db.session.commit()
    here = f"{HERE}/retention"
    page = adam.post_form(adam.get_page(here), here, drafts_days="90", notifications_days="400")
    assert "1 draft, with its files" in page.text
    assert acts(app) == []
    other = adam.post_form(page, here, drafts_days="30")
    assert "The next clean-up would delete" in other.text
    assert "90 days" in adam.post_form(page, here).text
    assert acts(app)[0]["after"] == {"drafts_days": 90, "notifications_days": 400}
    assert (
        "Drafts must be 7 or more"
        in adam.post_form(adam.get_page(here), here, 422, drafts_days="1").text
    )
    with app.app_context():
        gone = clean_up(db.engine, app.config["SETTINGS"], lambda: None)
        assert gone == {"drafts_days": 1} | dict.fromkeys(NOTHING_ELSE, 0)
        (kept,) = db.session.scalars(select(AuditAct.data).where(AuditAct.actor == "system"))
        assert kept == {"drafts": {"deleted": 1, "days": 90}}


def test_sender_and_footer_are_translated(adam: PageClient, app: Flask) -> None:
    here = f"{HERE}/languages"
    assert "There is nothing to translate" in adam.get_page(here).text
    adam.post_form(adam.get_page(f"{HERE}/mail"), f"{HERE}/mail", mail_footer="Ask Eve.")
    page = adam.get_page(here)
    wrong = adam.post_form(page, here, 422, mail_footer_de="x" * 601)
    assert wrong.form(here).values["mail_footer_de"].strip() == "x" * 601
    page = adam.post_form(page, here, mail_footer_de="Fragen Sie Eva.")
    assert page.heading == "Organisation"
    assert "translations from – to de: Fragen Sie Eva." in page.text
    assert adam.get_page(here).form(here).values["mail_footer_de"].strip() == "Fragen Sie Eva."
    with app.app_context():
        kept = db.session.scalar(select(Organisation.translations))
    assert kept == {"Ask Eve.": {"de": "Fragen Sie Eva."}}


def test_a_mail_text_is_checked_previewed_and_reset(adam: PageClient, app: Flask) -> None:
    here = f"{HERE}/mail-texts/asked/en"
    page = adam.get_page(here)
    assert page.form(here).values["subject"] == "{heading}: {title} ({number})"
    wrong = adam.post_form(page, here, 422, body="Dear {nmae},")
    assert "{nmae} is no variable. Did you mean {name}?" in wrong.text
    assert wrong.form(here).values["body"].strip() == "Dear {nmae},"
    looked = adam.post_form(page, here, body="Dear {name}, {sentence}", look="1")
    assert "Dear Adam Example, Ana Ruiz needs your approval." in looked.text
    assert acts(app) == []
    adam.post_form(page, here, body="Dear {name}, {sentence}")
    assert "Our own" in adam.get_page(f"{HERE}/mail-texts").text
    assert (
        "Adam Example changed this" in adam.post_form(page, here, 409, body="Well, {sentence}").text
    )
    adam.post_form(adam.get_page(here), here, reset="1")
    assert "Our own" not in adam.get_page(f"{HERE}/mail-texts").text
    assert [each["after"]["text (asked, en)"] for each in acts(app)] == [
        "Dear {name}, {sentence}",
        "",
    ]
    adam.get_page(f"{HERE}/mail-texts/asked/xx", 404)
