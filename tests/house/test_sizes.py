"""Short functions: where one wants to be longer, it is usually two."""

import ast
from pathlib import Path

import pytest

from tests.house.tree import functions, label, length, named

FUNCTION, VIEW, TEST, FIXTURES = 40, 25, 30, 5

PYTHON = named(".py")
# A migration is a list of statements about one table, and is never changed again.
CODE = [path for path in PYTHON if "versions" not in path.parts]


def is_view(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a route decorator stands over it."""
    methods = {"route", "get", "post", "put", "patch", "delete"}
    calls = [each.func for each in node.decorator_list if isinstance(each, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr in methods for call in calls)


def limit(path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How long this function may be."""
    if path.name.startswith("test_") and node.name.startswith("test_"):
        return TEST
    return VIEW if "pages" in path.parts and is_view(node) else FUNCTION


@pytest.mark.parametrize("path", CODE, ids=label)
def test_functions_are_short(path: Path) -> None:
    found = [(node.name, length(node), limit(path, node)) for node in functions(path)]
    assert not [f"{name}: {lines} > {most}" for name, lines, most in found if lines > most]


@pytest.mark.parametrize("path", named(".py", under=("tests",)), ids=label)
def test_a_test_asks_for_few_fixtures(path: Path) -> None:
    tests = [node for node in functions(path) if node.name.startswith("test_")]
    asked = {node.name: len(node.args.args) - _given_by_mark(node) for node in tests}
    assert not [name for name, number in asked.items() if number > FIXTURES]


def _given_by_mark(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many arguments come from ``parametrize`` and are no fixtures."""
    number = 0
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("parametrize"):
            names = ast.literal_eval(mark.args[0])
            number += len(names.split(",") if isinstance(names, str) else names)
    return number
