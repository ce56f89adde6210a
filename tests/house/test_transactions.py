"""Who commits. An act of a person is one transaction: what the page called ends it, once, at last.

`issue()` is that end wherever a command is stored. Whatever services share takes the transaction
that it is called in. See "Transactions" in docs/architecture.md.
"""

import ast
from collections.abc import Iterator
from functools import cache

from tests.house.tree import ROOT, functions, label, named, parsed

SERVICES = ROOT / "portal" / "services"
# These stand apart from the act they serve: they hold whatever becomes of it.
APART = {
    "acts.keep": "a refusal, a look or a file is recorded whatever becomes of the request",
    "attempts.begin": "a try is counted before the password is looked at",
    "attempts.forget": "the same, taken back",
    "sign_in._note_refused": "a refused try is noted, whatever becomes of it",
    "sign_ins.refused": "the same",
    "commands._commit": "the end of `issue`, which counts as its own",
    "commands.leave_to_relay": "what the relay does with a command that is stored",
    "attachments._keep": "each file with its row: no connection is held while bytes travel",
    "attachments.drop": "the rows first, then the bytes",
    "log_exports._written": "how far a file has come is noted while it goes out",
}
# One of many is told of its answer, and so goes on after its end.
GOES_ON = ["requests.move_to_policy calls commands.issue"]
# What is beside requests: background loops, the record, the mover and the shell have their own.
ROOMS = ("pages", "presenters", "queries", "directory", "domain", "forms", "presentation")


def commits(tree: ast.AST) -> int:
    """How often it commits, itself or by a `_commit` of its own file."""
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return sum(
        (isinstance(each, ast.Attribute) and each.attr == "commit")
        or (isinstance(each, ast.Name) and each.id == "_commit")
        for each in called
    )


def services() -> Iterator[tuple[str, str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in named(".py", under=("portal",)):
        if path.is_relative_to(SERVICES):
            for function in functions(path):
                yield path.stem, function.name, function


def test_an_act_commits_once() -> None:
    assert [f"{file}.{name}" for file, name, node in services() if commits(node) > 1] == []


def test_what_commits_is_the_end_of_an_act() -> None:
    """No service calls another that commits but as the last thing it does, as verbs do `issue`."""
    ends = {f"{file}.{name}" for file, name, node in services() if commits(node)} - set(APART)
    assert "commands.issue" in ends
    wrong = [
        f"{file}.{name} calls {called}"
        for file, name, node in services()
        for call, called in _calls(file, node)
        if called in ends and id(call) not in {id(each) for each in _returned(node)}
    ]
    assert sorted(wrong) == sorted(GOES_ON)


def test_nobody_else_commits() -> None:
    inside = [
        path
        for path in named(".py", under=("portal",))
        if path.relative_to(ROOT / "portal").parts[0] in ROOMS
    ]
    assert [label(path) for path in inside if commits(parsed(path))] == []


def _returned(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.Call]:
    for each in ast.walk(node):
        if isinstance(each, ast.Return) and isinstance(each.value, ast.Call):
            yield each.value


def _calls(
    file: str, node: ast.FunctionDef | ast.AsyncFunctionDef
) -> Iterator[tuple[ast.Call, str]]:
    """Calls of services, by module and name."""
    known = _names(file)
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            yield call, known.get(ast.unparse(call.func), "")


@cache
def _defined(file: str) -> list[str]:
    """The functions of a file of services."""
    return [each.name for each in functions(SERVICES / f"{file}.py")]


@cache
def _names(file: str) -> dict[str, str]:
    """What the functions of services are called in a file of theirs."""
    known = {name: f"{file}.{name}" for name in _defined(file)}
    for node in ast.walk(parsed(SERVICES / f"{file}.py")):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        for each in node.names:
            if node.module == "portal.services":
                names = [f"{each.name}.{name}" for name in _defined(each.name)]
                known |= dict(zip(names, names, strict=True))
            elif node.module.startswith("portal.services."):
                known[each.name] = f"{node.module.split('.')[-1]}.{each.name}"
    return known
