"""What runs inside a workflow asks neither the clock nor chance, and reads nothing.

Workers run without Temporal's sandbox, so this is the guard.
"""

import ast
from pathlib import Path

import pytest

from portal.config import ROOT

FILES = sorted([*(ROOT / "portal/domain").rglob("*.py"), *(ROOT / "portal/workflows").glob("*.py")])
FORBIDDEN_MODULES = {"asyncio", "io", "os", "pathlib", "random", "secrets", "socket", "subprocess",
                     "threading", "time"}  # fmt: skip
FORBIDDEN_CALLS = {"now", "today", "utcnow", "uuid1", "uuid4", "uuid7", "monotonic", "open",
                   "print", "input", "id", "hash"}  # fmt: skip


def calls(tree: ast.AST) -> set[str]:
    """The last names of what is called, except on `workflow`, which is deterministic."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.add(node.func.id)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if not (isinstance(owner, ast.Name) and owner.id == "workflow"):
                found.add(node.func.attr)
    return found


def imports(tree: ast.AST) -> set[str]:
    """The first names of the modules imported."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_depends_on_clock_or_chance(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not imports(tree) & FORBIDDEN_MODULES
    assert not calls(tree) & FORBIDDEN_CALLS
