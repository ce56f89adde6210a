"""Attached files: which kinds are taken, told by their content, and names fit to be shown."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_NAME = 120
ACCEPT = ".pdf,.png,.jpg,.jpeg,.webp,.heic,.heif,.txt,.csv"
KINDS = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heic",
    "txt": "text/plain",
    "csv": "text/csv",
}
_TEXTS = ("text/plain", "text/csv")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")


class Unfit(ValueError):
    """A file that is not taken; the message is a whole sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A stored file as forms and requests name it. `size` in bytes, `sha256` in hex."""

    id: str
    name: str
    content_type: str
    size: int
    sha256: str

    @classmethod
    def from_value(cls, value: Mapping[str, Any]) -> "KeptFile":
        """A file as a request's content names it."""
        return cls(
            id=str(value.get("id", "")),
            name=str(value.get("name", "File")),
            content_type=str(value.get("content_type", "application/octet-stream")),
            size=int(value.get("size", 0)),
            sha256=str(value.get("sha256", "")),
        )

    def as_value(self) -> dict[str, Any]:
        """Its form inside a request's content, so that the fingerprint covers the file."""
        return {
            "id": self.id,
            "name": self.name,
            "content_type": self.content_type,
            "size": self.size,
            "sha256": self.sha256,
        }


def shown_name(raw: str) -> str:
    """The last part of a path, without controls and turning characters, of sensible length."""
    last = re.split(r"[/\\]", raw)[-1]
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in last)
    stem, _, ending = " ".join(kept.split()).rpartition(".")
    if not stem.strip(". ") and not ending.isalnum():
        return "file"
    if not stem and "." not in last:
        return ending[:LONGEST_NAME]
    ending = ending.strip()[:10]
    return f"{stem.strip('. ')[: LONGEST_NAME - len(ending) - 1] or 'file'}.{ending}".rstrip(".")


def kind_of(name: str, head: bytes) -> str:
    """The media type of a file, from its first bytes; its name's ending has to agree.

    Raises Unfit.
    """
    if not head:
        raise Unfit(f"“{name}” is empty: choose the file again, or leave it out.")
    ending = name.rpartition(".")[2].lower()
    promised = KINDS.get(ending) if "." in name else None
    if promised is None:
        raise Unfit(f"“{name}” is of a kind we do not take: send a PDF, a picture or plain text.")
    found = _sniffed(head)
    if found == promised or (found == "text" and promised in _TEXTS):
        return promised
    raise Unfit(
        f"“{name}” is not what its name says: save it again as a real {ending.upper()} file "
        "and choose that."
    )


def _sniffed(head: bytes) -> str:
    """The type that the first bytes belong to, "text", or "" (RFC 9694 and the formats' own)."""
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "image/heic"
    return "text" if _is_plain_text(head) else ""


def _is_plain_text(head: bytes) -> bool:
    """Readable text that no browser would take for a page, a drawing or a program."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or re.search(rb"[\x00-\x08\x0e-\x1a\x7f]", head):
        return False
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:2048].lower()
    markup = (b"<!doctype", b"<html", b"<svg", b"<script", b"<?xml", b"<?php", b"<body", b"<iframe")
    return not start.startswith((b"<", b"#!", b"{\\rtf")) and not any(m in start for m in markup)
