"""Short functions: where one wants to be longer, it is usually two."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.house.tree import functions, label, length, named

FUNCTION, VIEW, TEST, FIXTURES = 40, 25, 30, 5

# A migration is a list of statements about one table, and is never changed again.
CODE = [path for path in named(".py") if "versions" not in path.parts]
TESTS = set(named(".py", under=("tests",)))


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


@dataclass(frozen=True)
class Size:
    """A function of the repository, measured; `fixtures` is what a test asks for."""

    path: Path
    name: str
    lines: int
    limit: int
    fixtures: int


@cache
def sizes() -> list[Size]:
    """Every function: reading them all takes seconds, so it is done once."""
    return [
        Size(path, node.name, length(node), limit(path, node), _fixtures(node))
        for path in CODE
        for node in functions(path)
    ]


def test_functions_are_short() -> None:
    long = [each for each in sizes() if each.lines > each.limit]
    assert [f"{label(each.path)}: {each.name}: {each.lines} lines" for each in long] == []


def test_a_test_asks_for_few_fixtures() -> None:
    tests = [each for each in sizes() if each.path in TESTS and each.name.startswith("test_")]
    many = [each for each in tests if each.fixtures > FIXTURES]
    assert [f"{label(each.path)}: {each.name}" for each in many] == []


def _fixtures(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if not node.name.startswith("test_"):
        return 0
    return len(node.args.args) - _given_by_mark(node)


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
