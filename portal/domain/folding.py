"""Words as they are compared where capitals and marks do not count."""

import unicodedata

_UNMARKED = {"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "þ": "th"}


def folded(text: str) -> str:
    """Small letters without their marks: "Émile" and "emile" are the same word."""
    bare = "".join(_UNMARKED.get(letter, letter) for letter in text.lower())
    parts = unicodedata.normalize("NFKD", bare)
    return "".join(letter for letter in parts if not unicodedata.combining(letter))
