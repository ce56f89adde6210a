"""A month of the record goes with its requests, as an administrator says it, and what stands in
their place."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert, text

from portal.background import sealing
from portal.config import Settings
from portal.extensions import db
from portal.models import AuditAnchor
from portal.models.columns import new_id
from portal.proof import beginning
from tests.activities.retold import KNOWN, insert_office
from tests.api.conftest import MakeProgram, make_program  # noqa: F401
from tests.clients import PageClient, sign_in
from tests.domain.story import REQUEST
from tests.pages.test_audit import leaves, seal
from tests.pages.test_retention import clean, proved
from tests.proof.conftest import MONTHS, close, tell
from tests.web import People

HERE = "/admin/retention/months"
JANUARY = f"{HERE}/2026-01"


@pytest.fixture
def january(app: Flask) -> None:
    """A request of January that is past its retention, in a log."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(MONTHS))
        insert_office(connection)
        tell(connection)
        close(connection)
        connection.execute(text("UPDATE portal.request_types SET requests_days = 30"))
    seal(app, first=True)


def anchor(app: Flask) -> None:
    """Seal what waits, and keep the checkpoint outside."""
    seal(app)
    settings: Settings = app.config["SETTINGS"]
    log = beginning.current(settings.audit_log_dir)
    point = None if log is None else log.checkpoint()
    assert point is not None
    row = {"id": new_id(), "kind": "folder", "size": point.size, "anchored_at": datetime.now(UTC)}
    with sealing.sealers(settings) as engine, engine.begin() as connection:
        connection.execute(insert(AuditAnchor), row)


@pytest.mark.usefixtures("january")
def test_a_month_goes_and_words_stand_in_its_place(
    client: PageClient,
    app: Flask,
    people: People,
    make_program: MakeProgram,  # noqa: F811
) -> None:
    sign_in(client, people.adam)
    page = client.get_page(HERE)
    assert "January 2026" in page.text
    assert "No checkpoint is kept outside" in page.text
    anchor(app)
    page = client.get_page(JANUARY)
    assert "Remove for good" not in page.text
    assert client.get(f"{JANUARY}/evidence.zip").data.startswith(b"PK")
    proved(app, 11)
    page = client.post_form(client.get_page(JANUARY), JANUARY, reason="It is over.", status=422)
    assert "Confirm that it is you first" in page.text
    assert "It is over." in page.text
    proved(app, 0)
    client.post_form(page, JANUARY, reason="It is over.")
    assert "Waits until an anchor" in client.get_page(HERE).text
    assert clean(app)["requests"] == 0
    anchor(app)
    assert "The next clean-up removes it" in client.get_page(HERE).text
    whole = leaves(client)
    done = clean(app)
    assert (done["requests"], done["months"], done["failed"]) == (1, 1, 0)
    assert "Removed months" in client.get_page(HERE).text
    _stands_in_its_place(client, whole, make_program)
    _is_none_to(client, people.cleo)


def _stands_in_its_place(client: PageClient, whole: list[int], make: MakeProgram) -> None:
    _programs_are_told(make)
    words = "by Adam Example under the retention of the type “Purchase”"
    gone = client.get("/requests/pr-1")
    assert gone.status_code == 410
    assert "This request was removed" in gone.text
    assert words in gone.text
    page = client.get_page("/audit?request=PR-1")
    assert words in page.text
    entry = next(each for each in page.links if each.startswith("/audit/") and each[-2] == "/")
    page = client.get_page(entry)
    assert words in page.text
    assert "The proof leads to the signed root" in page.text
    assert leaves(client)[: len(whole)] == whole
    for kind in ("csv", "xes", "ocel.json", "pdf"):
        assert client.get(f"/audit.{kind}").status_code == 200, kind
    kept = client.get_page(f"/people/{KNOWN['ana']}/kept")
    assert "1 request that they took part in was removed" in kept.text


def _is_none_to(client: PageClient, person: str) -> None:
    sign_in(client, person)
    assert client.get("/requests/PR-1").status_code == 404


def _programs_are_told(make: MakeProgram) -> None:
    """Those whose owners may know; the others are told what they would be of none that ever was."""
    place = f"/approvals/approval-{REQUEST}"
    adam = make("adam")
    for path in ("", "/status", "/events", "/files"):
        gone = adam.get(place + path)
        assert (gone.status_code, gone.mimetype) == (410, "application/problem+json"), path
        assert gone.get_json()["type"] == "/api/problems/removed"
        assert "under the retention of the type “Purchase”" in gone.get_json()["detail"]
    assert adam.post(f"{place}/comments", {"comment": "Hm."}).status_code == 410
    strangers = make("cleo"), make(), make("adam", modules=("HR",))
    for each in strangers:
        assert each.get(f"{place}/status").status_code == 404
    assert adam.get(f"/approvals/other-{REQUEST}").status_code == 404


def test_no_month_of_that_name(client: PageClient, people: People) -> None:
    sign_in(client, people.olga)
    for name in ("1999-01", "2026-13", "x", "2026-1", "９" * 4 + "-01", "9" * 400):
        assert client.get(f"{HERE}/{name}").status_code == 404, name


@pytest.mark.usefixtures("january")
def test_the_same_from_the_shell(app: Flask, people: People, tmp_path: Path) -> None:
    anchor(app)
    run, file = app.test_cli_runner(), tmp_path / "2026-01.zip"

    def says(*words: str) -> str:
        return run.invoke(args=["portal", "months", *words]).output

    given = "--pack", str(file), "--reason", "It is over.", "--as", "adam@example.org"
    listed = says("list")
    assert "2026-01  1 requests  Can be removed." in listed
    assert "Up to 12 months are listed" in listed
    assert "no month 2025-13" in says("remove", "2025-13", *given)
    assert "is to go with 1 requests" in says("remove", "2026-01", *given)
    assert file.read_bytes().startswith(b"PK")
    assert "That was said already." in says("remove", "2026-01", *given)
    assert "0 requests and 0 months" in says("go-on")
    anchor(app)
    assert "1 requests and 1 months" in says("go-on")
    assert "2026-01  removed" in says("list")
