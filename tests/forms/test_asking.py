"""What every new request is asked for beside the fields of its type."""

import pytest

from portal.forms.asking import changed_request, new_request
from portal.forms.building import Surroundings

WITH = {"title": "Chairs", "priority": "HIGH"}


def test_priority_is_preset_and_nothing_else_is_needed(around: Surroundings) -> None:
    form = new_request((), "URGENT", around).read(WITH, {})
    assert form.validate(), form.errors
    assert form["priority"].data == "HIGH"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("on_behalf_of", "Ana Example", "must be someone else"),
        ("priority", "HIGHEST", "one of the options"),
        ("due_at", "2026-10-07", "today or later"),
    ],
)
def test_what_makes_no_sense_is_refused(
    around: Surroundings, name: str, text: str, words: str
) -> None:
    form = new_request((), "MEDIUM", around).read(WITH | {name: text}, {})
    assert not form.validate()
    assert words in form.errors[name][0]


def test_a_changed_request_takes_a_comment(around: Surroundings) -> None:
    form = changed_request((), around).read({"title": "Chairs", "comment": "x" * 10_001}, {})
    assert not form.validate()
    assert "at most 10000 characters" in form.errors["comment"][0]
