"""Dataclasses to JSON and back: what is stored today can be read by tomorrow's code."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from portal.domain.codec import decode, decode_text, encode
from portal.domain.errors import CannotDecode, DomainError
from portal.domain.request import commands
from portal.domain.request.events import CommentAdded
from portal.domain.request.evolve import evolve
from portal.domain.request.state import Approval, Content, PassedStage, Priority, Task
from tests.domain.story import MONDAY


@dataclass(frozen=True)
class Younger:
    """A message of a later version."""

    name: str
    added: int = 7


def test_a_command_survives_as_plain_json() -> None:
    command = commands.Submit(
        command_id="c", request_id="r", actor_id="rita", at=MONDAY, number="PR-1",
        type_code="purchase", policy_version_id="v1", priority=Priority.HIGH,
        content=Content(title="Größe 🪑", fields={"a": [1, {"b": None}]}, amount=10**15),
    )  # fmt: skip
    assert decode(commands.Submit, json.loads(json.dumps(encode(command)))) == command


def test_times_become_utc() -> None:
    there = datetime(2026, 1, 5, 14, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert encode(there) == "2026-01-05T09:00:00+00:00"


def test_older_and_newer_data_are_read() -> None:
    assert decode(Younger, {"name": "a"}) == Younger("a", 7)
    assert decode(Younger, {"name": "a", "from_the_future": 1}) == Younger("a", 7)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Task.id is missing"),
        ([], "Task: Expected `object`, got `array`"),
        ({"id": 1, "assignee_id": "a"}, "Task.id: Expected `str`, got `int`"),
        (
            {"id": "1", "assignee_id": "a", "status": "GONE"},
            "Task.status: Invalid enum",
        ),
        ({"id": "1", "assignee_id": "a", "due_at": "soon"}, "Task.due_at: "),
    ],
)
def test_what_does_not_fit_is_named(data: Any, words: str) -> None:
    with pytest.raises(CannotDecode, match=words):
        decode(Task, data)


@pytest.mark.parametrize("value", [Decimal(1), timedelta(1), b"bytes"])
def test_what_has_no_json_form_is_an_error(value: object) -> None:
    with pytest.raises(TypeError, match="no JSON form"):
        encode(value)


def test_the_way_leads_into_lists_and_text_is_read_in_one_pass() -> None:
    state = Approval(request_id="r", passed=(PassedStage(key="a", index=0, round=1),))
    text = json.dumps(encode(state))
    assert decode_text(Approval, text) == state
    broken = text.replace('"index": 0', '"index": "0"')
    with pytest.raises(CannotDecode, match=r"^Approval\.passed\[0\]\.index: Expected `int`"):
        decode_text(Approval, broken)
    with pytest.raises(CannotDecode, match=r"^Approval: "):
        decode_text(Approval, "{")


def test_an_event_out_of_its_order_is_refused() -> None:
    event = CommentAdded(request_id="r", seq=3, at=MONDAY, comment="Hello.")
    with pytest.raises(DomainError, match="event 3 cannot follow event 0"):
        evolve(Approval(request_id="r"), event)
