"""What is written into chats: short, and without anything that a chat would act on. Pure."""

import re
import unicodedata
from dataclasses import dataclass

# A chat does nothing with what this stands in, and nobody sees it.
BREAK = "\N{ZERO WIDTH SPACE}"
ANGLES = str.maketrans({"<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
                        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"})  # fmt: skip
# Mentions of people and rooms; links, also those that chats make of bare names; pictures.
ACTED_ON = re.compile(
    r"[@#](?=\S)|(?<=\w):(?=//)|(?<=\w)\.(?=[^\W\d_])|(?<=\])(?=[\[(:])|(?<=mailto|..data|...tel):"
)


@dataclass(frozen=True, kw_only=True)
class Words:
    """A message. `ending` (its link) stays whole where a service takes less than all of it."""

    title: str
    text: str
    ending: str


def harmless(text: str, most: int) -> str:
    """What people typed, as one line of at most about so many characters that mentions nobody and
    links to nothing."""
    line = " ".join("".join(c if _is_seen(c) else " " for c in text).split())
    if len(line) > most:
        line = line[: most - 1].rstrip() + "…"
    return ACTED_ON.sub(lambda found: found[0] + BREAK, line.translate(ANGLES))


def _is_seen(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
