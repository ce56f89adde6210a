"""The five operators, over contexts of every type."""

from typing import Any

import pytest

from portal.legacy.route import NoCondition, holds


@pytest.mark.parametrize(
    ("operator", "found", "value", "expected"),
    [
        ("equals", 5, 5.0, True),
        ("equals", "5", 5, False),
        ("equals", True, 1, False),
        ("equals", None, None, True),
        ("equals", ["a"], ["a"], True),
        ("notEquals", "5", 5, True),
        ("greaterThan", "600", 500, True),
        ("greaterThan", "600", "70", True),
        ("greaterThan", "abc", 1, False),
        ("lessThan", "abc", 1, False),
        ("lessThan", True, 5, False),
        ("lessThan", 0.1, "0.2", True),
        ("contains", "urgent matter", "urgent", True),
        ("contains", ["a", 5], 5, True),
        ("contains", ["5"], 5, False),
        ("contains", 55, 5, False),
    ],
)
def test_an_operator(operator: str, found: Any, value: Any, expected: bool) -> None:
    rule = {"field": "f", "operator": operator, "value": value}

    assert holds(rule, {"f": found}) is expected


@pytest.mark.parametrize("operator", ["equals", "greaterThan", "lessThan", "contains", "notEquals"])
def test_of_a_missing_field_only_not_equals_holds(operator: str) -> None:
    rule = {"field": "f.g", "operator": operator, "value": None}

    assert holds(rule, {"f": {"g": None}}) is (operator == "notEquals")


def test_without_a_condition_it_is_true() -> None:
    assert holds(None, {})
    assert holds({}, {})


@pytest.mark.parametrize("rule", [{"operator": "equals"}, {"field": "f"}, "amount > 5", 5, [1]])
def test_a_shape_that_the_engine_did_not_have(rule: Any) -> None:
    with pytest.raises(NoCondition):
        holds(rule, {"f": 1})
