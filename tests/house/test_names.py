"""Names say what a thing is; a drawer for everything has none."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.tree import label, named, parsed

DRAWERS = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc", "base"}
VAGUE = re.compile(r"(Manager|Helper|Utils?|Handler)$")
PYTHON = named(".py")
PACKAGES = ("portal", "scripts")


@pytest.mark.parametrize("path", PYTHON, ids=label)
def test_no_file_or_folder_is_a_drawer(path: Path) -> None:
    assert not {part.removesuffix(".py") for part in path.parts} & DRAWERS


@pytest.mark.parametrize("path", named(".py", under=PACKAGES), ids=label)
def test_no_class_is_vague(path: Path) -> None:
    classes = [node.name for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)]
    assert not [name for name in classes if VAGUE.search(name)]


@pytest.mark.parametrize("path", named(".py", under=PACKAGES), ids=label)
def test_every_module_says_what_it_means(path: Path) -> None:
    assert ast.get_docstring(parsed(path))
