"""The administrators' standing checks, and what puts right what they find."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from portal.extensions import db
from portal.temporal.gateway import Scheduled
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess
from tests.web import People, as_owner

HERE = "/admin/health"


def execute(app: Flask, statement: str, **values: object) -> None:
    with app.app_context():
        db.session.execute(text(statement), values)
        db.session.commit()


def press(client: PageClient, kind: str) -> str:
    return client.post_form(client.get_page(HERE), f"{HERE}/{kind}").text


def change_the_record(app: Flask) -> None:
    """What the nightly verification then says, of a log that was begun."""
    execute(
        app,
        "INSERT INTO portal.checks (name, begun_at, done_at, report) VALUES ('verification',"
        " now(), now(), CAST(:report AS jsonb))",
        report=json.dumps({"problems": 1, "named": [f"{NUMBER}, event 2: it was changed."]}),
    )
    with as_owner(app) as owner:
        owner.execute(
            text(
                "INSERT INTO portal.audit_checkpoints (origin, size, signed_at, note)"
                " VALUES ('x', 1, now(), '')"
            )
        )


@pytest.mark.usefixtures("asked")
def test_checks_find_what_is_stuck_and_repairs_are_acts(
    client: PageClient,
    app: Flask,
    people: People,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign_in(client, people.adam)
    page = client.get_page(HERE)
    assert "No worker is running" in page.text
    assert "Every open request asks somebody who is active and may decide." in page.text
    execute(app, "UPDATE portal.users SET is_active = false WHERE id = :id", id=people.ben)
    change_the_record(app)
    page = client.get_page(HERE)
    assert "1 request" in page.text
    assert f"1 problem; {NUMBER}, event 2: it was changed." in page.text
    assert "It was done for 1, and recorded." in press(client, "approvers")
    assert "Every open request asks somebody who is active" in client.get_page(HERE).text
    monkeypatch.setattr(InProcess, "trigger", lambda _self, _what: False)
    assert "Temporal does not answer" in press(client, "verification")
    monkeypatch.setattr(InProcess, "trigger", lambda _self, it: it is Scheduled.VERIFICATION)
    assert "It was started, and recorded." in press(client, "verification")
    assert client.get_page("/audit?kind=repaired").text.count("Had something repaired") >= 2


def test_nothing_is_called_well_that_was_not_looked_at(
    client: PageClient, app: Flask, people: People
) -> None:
    execute(
        app,
        "INSERT INTO portal.worker_heartbeats (worker, task_queue, started_at, seen_at)"
        " VALUES ('w', 'q', now(), now())",
    )
    sign_in(client, people.adam)
    page = client.get_page(HERE)
    assert "Not compared with Temporal yet." in page.text
    assert "Nothing wrong was found, but" in page.text
    assert "Nothing is stuck." not in page.text
    assert "w on q" in page.text


def test_what_was_well_long_ago_is_not_called_well_now(
    client: PageClient, app: Flask, people: People
) -> None:
    execute(
        app,
        "INSERT INTO portal.checks (name, begun_at, done_at, report) SELECT name, now() - interval"
        " '3 days', now() - interval '3 days', '{}' FROM (VALUES ('workflows'), ('verification'))"
        " v(name)",
    )
    sign_in(client, people.adam)
    page = client.get_page(HERE)
    assert "Nothing differed then, and nothing was compared since." in page.text
    assert "All was well then, and nothing was verified since." in page.text
    assert "Every open request has its workflow" not in page.text
    assert "The record is what was recorded" not in page.text


def test_a_folder_that_cannot_be_read_is_not_called_roomy(
    client: PageClient, app: Flask, people: People, tmp_path: Path
) -> None:
    sign_in(client, people.adam)
    assert "are free." in client.get_page(HERE).text  # where the folder will be
    nowhere = tmp_path / ("x" * 300)  # longer than any file system takes
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], attachments_dir=nowhere)
    assert "The folder for attached files cannot be read" in client.get_page(HERE).text


def test_messages_of_webhooks_that_nobody_sends_are_not_called_under_way(
    client: PageClient, app: Flask, people: People
) -> None:
    execute(
        app,
        "WITH made AS (INSERT INTO portal.webhook_endpoints (id, name, url, sealed, state) VALUES"
        " (gen_random_uuid(), 'ERP', 'https://erp.example.org', '', 'on') RETURNING id)"
        " INSERT INTO portal.webhook_deliveries (id, endpoint_id, type, at, due_at) SELECT"
        " gen_random_uuid(), id, 'request.approved', now(), now() - interval '1 hour' FROM made",
    )
    sign_in(client, people.adam)
    assert "1 message should be on its way: do workers run?" in client.get_page(HERE).text


def let_them_fail(app: Flask) -> None:
    """A copy that is late, a stream that is left alone, a webhook that was given up."""
    with as_owner(app) as owner:
        owner.execute(
            text("INSERT INTO portal.audit_checkpoints VALUES ('x/audit/1', 7, now(), '')")
        )
        owner.execute(
            text(
                "INSERT INTO portal.audit_anchors VALUES (gen_random_uuid(), 'mail', 7, now()),"
                " (gen_random_uuid(), 'folder', 7, now() - interval '2 days')"
            )
        )
    execute(
        app,
        "INSERT INTO portal.log_streams (id, name, protocol, address, shape, sealed, state,"
        " next_leaf, failing_since, rest_until, last_error) VALUES (gen_random_uuid(), 'SIEM',"
        " 'https', 'https://siem.example.org', 'json', '', 'on', 0, now(), now() + interval"
        " '5 minutes', 'It answered 503.')",
    )
    execute(
        app,
        "WITH made AS (INSERT INTO portal.webhook_endpoints (id, name, url, sealed, state) VALUES"
        " (gen_random_uuid(), 'ERP', 'https://erp.example.org', '', 'on') RETURNING id)"
        " INSERT INTO portal.webhook_deliveries (id, endpoint_id, type, at, status)"
        " SELECT gen_random_uuid(), id, 'request.approved', now(), 'FAILED' FROM made",
    )


def test_the_log_streams_and_webhooks_stand_there_and_a_repair_pressed_twice_does_no_harm(
    client: PageClient, app: Flask, people: People
) -> None:
    sign_in(client, people.adam)
    let_them_fail(app)
    page = client.get_page(HERE)
    for words in ("Copies outside: mail", "Nothing was kept there since yesterday.",
                  "SIEM: Failing", "It answered 503.", "ERP: On, 1 message failed"):  # fmt: skip
        assert words in page.text
    for kind in ("streams", "webhooks"):
        posted = client.post_form(page, f"{HERE}/{kind}")
        assert "It was done for 1, and recorded." in posted.text
        assert "There was nothing left to do." in client.post_form(page, f"{HERE}/{kind}").text


def test_the_canary_stands_there_where_it_is_sent(
    client: PageClient, app: Flask, people: People
) -> None:
    sign_in(client, people.adam)
    assert "Canary" not in client.get_page(HERE).text
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], canary=True)
    page = client.get_page(HERE)
    assert "None has gone the whole way yet" in page.text
    for _press in range(2):
        assert "It was started, and recorded." in client.post_form(page, f"{HERE}/canary").text
    execute(
        app,
        "UPDATE portal.checks SET begun_at = now(), done_at = now(), report = '{\"ms\": 1400}'"
        " WHERE name = 'canary'",
    )
    assert "decided and closed in 1.4 s" in client.get_page(HERE).text
    execute(app, "UPDATE portal.checks SET trouble = 'nobody was asked' WHERE name = 'canary'")
    assert "the whole way: nobody was asked" in client.get_page(HERE).text
