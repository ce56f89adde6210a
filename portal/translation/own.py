"""What administrators wrote, in the reader's language: `own("Finance")` is the translation that the
version of the request type keeps, or the text itself.

`showing(words)` says of which version: a page is about one request, a mail too. Lists name the
version of each row (`portal.queries.own_texts`). Programs are told the originals.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

NONE: Mapping[str, str] = MappingProxyType({})
_words: ContextVar[Mapping[str, str]] = ContextVar("own_texts", default=NONE)
# Values of marked texts that an administrator wrote, by the name under which they stand there.
NAMED = frozenset({"stage", "condition", "rule", "message"})


def own(text: str) -> str:
    """A text of the version that is shown, in the reader's language where it says it in it."""
    return _words.get().get(text, text)


def own_value(name: str, value: str) -> str:
    """A value of a marked text; `label` is a rule's, in brackets."""
    if name == "label" and value.startswith(" (") and value.endswith(")"):
        return f" ({own(value[2:-1])})"
    return own(value) if name in NAMED else value


def show(words: Mapping[str, str]) -> None:
    """Say the texts of one version in these words, until the request ends or others are named."""
    _words.set(words)


@contextmanager
def showing(words: Mapping[str, str]) -> Iterator[None]:
    """The same inside a block: a mail, a message."""
    token = _words.set(words)
    try:
        yield
    finally:
        _words.reset(token)
