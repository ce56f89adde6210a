"""Addresses of static files that change with their content, so browsers may keep them a year."""

from collections.abc import Callable
from hashlib import blake2s
from pathlib import Path


def fingerprint(file: Path) -> str:
    """Eight hex digits of the content; "0" when there is no such file."""
    if not file.is_file():
        return "0"
    return blake2s(file.read_bytes(), digest_size=4).hexdigest()


def static_address(folder: Path, prefix: str, *, watch: bool = False) -> Callable[[str], str]:
    """A function from `css/app.css` to `/static/css/app.css?v=1f0c9e2a`. With `watch`, files are
    read again each time, for development."""
    known: dict[str, str] = {}

    def address(name: str) -> str:
        if watch or name not in known:
            known[name] = f"{prefix}/{name}?v={fingerprint(folder / name)}"
        return known[name]

    return address
