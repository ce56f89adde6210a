"""Texts of the domain: written in English, translated where they are shown."""

from dataclasses import dataclass, field
from typing import Any


def msgid(text: str) -> str:
    """Mark a text for the catalogues of translations; it stays as it is."""
    return text


@dataclass(frozen=True)
class Sentence:
    """A marked text with its values by name, some of which may be sentences themselves; `str()` is
    the English one."""

    text: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.values if self.values else self.text


def sentence(text: str, /, **values: Any) -> Sentence:
    """A marked text with its values."""
    return Sentence(text, values)
