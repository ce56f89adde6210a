"""Tables in plain text."""

from collections.abc import Sequence
from typing import Any


def table(title: str, rows: Sequence[dict[str, Any]]) -> str:
    """A titled table with one line for each row; all rows have the first one's columns."""
    if not rows:
        return f"\n{title}\n(nothing)"
    names = list(rows[0])
    cells = [names] + [[str(row[name]) for name in names] for row in rows]
    widths = [max(len(line[n]) for line in cells) for n in range(len(names))]
    lines = ["  ".join(c.rjust(w) for c, w in zip(line, widths, strict=True)) for line in cells]
    return "\n".join(["", title, *lines])
