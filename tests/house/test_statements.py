"""SQL that is written by hand: why, and with which placeholders."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import ROOT, label, named, parsed

BEGINNING = r"(SELECT|WITH|LISTEN|UPDATE|INSERT INTO|DELETE FROM|SET LOCAL)"
STATEMENT = re.compile(rf"\s*{BEGINNING}\s")
REASON = re.compile(r"^\s*# Raw: \S", re.MULTILINE)
OF_DRIVER = re.compile(r"%s|%\(\w+\)s")
FILES = [
    path
    for path in named(".py", under=("portal",))
    if not path.is_relative_to(ROOT / "portal" / "legacy")
    # The others have none, and need not be parsed.
    and re.search(BEGINNING, path.read_text(encoding="utf-8"))
]


def raw(node: ast.AST) -> list[ast.Constant]:
    """The strings in it that begin like a statement."""
    strings = (each for each in ast.walk(node) if isinstance(each, ast.Constant))
    return [each for each in strings if isinstance(each.value, str) and STATEMENT.match(each.value)]


def unexplained(path: Path) -> Iterator[int]:
    """Lines of statements without a reason: "# Raw: why not SQLAlchemy's" stands above them or the
    first of several; it ends with the next function or class that has no statement."""
    lines, end, is_said = path.read_text(encoding="utf-8").splitlines(), 0, False
    for node in parsed(path).body:
        found = raw(node)
        begin = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
        if REASON.search("\n".join(lines[end : begin - 1])):
            is_said = True
        elif not found and isinstance(node, ast.FunctionDef | ast.ClassDef):
            is_said = False
        for each in found:
            if not is_said and not REASON.search("\n".join(lines[begin : each.lineno])):
                yield each.lineno
        end = node.end_lineno or node.lineno


def test_each_raw_statement_has_a_reason() -> None:
    assert [f"{label(path)}:{line}" for path in FILES for line in unexplained(path)] == []


def test_values_are_named_as_sqlalchemy_names_them() -> None:
    """`:name` everywhere; `for_driver` makes of it what the driver takes."""
    found = [
        f"{label(path)}:{each.lineno}"
        for path in FILES
        if OF_DRIVER.search(path.read_text(encoding="utf-8"))
        for node in parsed(path).body
        if raw(node)
        for each in ast.walk(node)
        if isinstance(each, ast.Constant)
        and isinstance(each.value, str)
        and OF_DRIVER.search(each.value)
    ]
    assert found == []


# Four words or more that begin with a capital, or with a space behind something.
SENTENCE = re.compile(r"^\s*'(?:[A-Z]\w*| [a-z]+)(?:,? [a-z]+){3,}'$")


def test_sentences_stand_in_no_statement() -> None:
    """A database knows no languages: what people read is said where it is shown."""
    assert SENTENCE.match("' is asked, and no longer active'")
    assert SENTENCE.match("'Nobody is asked now'")
    found = [
        f"{label(path)}:{node.lineno}"
        for path in named(".py", under=("portal",))
        if "literal_column" in path.read_text(encoding="utf-8")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and SENTENCE.match(node.value)
    ]
    assert found == []
