"""Is it alive, and can it work?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from flask import Flask
from sqlalchemy import insert

from portal.extensions import db
from portal.models import WorkerHeartbeat
from tests.clients import PageClient


def beat(app: Flask, queue: str, seconds_ago: int) -> None:
    seen = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    with app.app_context():
        row = {"worker": f"w{seconds_ago}", "task_queue": queue, "seen_at": seen}
        db.session.execute(insert(WorkerHeartbeat).values(row))
        db.session.commit()


def test_the_process_is_alive_without_any_server(client: PageClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}


def test_each_part_is_named(client: PageClient) -> None:
    response = client.get("/readyz")
    assert response.status_code == 503
    parts = {name: part["ok"] for name, part in response.json.items() if name != "status"}
    assert parts == {
        "database": True, "schema": True, "temporal": False, "worker": False, "workflows": None,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/readyz", "/readyz/pages"])
def test_in_production_strangers_are_told_ready_or_not(make_app, settings, path: str) -> None:
    client = make_app(replace(settings, environment="production")).test_client()
    answer = client.get(path)
    assert answer.json == {"status": "ready" if answer.status_code == 200 else "not ready"}


def test_pages_are_ready_while_temporal_and_every_worker_are_away(client: PageClient) -> None:
    response = client.get("/readyz/pages")
    assert (response.status_code, response.json["status"]) == (200, "ready")


@pytest.mark.parametrize(
    ("queue", "age", "well"),
    [("gloria-workflows", 25, True), ("gloria-workflows", 35, False), ("another", 1, False)],
)
def test_a_worker_counts_for_half_a_minute(app, client, queue: str, age: int, well: bool) -> None:
    beat(app, queue, age)
    assert client.get("/readyz").json["worker"]["ok"] is well


def test_without_a_database_all_is_said_still(make_app, settings) -> None:
    nowhere = replace(settings, database_url="postgresql://nobody@127.0.0.1:1/none")
    answer = make_app(nowhere).test_client().get("/readyz")
    assert answer.status_code == 503
    assert not answer.json["database"]["ok"]


@pytest.mark.parametrize(
    ("loss", "words"),
    [("DELETE FROM portal.schema_revisions WHERE revision > '0034'", "is at 0034 and needs"),
     ("DELETE FROM portal.schema_revisions", "not known which revisions")],
)  # fmt: skip
def test_a_schema_that_is_old_or_unknown_is_no_success(app, client, loss: str, words: str) -> None:
    # By the owner: the portal's own account may not.
    with psycopg.connect(app.config["SETTINGS"].database_migration_url) as connection:
        connection.execute(loss)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert not answer.json["schema"]["ok"]
    assert words in answer.json["schema"]["detail"]


@pytest.mark.temporal
def test_ready_when_all_are_well(make_app, temporal_settings) -> None:
    app = make_app(temporal_settings)
    beat(app, temporal_settings.temporal_task_queue, 1)
    response = app.test_client().get("/readyz")
    assert (response.status_code, response.json["status"]) == (200, "ready")
