"""A contract of import-linter that reads like the table in docs/architecture.md."""

import sys
from collections.abc import Iterator

import grimp
from importlinter import Contract, ContractCheck, fields, output


class ImportTable(Contract):
    """Each room of a package imports only what its line grants.

    `rooms`: lines of `room: granted granted ...`, where a granted name is a room or, with a dot,
    one module of it. `common`: what all but the pure rooms may import as well. `pure`: rooms that
    import nothing from outside the package but the standard library and what their line names.
    """

    rooms = fields.ListField(subfield=fields.StringField())
    common = fields.SetField(subfield=fields.StringField())
    pure = fields.ListField(subfield=fields.StringField())

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        """Every import that no line grants, with its line of code."""
        root = self.session_options["root_packages"][0]
        pure = _table(self.pure)
        common = {str(room) for room in self.common}  # type: ignore[attr-defined]
        rooms = {
            room: granted if room in pure else granted | common
            for room, granted in _table(self.rooms).items()
        }
        wrong = [
            f"{importer} -> {imported}"
            for importer, imported in _imports(graph, root)
            if not _is_granted(importer, imported, rooms, pure)
        ]
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Says which imports no line grants."""
        for each in sorted(check.metadata["wrong"]):
            output.print_error(each)


def _table(lines: object) -> dict[str, set[str]]:
    pairs = (str(line).partition(":") for line in lines)  # type: ignore[attr-defined]
    return {room.strip(): set(granted.split()) for room, _, granted in pairs}


def _imports(graph: grimp.ImportGraph, root: str) -> Iterator[tuple[str, str]]:
    for importer in sorted(graph.modules):
        if importer.split(".")[0] == root:
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                yield importer, imported


def _is_granted(
    importer: str, imported: str, rooms: dict[str, set[str]], pure: dict[str, set[str]]
) -> bool:
    root, *own = importer.split(".")
    target, *parts = imported.split(".")
    if not own or own[0] not in rooms:
        return target != root  # the package itself imports no room, and every room is in the table
    if target != root:
        return own[0] not in pure or target in sys.stdlib_module_names | pure[own[0]]
    granted = {*rooms[own[0]], own[0]}
    return bool(parts) and (parts[0] in granted or ".".join(parts[:2]) in granted)
