"""The old engine's conditions: a field of the context, one of five operators, and a value."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from portal.legacy.values import NUMBER, mapping, text

MISSING = object()


class NoCondition(ValueError):
    """The condition cannot be read; the message says why, as the end of a sentence."""


def holds(condition: Any, context: dict[str, Any]) -> bool:
    """Whether the condition is true of the context; without a condition it is.

    Raises NoCondition for a shape or an operator that the old engine did not have.
    """
    if condition is None or condition in ({}, ""):
        return True
    parts = mapping(condition)
    field, operator = text(parts.get("field")), parts.get("operator")
    if field is None:
        raise NoCondition("it names no field")
    test = OPERATORS.get(operator) if isinstance(operator, str) else None
    if test is None:
        raise NoCondition(f"its operator is {operator!r}")
    return test(context.get(parts["field"], MISSING), parts.get("value"))


def in_words(condition: Any) -> str:
    """The condition as a clause, for pages: "if amount is greater than 500"."""
    parts = mapping(condition)
    operator = WORDS.get(str(parts.get("operator")), str(parts.get("operator")))
    return f"if {parts.get('field')} {operator} {parts.get('value')}"


def _equals(found: Any, value: Any) -> bool:
    if found is MISSING or _kind(found) != _kind(value):
        return False
    return bool(found == value)


def _differs(found: Any, value: Any) -> bool:
    return not _equals(found, value)


def _greater(found: Any, value: Any) -> bool:
    left, right = _number(found), _number(value)
    return left is not None and right is not None and left > right


def _less(found: Any, value: Any) -> bool:
    left, right = _number(found), _number(value)
    return left is not None and right is not None and left < right


def _contains(found: Any, value: Any) -> bool:
    if isinstance(found, list):
        return any(_equals(each, value) for each in found)
    return isinstance(found, str) and isinstance(value, str) and value in found


def _kind(value: Any) -> str:
    """The JSON type: true is no number, and 1 and 1.0 are the same."""
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__


def _number(value: Any) -> Decimal | None:
    """A number, also where it is written as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Decimal(repr(value))
    return Decimal(value) if isinstance(value, str) and NUMBER.fullmatch(value) else None


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _equals,
    "notEquals": _differs,
    "greaterThan": _greater,
    "lessThan": _less,
    "contains": _contains,
}
WORDS = {
    "equals": "is",
    "notEquals": "is not",
    "greaterThan": "is greater than",
    "lessThan": "is less than",
    "contains": "contains",
}
