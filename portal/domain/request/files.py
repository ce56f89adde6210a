"""Attached files: which are taken, how requests name them, and names fit to be shown.

`portal.services.file_kinds` looks into them.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_NAME = 120
# The field of files that belong to no field of the form: they go with a comment or a decision.
ENCLOSED = ""
ACCEPT = ".pdf,.png,.jpg,.jpeg,.webp,.heic,.heif,.docx,.xlsx,.txt,.csv"


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
