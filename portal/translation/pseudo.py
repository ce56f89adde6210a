"""A language for tests and development: English that shows which texts were never marked, and what
happens to a page when texts are longer. "Save changes" reads "⟦Šáávéé çháángééš⟧"."""

import re
from gettext import NullTranslations

PSEUDO = "en_XA"
# The same from right to left: Arabic letters that stand for Latin ones, and say nothing.
MIRRORED = "ar_XB"
TRIALS = (PSEUDO, MIRRORED)
OPEN, CLOSE = "⟦", "⟧"
# Values, HTML and entities stay as they are.
_KEPT = re.compile(r"(%\(\w+\)[#0-9.]*[a-z]|%%|%[sd]|\{\w*\}|<[^<>]*>|&#?\w+;)")
_ACCENTS = str.maketrans(
    {
        "a": "áá", "e": "éé", "i": "íí", "o": "óó", "u": "úú", "c": "ç", "d": "ð", "g": "ĝ",
        "n": "ñ", "s": "š", "t": "ţ", "y": "ý", "z": "ž", "A": "Á", "E": "É", "I": "Í", "O": "Ó",
        "U": "Ú", "C": "Ç", "D": "Ð", "N": "Ñ", "S": "Š", "T": "Ţ", "Y": "Ý", "Z": "Ž",
    }
)  # fmt: skip


_ARABIC = str.maketrans(
    dict(zip("abcdefghijklmnopqrstuvwxyz", "ابصدعفغهيجكلمنوپقرستطڤشخيز", strict=True))
    | dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ابصدعفغهيجكلمنوپقرستطڤشخيز", strict=True))
)


def mirrored(message: str) -> str:
    """The message in Arabic letters, its values and HTML as they are."""
    parts = _KEPT.split(message)
    odd = [part if place % 2 else part.translate(_ARABIC) for place, part in enumerate(parts)]
    return "".join(odd)


def pseudo(message: str) -> str:
    """The message with accents, about a third longer, in brackets."""
    parts = _KEPT.split(message)
    odd = [part if place % 2 else part.translate(_ACCENTS) for place, part in enumerate(parts)]
    return f"{OPEN}{''.join(odd)}{CLOSE}" if message else ""


class PseudoTranslations(NullTranslations):
    """A catalogue that holds every message."""

    def gettext(self, message: str) -> str:
        """The message, marked."""
        return pseudo(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The English form of the number, marked."""
        return pseudo(msgid1 if n == 1 else msgid2)


class MirroredTranslations(NullTranslations):
    """A catalogue of the trial language from right to left."""

    def gettext(self, message: str) -> str:
        """The message in other letters."""
        return mirrored(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The English form of the number, in other letters."""
        return mirrored(msgid1 if n == 1 else msgid2)
