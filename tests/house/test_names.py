"""Names say what a thing is; a drawer for everything has none."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

from portal.domain.request.commands import COMMANDS
from portal.domain.request.events import EVENTS
from tests.house.tree import ROOT, label, named, parsed

DRAWERS = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc", "base"}
VAGUE = re.compile(r"(Manager|Helper|Utils?|Handler)$")
CLASS = re.compile(r"^\s*class (\w+)", re.MULTILINE)
CODE = named(".py", under=("portal", "scripts"))


def test_no_file_or_folder_is_a_drawer() -> None:
    files = [path.relative_to(ROOT) for path in named(".py")]
    assert [path for path in files if {path.stem, *path.parts} & DRAWERS] == []


def test_no_class_is_vague() -> None:
    found = [(label(path), CLASS.findall(path.read_text(encoding="utf-8"))) for path in CODE]
    assert [(path, name) for path, names in found for name in names if VAGUE.search(name)] == []


# A noun of the domain may have its row among the models, and its shape in the API.
SHAPES = {"models", "api"}


def test_a_name_of_a_class_is_used_once() -> None:
    rooms: defaultdict[str, list[str]] = defaultdict(list)
    for path in named(".py", under=("portal",)):
        room = path.relative_to(ROOT / "portal").parts[0]
        for name in CLASS.findall(path.read_text(encoding="utf-8")):
            if room not in SHAPES:
                rooms[name].append(label(path))
    assert {name: paths for name, paths in rooms.items() if len(paths) > 1} == {}


KINDS = {*COMMANDS, *EVENTS}
IN_SQL = re.compile(r"'(\w+)'")
# They have words for people; whoever names a kind says `Submit.__name__`.
SPOKEN = {"_", "lazy", "msgid", "ngettext"}
APART = ("domain", "legacy", "models/__init__.py")


def kinds_in_strings(path: Path) -> Iterator[tuple[str, str]]:
    """Names of commands and events that stand in a file as strings, alone or quoted in SQL."""
    tree = parsed(path)
    nodes = [*ast.walk(tree)]
    words = {id(part) for each in nodes if _is_spoken(each) for part in each.args}
    for each in nodes:
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in words:
            for name in {each.value, *IN_SQL.findall(each.value)} & KINDS:
                yield label(path), name


def _is_spoken(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SPOKEN


def test_kinds_are_named_by_their_classes() -> None:
    """A kind that is renamed, or goes, is then missed at once."""
    rooms = tuple(f"portal/{each}" for each in APART)
    files = [path for path in named(".py", under=("portal",)) if not label(path).startswith(rooms)]
    assert [found for path in files for found in kinds_in_strings(path)] == []
