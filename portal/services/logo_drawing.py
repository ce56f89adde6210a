"""A process of its own that turns a picture somebody sent into a small PNG that we wrote.

It is run as a file, imports nothing of ours, and gives itself little memory and time before it
looks at the picture: whatever is hidden in one can end only this. In: the file. Out: the PNG; or,
with exit code 3, the name of a `Refusal` of `portal.services.logos`.
"""

import re
import resource
import sys
from contextlib import suppress
from io import BytesIO

MEMORY, SECONDS = 1_000_000_000, 5
REFUSED = 3
WIDEST, TALLEST = 480, 160
MOST_SIDE, MOST_PIXELS = 6_000, 16_000_000
PNG = b"\x89PNG\r\n\x1a\n"
DRAWN_WIDTH = 960
# What would read a file of ours, look different on every machine, or grow without an end.
UNWANTED = {
    "entities": re.compile(r"<!ENTITY|<!DOCTYPE[^>]*\[", re.IGNORECASE),
    "pictures": re.compile(r"<\s*(?:[\w.-]+:)?(?:image|feImage)\b", re.IGNORECASE),
    "text": re.compile(r"<\s*(?:[\w.-]+:)?(?:text|tspan|textPath)\b", re.IGNORECASE),
}


class NoLogo(Exception):
    """Why it is no logo."""


def main() -> int:
    """Draw what comes in."""
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS)):
        with suppress(ValueError, OSError):  # macOS knows no limit of memory
            resource.setrlimit(what, (most, most))
    content = sys.stdin.buffer.read()
    try:
        picture = of_png(content) if content.startswith(PNG) else of_png(drawn(content))
    except NoLogo as refused:
        sys.stdout.write(str(refused))
        return REFUSED
    sys.stdout.buffer.write(picture)
    return 0


def of_png(content: bytes) -> bytes:
    """The picture decoded, without what surrounds it, made small and written anew."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # below is a lower limit, and nothing is decoded before it
    try:
        image = Image.open(BytesIO(content), formats=["PNG"])
        if max(image.size) > MOST_SIDE or image.width * image.height > MOST_PIXELS:
            raise NoLogo("large")
        seen = image.convert("RGBA")
        if (box := seen.getchannel("A").getbbox()) is None:
            raise NoLogo("empty")
        seen = seen.crop(box)
        seen.thumbnail((WIDEST, TALLEST), Image.Resampling.LANCZOS)
        out = BytesIO()
        seen.save(out, "PNG", optimize=True)
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise NoLogo("broken") from error
    return out.getvalue()


def drawn(content: bytes) -> bytes:
    """An SVG as a PNG. Scripts, and whatever lies elsewhere, are no part of a picture."""
    import resvg_py

    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoLogo("kind") from error
    if not re.search(r"<\s*(?:[\w.-]+:)?svg\b", text[:5_000], re.IGNORECASE):
        raise NoLogo("kind")
    for name, pattern in UNWANTED.items():
        if pattern.search(text):
            raise NoLogo(name)
    try:
        return resvg_py.svg_to_bytes(svg_string=text, width=DRAWN_WIDTH, skip_system_fonts=True)
    except Exception as error:  # the binding raises ValueError, and what Rust panics with
        raise NoLogo("broken") from error


if __name__ == "__main__":
    sys.exit(main())
