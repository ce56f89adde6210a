"""Joining the record's free text back to its events."""

import json
from typing import Any

from portal.domain.request.events import EVENTS

ERASED = "(erased)"


def with_texts(kind: str, data: dict[str, Any], texts: dict[str, str | None]) -> dict[str, Any]:
    """An event's own fields with its free text in place of the hashes.

    `texts` by field name, as in `portal.audit_texts`; None or missing = erased.
    """
    whole = dict(data)
    for name in EVENTS[kind].TEXTS:
        if isinstance(whole.get(name), dict) and "sha256" in whole[name]:
            whole[name] = _text(name, texts.get(name))
    return whole


def _text(name: str, text: str | None) -> Any:
    """The content of a request is kept as JSON text; everything else as it was typed."""
    if name == "content":
        return {"title": ERASED} if text is None else json.loads(text)
    return ERASED if text is None else text
