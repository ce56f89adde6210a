"""Conditions: what may be saved, and what they say of a request."""

from typing import Any

import pytest

from portal.directory.conditions import check, evaluate, values_of
from portal.domain.errors import InvalidPolicy
from tests.domain.office import question

FIELDS = ("cost_centre", "note", "seats")


@pytest.mark.parametrize(
    "expression",
    [
        "amount >= 1000000",
        "priority == 'HIGH' && cost_centre in ['IT', 'HR']",
        "note == null || size(note) > 3",
        "note.contains('map(all)') // exists(",
        "round > 1 ? true : department == 'IT'",
        "seats == null || seats > 10",
        "double(amount) / 3.0 > 1.5",
    ],
)
def test_what_may_be_saved(expression: str) -> None:
    check(expression, FIELDS)


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("amount >= " + "1" * 491, "at most 500"),
        ("1" + " + 1" * 20_000, "at most 500"),
        ("[1].map(x, x)", "“map”"),
        ("[[1]].all(x, x.exists(y, y > 0))", "“all”"),
        ("[1] . // why not\n filter(x, true) == []", "“filter”"),
        ("[1].exists_one(x, x == 1)", "“exists_one”"),
        ("salary > 1", "“salary”"),
        ("amount >=", "not valid"),
        ("amount\x00 > 1", "not valid"),
        ("((((" * 60 + "true", "not valid"),
        ("amount", "true or false"),
        ("'yes'", "true or false"),
        ("cost_centre", "true or false"),
        ("now() > 3", "“now”"),
        ("{{7*7}}", "not valid"),
    ],
)
def test_what_may_not(expression: str, sentence: str) -> None:
    with pytest.raises(InvalidPolicy, match=sentence):
        check(expression, FIELDS)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("amount >= 1000000", True),
        ("amount > 1000000", False),
        ("amount >= 999999.5", True),
        ("cost_centre == 'IT'", True),
        ("note == null", True),
        ("department == 'HR' && round == 1 && currency == 'EUR'", True),
        ("note > 'a'", "it compares or joins values of different kinds, or an empty one"),
        (
            "note.startsWith('a')",
            "Undefined variable or function: 'startsWith', or it is asked of an empty value",
        ),
        ("seats / 0 > 1", "it divides by zero"),
        ("seats", "it gives neither true nor false"),
        ("cost_centre", "it gives neither true nor false"),
        ("a" * 501, "it is too long"),
    ],
)
def test_what_they_say(expression: str, value: bool | str) -> None:
    asked = question(
        amount=1_000_000, currency="EUR", fields={"cost_centre": "IT", "seats": 4, "amount": 7}
    )
    assert evaluate(expression, values_of(asked, FIELDS, "HR")) == value


def test_a_request_without_a_sum_or_department() -> None:
    values: dict[str, Any] = values_of(question(), FIELDS, None)
    assert evaluate("amount == null && department == null", values) is True
