"""Style sheets know no left and no right: a page that runs from right to left turns as a whole."""

import re
from collections.abc import Iterator

from tests.house.tree import ROOT

DECLARATION = re.compile(r"(?<![\w-])([a-z-]+)\s*:\s*([^;{}]+)(?=[;}])")
PARTS = re.compile(r"(?:[\w-]+\((?:[^()]|\([^()]*\))*\)|[^\s])+")
SIDES = re.compile(
    r"((margin|padding|border|scroll-margin|scroll-padding)-)?(left|right)(-(width|color|style))?"
    r"|border-(top|bottom)-(left|right)-radius"
)
WORD = re.compile(r"\b(left|right)\b")
WORDED = ("text-align", "float", "clear", "background", "background-position", "object-position")
FOUR = ("margin", "padding", "inset", "border-width", "scroll-padding", "scroll-margin")


def has_sides(name: str, value: str) -> bool:
    """Whether the declaration says something else of left and of right."""
    parts = PARTS.findall(value.replace("!important", ""))
    return bool(
        SIDES.fullmatch(name)
        or (name in WORDED and WORD.search(value))
        or (name in FOUR and len(parts) == 4 and parts[1] != parts[3])
        or (name == "border-radius" and len(parts) == 4 and parts[0::2] != parts[1::2])
        or (name in ("transform", "translate") and re.search(r"translateX|^-?[1-9.]", value))
    )


def physical(sheet: str) -> Iterator[str]:
    for name, value in DECLARATION.findall(re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)):
        if has_sides(name, value.strip()):
            yield f"{name}: {value.strip()}"


def test_styles_are_the_same_from_right_to_left() -> None:
    sheets = [*(ROOT / "static").rglob("*.css"), *(ROOT / "portal").rglob("*.css")]
    found = {file.name: list(physical(file.read_text())) for file in sheets}
    assert len(found) > 1
    assert {name: sides for name, sides in found.items() if sides} == {}


def test_what_has_sides_is_found() -> None:
    found = [
        "margin-left: 1px", "inset: 0 auto auto 1rem", "text-align: left", "right: 0",
        "border-radius: 1px 0 0 1px", "padding: 0 calc(1px + 2px) 0 3px",
    ]  # fmt: skip
    fine = "margin-inline: 1px 2px; inset: 0 auto 0; text-align: start; padding: 1px 2px 3px 2px;"
    assert list(physical(f"a {{ {'; '.join(found)}; {fine} }}")) == found
