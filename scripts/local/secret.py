"""Random secrets of one installation, each kept in a file that only its owner reads."""

import os
import secrets
from pathlib import Path


def kept(path: Path) -> str:
    """The secret in the file; made at the first call."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        secret = secrets.token_urlsafe(36)
        write_private(path, secret + "\n")
        return secret


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 600 in one step: it is there whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
