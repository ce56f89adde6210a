"""Which user PostgreSQL runs as, and which folders that user can reach.

PostgreSQL refuses to run as root. Then an existing unprivileged user serves, and the folder of its
data is given to it. Where that user cannot reach the clone, data and programs go to a folder of
ours outside of it.
"""

import hashlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.local.failure import LocalFailure

CANDIDATES = ("postgres", "nobody")
BASES = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - ownership is checked in _own_folder


@dataclass(frozen=True)
class Account:
    """A user of this machine, by number."""

    name: str
    uid: int
    gid: int

    def can_run(self, program: Path) -> bool:
        """Whether this user can start the program; asks the system by trying."""
        return self._try([str(program), "--version"])

    def can_enter(self, folder: Path) -> bool:
        """Whether this user can pass through the folder."""
        return self._try(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)])

    def own(self, folder: Path) -> None:
        """Give this user a folder that we made."""
        os.chown(folder, self.uid, self.gid)

    def _try(self, command: list[str]) -> bool:
        try:
            done = subprocess.run(
                command,
                cwd="/",
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
        except OSError:
            return False
        return done.returncode == 0


def unprivileged() -> Account | None:
    """The user for PostgreSQL: None means ourselves, since we are not root.

    Raises LocalFailure where we are root and no unprivileged user exists.
    """
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise LocalFailure(
        "PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody here: "
        "run this as an ordinary user, or set DATABASE_URL to a server of yours."
    )


def folder_for(home: Path, account: Account | None) -> Path:
    """A folder for data and programs that the account can reach, the same at every call.

    ``home`` itself where possible; else one keyed by home's path, remembered in ``home/location``.
    """
    home.mkdir(parents=True, exist_ok=True)
    if account is None:
        home.chmod(0o700)
        return home
    memory = home / "location"
    if memory.exists():
        return _own_folder(Path(memory.read_text(encoding="utf-8").strip()), account)
    if account.can_enter(home.parent):
        account.own(home)
        home.chmod(0o700)
        return home
    key = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    for base in BASES:
        try:
            folder = _own_folder(base / "gloria-approvals" / key, account)
        except (OSError, LocalFailure):
            continue
        memory.write_text(f"{folder}\n", encoding="utf-8")
        return folder
    raise LocalFailure(
        f"The user {account.name}, as whom PostgreSQL runs, can reach neither {home} nor a folder "
        "under /var/lib: clone to a folder that others may pass through, or set DATABASE_URL."
    )


def _own_folder(folder: Path, account: Account) -> Path:
    """Make a folder that belongs to us, others may pass through, and the account can reach."""
    for each in (folder.parent, folder):
        each.mkdir(mode=0o755, parents=True, exist_ok=True)
        about = each.lstat()
        if each.is_symlink() or about.st_uid != os.geteuid():
            raise LocalFailure(f"{each} belongs to somebody else.")
        each.chmod(0o755)
    if not account.can_enter(folder):
        raise LocalFailure(f"The user {account.name} cannot reach {folder}.")
    return folder
