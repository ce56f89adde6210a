"""One clone's own data: what lies where under ``var/``, and who may use it now."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.local import secret
from scripts.local.failure import LocalFailure, explained

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT_BY_FRESH = ("run.lock", "log")


@dataclass(frozen=True)
class Installation:
    """The folders and files of one clone."""

    root: Path = ROOT

    @property
    def var(self) -> Path:
        """Everything that this installation keeps."""
        return self.root / "var"

    @property
    def demo_accounts(self) -> Path:
        """One line for each demo account; there once the demo organisation is loaded."""
        return self.var / "demo-accounts.txt"

    def log(self, name: str) -> Path:
        """The log of one part."""
        return self.var / "log" / f"{name}.log"

    def code(self) -> str:
        """A fingerprint of the migrations."""
        digest = hashlib.sha256()
        for path in sorted((self.root / "migrations").glob("*/*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the installation; a second run in the same clone is told about the first."""
        with explained(self.var):
            self.var.mkdir(parents=True, exist_ok=True)
            self._close()
            lock = (self.var / "run.lock").open("a+", encoding="ascii")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise LocalFailure(
                    f"This clone is running already (process {lock.read().strip() or 'unknown'}): "
                    "stop that one with Ctrl-C first."
                ) from None
            with explained(self.var):
                lock.truncate(0)
                lock.write(f"{os.getpid()}\n")
                lock.flush()
            yield

    def _close(self) -> None:
        """Leave nothing under ``var/`` to other users, whatever an older version left there.

        PostgreSQL's own user passes through ``var/`` to its data where we are root.
        """
        self.var.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder, folders, files in os.walk(self.var):
            for path in (Path(folder) / name for name in (*folders, *files)):
                about = path.lstat()
                if about.st_uid == os.geteuid() and not path.is_symlink():
                    path.chmod(about.st_mode & 0o700)

    def remembered(self, name: str) -> dict[str, float]:
        """Numbers that an earlier run kept under this name; empty where there are none."""
        try:
            found = json.loads((self.var / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(key): float(value) for key, value in found.items()}

    def remember(self, name: str, numbers: Mapping[str, float]) -> None:
        """Keep numbers for the next run."""
        secret.write_private(self.var / f"{name}.json", json.dumps(numbers) + "\n")

    def delete(self) -> None:
        """Forget all data and secrets. Servers of this installation must have been stopped."""
        for postgres in (self.var / "postgres",):
            location = postgres / "location"
            if location.exists():
                shutil.rmtree(location.read_text(encoding="utf-8").strip(), ignore_errors=True)
        for each in self.var.iterdir():
            if each.name in KEPT_BY_FRESH:
                continue
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each)
            else:
                each.unlink()
