"""Reading the repository as text and syntax, for the house rules."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git knows or would take: nothing of .venv, var or the caches."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    paths = sorted({ROOT / name for name in names.split("\0") if name})
    return tuple(path for path in paths if path.is_file())


def named(*suffixes: str, under: tuple[str, ...] = ()) -> list[Path]:
    """The files with one of these suffixes, in these top folders where any are given."""
    return [
        path
        for path in tracked()
        if path.suffix in suffixes and (not under or path.relative_to(ROOT).parts[0] in under)
    ]


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def label(path: Path) -> str:
    """The path as people write it."""
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines, from ``def`` to the last one."""
    return (node.end_lineno or node.lineno) - node.lineno + 1
