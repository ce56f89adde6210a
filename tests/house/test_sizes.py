"""Short functions: where one wants to be longer, it is usually two."""

import ast
from pathlib import Path

from tests.house.tree import functions, label, length, named

FUNCTION, VIEW, TEST, FIXTURES = 40, 25, 30, 5

# A migration is a list of statements about one table, and is never changed again.
CODE = [path for path in named(".py") if "versions" not in path.parts]


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


def test_functions_are_short() -> None:
    found = [(path, node) for path in CODE for node in functions(path)]
    long = [(path, node) for path, node in found if length(node) > limit(path, node)]
    assert [f"{label(path)}: {node.name}: {length(node)} lines" for path, node in long] == []


def test_a_test_asks_for_few_fixtures() -> None:
    found = [(path, node) for path in named(".py", under=("tests",)) for node in functions(path)]
    tests = [(path, node) for path, node in found if node.name.startswith("test_")]
    many = [each for each in tests if len(each[1].args.args) - _given_by_mark(each[1]) > FIXTURES]
    assert [f"{label(path)}: {node.name}" for path, node in many] == []


def _given_by_mark(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many arguments come from ``parametrize`` or ``given`` and are no fixtures."""
    number = 0
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("parametrize"):
            names = ast.literal_eval(mark.args[0])
            number += len(names.split(",") if isinstance(names, str) else names)
        elif isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("given"):
            number += len(mark.args) + len(mark.keywords)
    return number
