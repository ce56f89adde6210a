"""One request in the middle of its course, and a way to send any route of the table to it."""

import re

import pytest
from flask import Flask
from sqlalchemy import insert
from werkzeug.test import TestResponse

from portal.config import Settings
from portal.extensions import db
from portal.legacy.models import LegacyMove
from portal.models import Calendar, ChatChannel
from portal.models.columns import new_id
from tests.asking import CODE
from tests.clients import PageClient
from tests.in_process import InProcess, submit
from tests.security.routes import Route
from tests.web import People

NUMBER = "CH-1001"
INSTANCE = "old-instance-1"
UNKNOWN = (
    "session_id",
    "command_id",
    "notification_id",
    "message_id",
    "draft_id",
    "attachment_id",
    "batch_id",
    "view_id",
    "delegation_id",
    "unit_id",
    "import_id",
    "passkey_id",
    "provider_id",
    "account_id",
    "token_id",
    "endpoint_id",
    "stream_id",
    "file_id",
    "delivery_id",
    "hold_id",
)


@pytest.fixture
def names(app: Flask, people: People, kind: dict[str, str], settings: Settings) -> dict[str, str]:
    """What the names in routes stand for: a request of Ana's with an open task of Ben's."""
    with app.app_context():
        state = InProcess(settings, db.engine).give(submit(kind, people))
        (task,) = state.open_tasks
        old = {"instance_id": INSTANCE, "old_state": "IN_PROGRESS", "kind": "active"}
        db.session.execute(insert(LegacyMove).values(**old, result="needs_person"))
        calendar = {"id": new_id(), "name": "Office", "time_zone": "UTC"}
        hours = {"1": [["09:00", "17:00"]]}
        db.session.execute(insert(Calendar).values(**calendar, hours=hours))
        channel = {"id": new_id(), "name": "Chat", "scheme": "ntfys", "host": "ntfy.example.org"}
        db.session.execute(insert(ChatChannel).values(**channel, sealed=b"not an address"))
        db.session.commit()
    real = {"number": NUMBER, "code": CODE, "request_id": state.request_id}
    real["task_id"] = task.id
    real["workflow_id"] = f"approval-{state.request_id}"
    real["instance_id"] = INSTANCE
    real["person_id"], real["calendar_id"] = people.eve, calendar["id"]
    real["channel_id"] = channel["id"]
    return real | {name: new_id() for name in UNKNOWN}


def path_of(route: Route, names: dict[str, str]) -> str:
    """The route's address with its names filled in."""
    given = {**names, **route.args}
    return re.sub(r"<(?:[^<>:]+:)?(\w+)>", lambda name: given[name[1]], route.rule)


def data_of(route: Route, names: dict[str, str]) -> dict[str, str]:
    """The route's form with its names filled in, without a CSRF token."""
    return {key: _filled(value, names) for key, value in route.data.items()}


def ask(client: PageClient, route: Route, names: dict[str, str]) -> TestResponse:
    """A route's answer; the form goes with a CSRF token of the client's session."""
    if route.method == "GET":
        return client.get(path_of(route, names))
    if route.method != "POST":
        return client.open(path_of(route, names), method=route.method)
    data = data_of(route, names) | {"csrf_token": client.csrf_token()}
    return client.post(path_of(route, names), data=data)


def _filled(value: str, names: dict[str, str]) -> str:
    if value == "<new>":
        return new_id()
    return names[value[1:-1]] if re.fullmatch(r"<\w+>", value) else value
