"""Everything that is kept about a person as one ZIP archive: JSON for each part, and their files.

It is written while it is sent: memory stays flat, whatever there is.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from portal.config import Settings
from portal.domain.proof.acts import ActKind
from portal.domain.request.files import KeptFile
from portal.queries import kept
from portal.queries.kept import KeptPart
from portal.services import acts
from portal.services.file_store import FileGone, StoreAway, store_of

AT_ONCE = 64 * 1024


class _Pipe:
    """Takes what the archive writes until it is sent on; it cannot be wound back."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        """Take some bytes."""
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        """Nothing: whoever reads asks for it."""

    def taken(self) -> bytes:
        """What was written since, to be sent."""
        taken, self._waiting = bytes(self._waiting), bytearray()
        return taken


def begin(person_id: str) -> None:
    """Record that everything about somebody is taken."""
    acts.keep(ActKind.EXPORTED, person_id, what="person")


def archive(person_id: str, settings: Settings) -> Iterator[bytes]:
    """The pieces of the archive."""
    pipe = _Pipe()
    with ZipFile(pipe, "w", ZIP_DEFLATED) as made:  # type: ignore[call-overload]  # only written
        for part in kept.PARTS:
            with made.open(_named(f"{part.code}.json"), "w", force_zip64=True) as into:
                for text in _json(person_id, part):
                    into.write(text.encode())
                    yield pipe.taken()
            yield pipe.taken()
        missing: list[str] = []
        for file in kept.files(person_id):
            yield from _file(made, pipe, file, settings, missing)
        made.writestr(_named("about.json"), _about(person_id, missing))
    yield pipe.taken()


def _json(person_id: str, part: KeptPart) -> Iterator[str]:
    before = "[\n"
    for row in kept.rows(person_id, part):
        yield before + json.dumps(row, ensure_ascii=False, default=str)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _file(
    made: ZipFile, pipe: _Pipe, file: KeptFile, settings: Settings, missing: list[str]
) -> Iterator[bytes]:
    """A file under its id, for names may be the same; one that cannot be read is said."""
    named = _named(f"files/{file.id}-{_plain(file.name)}", ZIP_STORED)
    try:
        parts = store_of(settings).read(file.id)
        first = next(parts, b"")
    except (FileGone, StoreAway):
        missing.append(file.id)
        return
    with made.open(named, "w", force_zip64=True) as into:
        into.write(first)
        for each in parts:
            into.write(each)
            yield pipe.taken()
    yield pipe.taken()


def _about(person_id: str, missing: list[str]) -> str:
    said: dict[str, Any] = {
        "person": person_id,
        "made": datetime.now(UTC).isoformat(),
        "files_that_could_not_be_read": missing,
        "not_in_here": [
            "Passwords, keys, tokens and their hashes.",
            "Copies in backups, in Temporal's histories, and in messages that were sent.",
        ],
    }
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def _named(name: str, method: int = ZIP_DEFLATED) -> ZipInfo:
    info = ZipInfo(name, datetime.now(UTC).timetuple()[:6])
    info.compress_type = method
    info.external_attr = 0o600 << 16
    return info


def _plain(name: str) -> str:
    """A name that is one on every system."""
    return "".join(c if c.isalnum() or c in ".-_ " else "_" for c in name)[-100:]
