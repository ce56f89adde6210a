"""Icons as inline SVG, drawn once each and kept (a list shows the same icon fifty times), and the
addresses of static files."""

import re
from collections.abc import Callable
from functools import cache
from hashlib import blake2s
from pathlib import Path

from heroicons.jinja import heroicon_mini, heroicon_outline
from markupsafe import Markup

# The product's sign: a halo that a tick breaks open.
MARK = Markup(
    '<svg class="icon mark" viewBox="0 0 24 24" width="24" height="24" fill="none"'
    ' aria-hidden="true">'
    '<path class="halo" d="M20.2 9.1A9 9 0 1 1 15.6 3.75" stroke="currentColor" stroke-width="2.25"'
    ' stroke-linecap="round"></path><path d="m7.6 12.2 3.3 3.4L20.4 5" stroke="currentColor"'
    ' stroke-width="2.25" stroke-linecap="round" stroke-linejoin="round"></path></svg>'
)


_POINTS = re.compile(r"-(left|right)\b|^paper-airplane$")


@cache
def icon(name: str, style: str = "outline") -> Markup:
    """A decorative icon by its heroicons name. Words must stand beside it, so it is hidden from
    screen readers. Unknown names raise `heroicons.IconDoesNotExist`."""
    draw = heroicon_mini if style == "mini" else heroicon_outline
    # What points along the line turns with the direction of writing.
    turns = " turns" if _POINTS.search(name) else ""
    attributes = {"class": f"icon{turns}", "aria-hidden": "true", "focusable": "false"}
    return Markup(draw(name, size=20, **attributes))  # noqa: S704 - drawn by the icon package


def fingerprint(file: Path) -> str:
    """Eight hex digits of the content; "0" when there is no such file."""
    if not file.is_file():
        return "0"
    return blake2s(file.read_bytes(), digest_size=4).hexdigest()


def static_address(folder: Path, prefix: str, *, watch: bool = False) -> Callable[[str], str]:
    """A function from `css/app.css` to `/static/css/app.css?v=1f0c9e2a`. With `watch`, files are
    read again each time, for development."""

    def address(name: str) -> str:
        return f"{prefix}/{name}?v={fingerprint(folder / name)}"

    return address if watch else cache(address)
