"""What an organisation looks like, and its colour made readable: what of it can be a link, and what
can stand under white.

Contrast is that of WCAG 2.2 (success criteria 1.4.3 and 1.4.11), from 1 to 21. A colour is six
hexadecimal digits. Hue and saturation stay; only the lightness gives way.
"""

import re
from collections.abc import Sequence
from colorsys import hls_to_rgb, rgb_to_hls
from dataclasses import dataclass

OURS = "1f5fbf"
TEXT = 4.5  # what text needs, links among it
MARK = 3.0  # what an edge needs, such as that of a button
COMFORT = 5.5  # light text on dark, where the least is too little
WRITTEN = re.compile(r"#?(?:([0-9a-f]{6})|([0-9a-f]{3}))", re.IGNORECASE)
# Under links, in both themes: app.css.
LIGHT_GROUNDS = ("ffffff", "f7f7f6", "f0f0ee", "ececea")
DARK_GROUNDS = ("131416", "17191b", "1b1d20", "2b2e33")
WHITE, DARK = "ffffff", "1b1d20"
LIGHT_TINT, DARK_TINT = 0.1, 0.2
STEPS = 40


@dataclass(frozen=True, slots=True)
class Branding:
    """What the house is called and looks like; what is empty is as the product has it. `logo`: the
    digest of a picture of `width` to `height` pixels that can be seen on `ground` only ("light",
    "dark", "" for both); `locale`: the language of whoever chose none."""

    name: str = ""
    accent: str = ""
    logo: str = ""
    width: int = 0
    height: int = 0
    ground: str = ""
    locale: str = ""


@dataclass(frozen=True, slots=True)
class Palette:
    """What follows from a colour. `link`: text in the light theme, `dark_link` in the dark one;
    `fill`, `dark_fill`: under white text; `soft`, `dark_soft`: behind what is chosen."""

    link: str
    dark_link: str
    fill: str
    dark_fill: str
    soft: str
    dark_soft: str


def read_colour(text: str) -> str | None:
    """Six digits of what was typed, such as `#1F5FBF` or `abc`; None for anything else."""
    found = WRITTEN.fullmatch(text.strip())
    if found is None:
        return None
    digits = found[1] or "".join(2 * digit for digit in found[2])
    return digits.lower()


def contrast(one: str, other: str) -> float:
    """How well one can be told from the other, from 1 to 21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def least_contrast(colour: str, grounds: Sequence[str]) -> float:
    """The same with the ground on which it is hardest to read."""
    return min(contrast(colour, ground) for ground in grounds)


def palette(accent: str) -> Palette:
    """What pages use of this colour: itself where it can be read, else the nearest that can."""
    if accent == OURS:
        return Palette(OURS, "8ab4ff", OURS, "2b67c4", "e8f0fc", "1d2b45")
    soft, dark_soft = _mixed(accent, WHITE, LIGHT_TINT), _mixed(accent, DARK, DARK_TINT)
    return Palette(
        link=_darker(accent, (*LIGHT_GROUNDS, soft), TEXT),
        dark_link=_lighter(accent, (*DARK_GROUNDS, dark_soft), COMFORT),
        fill=_darker(accent, (WHITE,), TEXT),
        dark_fill=_fill_in_the_dark(accent),
        soft=soft,
        dark_soft=dark_soft,
    )


def _fill_in_the_dark(accent: str) -> str:
    """White can be read on it, and it stands out from the dark."""
    fill = _darker(accent, (WHITE,), TEXT)
    return fill if contrast(fill, DARK) >= MARK else _lighter(fill, (DARK,), MARK)


def _darker(colour: str, grounds: Sequence[str], least: float) -> str:
    return _moved(colour, grounds, least, 0.0)


def _lighter(colour: str, grounds: Sequence[str], least: float) -> str:
    return _moved(colour, grounds, least, 1.0)


def _moved(colour: str, grounds: Sequence[str], least: float, end: float) -> str:
    """The colour nearest to this one, on the way to black or white, that is told from all."""
    if least_contrast(colour, grounds) >= least:
        return colour
    hue, lightness, saturation = rgb_to_hls(*_parts(colour))
    far, near = end, lightness
    for _ in range(STEPS):
        middle = (far + near) / 2
        tried = _written(hls_to_rgb(hue, middle, saturation))
        if least_contrast(tried, grounds) >= least:
            far = middle
        else:
            near = middle
    return _written(hls_to_rgb(hue, far, saturation))


def _mixed(colour: str, ground: str, share: float) -> str:
    pairs = zip(_parts(colour), _parts(ground), strict=True)
    return _written(tuple(share * of + (1 - share) * under for of, under in pairs))


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def _written(parts: Sequence[float]) -> str:
    return "".join(f"{round(255 * min(1.0, max(0.0, part))):02x}" for part in parts)


def _luminance(colour: str) -> float:
    red, green, blue = map(_linear, _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
