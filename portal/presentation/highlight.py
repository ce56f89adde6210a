"""Words that were searched for, marked in the texts where they stand; the rest is escaped."""

import re
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from portal.domain.folding import folded

AROUND = 60
_WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a search, folded."""
    return tuple(folded(word) for word in _WORD.findall(text) if len(word) > 1)


def marked(text: str, words: Sequence[str]) -> Markup:
    """The text with every word that begins like one of `words` in `<mark>`."""
    parts, last = [], 0
    for hit in _hits(text, words):
        parts += [escape(text[last : hit.start()]), Markup("<mark>{}</mark>").format(hit[0])]
        last = hit.end()
    return Markup("").join([*parts, escape(text[last:])])


def excerpt(text: str, words: Sequence[str]) -> Markup:
    """The place of the first hit with a little around it; empty where there is none."""
    flat = " ".join(text.split())
    first = next(_hits(flat, words), None)
    if first is None:
        return Markup("")
    start = flat.rfind(" ", 0, max(first.start() - AROUND, 0)) + 1
    end = flat.find(" ", first.end() + AROUND)
    cut = flat[start:] if end < 0 else flat[start:end]
    before = "…" if start else ""
    after = "" if end < 0 else "…"
    return Markup("{}{}{}").format(before, marked(cut, words), after)


def _hits(text: str, words: Sequence[str]) -> Iterator[re.Match[str]]:
    for word in _WORD.finditer(text):
        if any(folded(word[0]).startswith(each) for each in words):
            yield word
