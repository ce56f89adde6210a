"""The log as files, in the layout of C2SP tlog-tiles: tiles of 256 hashes, entries, a checkpoint.

    <folder>/<number>/checkpoint
    <folder>/<number>/tile/<level>/<tile>            and .p/<width> while it is not full
    <folder>/<number>/tile/entries/<tile>
    <folder>/<number>/key                            by which others check the checkpoint

What is written is never changed, but for the checkpoint, which is replaced. Tiles are written
before the checkpoint that counts them, so a crash leaves nothing that is counted and not there.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from portal.domain.proof import merkle, notes

WIDTH = 256
HASH = 32
LEVELS = 8  # of the tree, in one of tiles


class LogBroken(Exception):
    """The files of the log do not fit together; the message is a sentence for people."""


class LogFiles:
    """One log, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[tuple[int, int], list[bytes]] = {}

    def note(self) -> str | None:
        """The newest checkpoint, signed; None before the first. Raises LogBroken."""
        try:
            return (self.folder / "checkpoint").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise LogBroken(f"The checkpoint in {self.folder} cannot be read.") from error

    def checkpoint(self) -> notes.Checkpoint | None:
        """What the newest checkpoint says. Raises LogBroken."""
        note = self.note()
        try:
            return None if note is None else notes.read(note)
        except notes.Unreadable as error:
            raise LogBroken(f"The file {self.folder / 'checkpoint'} is no checkpoint.") from error

    def key(self) -> str | None:
        """The key that its checkpoints are signed with, as others check them; None before any."""
        try:
            return (self.folder / "key").read_text(encoding="utf-8").strip()
        except OSError:
            return None

    def publish(self, note: str, key: str) -> None:
        """Replace the checkpoint, once everything that it counts is there."""
        if self.key() != key:
            _write(self.folder / "key", f"{key}\n".encode())
        _write(self.folder / "checkpoint", note.encode())

    def node(self, level: int, index: int) -> bytes:
        """The hash of a full subtree (see `merkle.Node`). Raises LogBroken where a tile is gone."""
        row, rest = divmod(level, LEVELS)
        first = index << rest
        tile, place = divmod(first, WIDTH)
        hashes = self.hashes(row, tile)
        found = hashes[place : place + (1 << rest)]
        if len(found) < 1 << rest:
            raise LogBroken(f"The log in {self.folder} lacks hashes of level {row}, tile {tile}.")
        return merkle.tree_hash(found)

    def hashes(self, level: int, tile: int) -> list[bytes]:
        """The hashes of a tile, as many as are there. Raises LogBroken where none are."""
        known = self._known.get((level, tile))
        if known is not None and len(known) == WIDTH:
            return known
        raw = self._read(f"{level}", tile)
        if len(raw) % HASH:
            raise LogBroken(f"The tile {tile} of level {level} in {self.folder} was cut.")
        found = [raw[at : at + HASH] for at in range(0, len(raw), HASH)]
        self._known[level, tile] = found
        return found

    def leaf(self, number: int) -> bytes:
        """The hash of a leaf."""
        return self.node(0, number)

    def append(self, size: int, entries: Iterable[bytes]) -> int:
        """Add entries behind the first `size`; the new size. Nothing counts until `publish`."""
        self._known.clear()
        growing = Growing(self, size)
        for each in entries:
            growing.add(each)
        growing.finish()
        self._known.clear()
        return growing.size

    def _read(self, level: str, tile: int) -> bytes:
        path = self.folder / "tile" / level / tile_name(tile)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise LogBroken(f"{path} cannot be read: {error.strerror}.") from error
        parts = [each for each in Path(f"{path}.p").glob("*") if each.name.isdecimal()]
        if not parts:
            raise LogBroken(f"The log in {self.folder} lacks tile {tile} of level {level}.")
        return max(parts, key=lambda each: int(each.name)).read_bytes()

    def first(self, level: str, tile: int, width: int) -> list[bytes]:
        """The first `width` items of a tile: hashes, or entries with their lengths."""
        if width == 0:
            return []
        raw = self._read(level, tile)
        found = list(_entries(raw)) if level == "entries" else _hashes(raw)
        if len(found) < width:
            raise LogBroken(f"The log in {self.folder} lacks items of {level}, tile {tile}.")
        return found[:width]

    def put(self, level: str, tile: int, items: list[bytes]) -> None:
        """Write a tile, full or not."""
        path = self.folder / "tile" / level / tile_name(tile)
        if len(items) < WIDTH:
            path = Path(f"{path}.p") / str(len(items))
        body = b"".join(_sized(each) if level == "entries" else each for each in items)
        _write(path, body)


class Growing:
    """A log that is being added to: the tiles at its right edge, one for each level."""

    def __init__(self, log: LogFiles, size: int) -> None:
        self._log = log
        self.size = size
        tile, width = divmod(size, WIDTH)
        self._entries = log.first("entries", tile, width)
        self._edge: list[list[bytes]] = []
        rest = size
        while rest:
            tile, width = divmod(rest, WIDTH)
            self._edge.append(log.first(str(len(self._edge)), tile, width))
            rest = tile
        self._dirty = False

    def add(self, entry: bytes) -> None:
        """One more entry."""
        self._dirty = True
        self._entries.append(entry)
        if len(self._entries) == WIDTH:
            self._log.put("entries", self.size // WIDTH, self._entries)
            self._entries = []
        self._add(0, self.size, merkle.leaf_hash(entry))
        self.size += 1

    def _add(self, level: int, number: int, digest: bytes) -> None:
        if level == len(self._edge):
            self._edge.append([])
        self._edge[level].append(digest)
        if len(self._edge[level]) == WIDTH:
            full, self._edge[level] = self._edge[level], []
            self._log.put(str(level), number // WIDTH, full)
            self._add(level + 1, number // WIDTH, merkle.tree_hash(full))

    def finish(self) -> None:
        """Write the tiles that are not full."""
        if not self._dirty:
            return
        if self._entries:
            self._log.put("entries", self.size // WIDTH, self._entries)
        number = self.size
        for level, hashes in enumerate(self._edge):
            number //= WIDTH
            if hashes:
                self._log.put(str(level), number, hashes)


def logs(folder: Path) -> list[LogFiles]:
    """Every log in a folder, the oldest first. Raises LogBroken where it cannot be looked into."""
    try:
        found = [each for each in folder.iterdir() if each.name.isdecimal() and each.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LogBroken(f"The folder {folder} cannot be read: {error.strerror}.") from error
    return [LogFiles(each) for each in sorted(found, key=lambda each: int(each.name))]


def tile_name(tile: int) -> str:
    """The path of a tile within its level: x001/x234/067 is the tile 1234067."""
    name = f"{tile % 1000:03d}"
    while tile >= 1000:
        tile //= 1000
        name = f"x{tile % 1000:03d}/{name}"
    return name


def _hashes(raw: bytes) -> list[bytes]:
    return [raw[at : at + HASH] for at in range(0, len(raw) - HASH + 1, HASH)]


def _entries(raw: bytes) -> Iterator[bytes]:
    at = 0
    while at + 2 <= len(raw):
        length = int.from_bytes(raw[at : at + 2])
        yield raw[at + 2 : at + 2 + length]
        at += 2 + length


def _sized(entry: bytes) -> bytes:
    return len(entry).to_bytes(2) + entry


def _write(path: Path, body: bytes) -> None:
    """Put a file in its place as a whole, and on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
