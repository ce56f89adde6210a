"""Modules import in one direction. What rooms may import: .importlinter, by ./scripts/check."""

from graphlib import TopologicalSorter

import grimp


def test_no_modules_import_each_other_by_whatever_way() -> None:
    graph = grimp.build_graph("portal", cache_dir=None)
    needs = {each: graph.find_modules_directly_imported_by(each) for each in graph.modules}
    TopologicalSorter(needs).prepare()  # raises CycleError, which names the modules
