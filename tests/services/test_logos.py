"""Whatever is sent as a logo, only a picture that we wrote is kept, and only a small one."""

import zlib
from io import BytesIO
from struct import pack

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from portal.services.logos import LogoRefused, ground_of, made_safe

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100">'
SHAPE = '<rect x="10" y="10" width="180" height="80" fill="#1f5fbf"/>'


def png(size: tuple[int, int] = (900, 300), colour: str = "#1f5fbf", **more: object) -> bytes:
    out = BytesIO()
    Image.new("RGBA", size, colour).save(out, "PNG", **more)
    return out.getvalue()


def bomb(side: int) -> bytes:
    """A PNG that says it has so many dots on a side."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return pack(">I", len(data)) + kind + data + pack(">I", check)

    head = chunk(b"IHDR", pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0))
    rows = zlib.compress(b"\x00" * 10_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_png_is_written_anew_and_small() -> None:
    said = PngInfo()
    said.add_text("Comment", "<script>alert(1)</script>")
    made = made_safe(png(pnginfo=said) + b"<?php system('id') ?>")
    assert (made.width, made.height) == (480, 160)
    assert b"script" not in made.png
    assert b"php" not in made.png
    assert made.png.startswith(b"\x89PNG")


def test_an_svg_becomes_a_picture_without_what_it_could_do() -> None:
    script = '<script>alert(1)</script><foreignObject><b onclick="x">b</b></foreignObject>'
    made = made_safe(f'<?xml version="1.0"?>{HEAD}{script}{SHAPE}</svg>'.encode())
    assert made.png.startswith(b"\x89PNG")
    assert made.width / made.height == pytest.approx(180 / 80, rel=0.05)


LAUGHS = "".join(f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 12))
LAUGHS = f'<g id="a0">{SHAPE}</g>{LAUGHS}'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "file type is not allowed"),
        (b"\xff\xd8\xff\xe0JFIF", "file type is not allowed"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "cannot be read"),
        (png((9, 9), "#00000000"), "Nothing can be seen"),
        (bomb(60_000), "larger than 6,000 dots"),
        (b"x" * 1_000_001, "larger than 1 MB"),
        (f"{HEAD}<image href='/etc/hostname'/></svg>".encode(), "holds a picture"),
        (b"<s:svg xmlns:s='x'><s:feImage href='a.png'/></s:svg>", "holds a picture"),
        (f"{HEAD}<text>Gloria</text></svg>".encode(), "holds text"),
        (f'<!DOCTYPE svg [<!ENTITY a "b">]>{HEAD}{SHAPE}</svg>'.encode(), "defines entities"),
        (f"{HEAD}<g".encode(), "cannot be read"),
        (f"{HEAD}{LAUGHS}<use href='#a11'/></svg>".encode(), "cannot be read|too long"),
    ],
)  # fmt: skip
def test_what_is_no_logo_is_refused_with_its_reason(content: bytes, sentence: str) -> None:
    with pytest.raises(LogoRefused, match=sentence):
        made_safe(content)


@pytest.mark.parametrize(
    ("colour", "ground"), [("#111111", "light"), ("#ffffff", "dark"), ("#d04040", "")]
)
def test_a_logo_says_on_which_ground_it_can_be_seen(colour: str, ground: str) -> None:
    image = Image.new("RGBA", (100, 100), "#00000000")
    image.paste(colour, (10, 10, 60, 90))
    assert ground_of(image) == ground
    assert ground_of(Image.new("RGBA", (10, 10), colour)) == ""
