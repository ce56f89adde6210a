"""Names say what a thing is; a drawer for everything has none."""

import re

from tests.house.tree import ROOT, label, named

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
