"""What is missing, doubtful or wrong in the catalogues of translations. Part of ./scripts/check.

Wrong is wrong in every catalogue; what is missing or fuzzy counts for the languages that are
complete (`portal.translation.SHIPPED`), and is told for one that is asked for by its code.
"""

import io
import re
import sys
from collections.abc import Iterator
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from portal.config import ROOT
from portal.translation import CATALOGUES, DOMAIN, SHIPPED

# As ./scripts/translations extracts them.
KEYWORDS = "lazy msgid ngettext:1,2"
PLACE = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}|</?[a-z][^<>]*>|&#?\w+;")
SHOWN = 40
Id = str | tuple[str, ...]


def po_file(code: str) -> Path:
    """What translators write."""
    return CATALOGUES / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def codes() -> list[str]:
    """The languages that have a catalogue."""
    return sorted(path.parts[-3] for path in CATALOGUES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


@cache
def catalogue(code: str) -> Catalog:
    """The catalogue of a language."""
    with po_file(code).open("rb") as file:
        return read_po(file, locale=code, domain=DOMAIN)


@cache
def extracted() -> frozenset[Id]:
    """Every marked text of the source; a text with a plural is both forms."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    keywords = {**DEFAULT_KEYWORDS, **parse_keywords(KEYWORDS.split())}
    found: set[Id] = set()
    errors, sys.stderr = sys.stderr, io.StringIO()
    try:
        for place in ("portal", "templates"):
            # The patterns of the mapping begin at the root.
            for _file, _line, text, *_rest in extract_from_dir(
                ROOT / place, _below(methods, place), options, keywords
            ):
                found.add(tuple(text) if isinstance(text, tuple | list) else text)
    finally:
        sys.stderr = errors
    return frozenset(found)


def _below(methods: list[tuple[str, str]], place: str) -> list[tuple[str, str]]:
    start = f"{place}/"
    return [(p.removeprefix(start), method) for p, method in methods if p.startswith(start)]


def missing(code: str) -> Iterator[str]:
    """Texts without a translation, and those whose translation is doubtful."""
    found = catalogue(code)
    for text in sorted(extracted(), key=str):
        message = found.get(text if isinstance(text, str) else text[0])
        if message is None or not all(_strings(message)):
            yield f"not translated: {_short(text)}"
        elif message.fuzzy:
            yield f"fuzzy: {_short(text)}"


def wrong(code: str) -> Iterator[str]:
    """Translations that cannot be right, and a compiled file that says something else."""
    found = catalogue(code)
    for message in found:
        strings = _strings(message)
        if message.id and any(strings):
            for what in _faults(message, strings, found.num_plurals):
                yield f"{what}: {_short(message.id)}"
    if not _is_compiled(code):
        yield "portal.mo says something else: ./scripts/translations compile"


def _faults(message: Message, strings: tuple[str, ...], plurals: int) -> Iterator[str]:
    ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
    if len(strings) != (plurals if len(ids) > 1 else 1):
        yield f"{len(strings)} forms of the plural"
    needed, allowed = set(PLACE.findall(ids[-1])), set(PLACE.findall(" ".join(ids)))
    for string in filter(None, strings):
        places = set(PLACE.findall(string))
        # A form for one thing need not say the number.
        if places - allowed or (len(ids) == 1 and needed - places):
            yield f"other places ({', '.join(sorted(places ^ needed))})"
        if [string[:1].isspace(), string[-1:].isspace()] != [
            ids[0][:1].isspace(), ids[0][-1:].isspace()
        ]:  # fmt: skip
            yield "a space at one end only"


def _is_compiled(code: str) -> bool:
    kept = po_file(code).with_suffix(".mo")
    buffer = io.BytesIO()
    write_mo(buffer, catalogue(code))
    buffer.seek(0)
    if not kept.exists():
        return False
    with kept.open("rb") as file:
        one, other = GNUTranslations(buffer), GNUTranslations(file)
    return _texts(one) == _texts(other)


def _texts(translations: GNUTranslations) -> dict[object, str]:
    return {key: text for key, text in vars(translations)["_catalog"].items() if key}


def _strings(message: Message) -> tuple[str, ...]:
    string = message.string
    return tuple(string) if isinstance(string, tuple | list) else (string or "",)


def _short(text: Id | list[str]) -> str:
    return repr(text if isinstance(text, str) else text[0])


def main(asked: str = "") -> int:
    """Say what is wrong; 1 where something is that must not be."""
    failed = 0
    for code in [asked] if asked else codes():
        must = list(wrong(code))
        told = list(missing(code)) if asked or code in SHIPPED else []
        for line in must + told[: None if asked else SHOWN]:
            print(f"{code}: {line}")
        if told:
            print(f"{code}: {len(told)} of {len(extracted())} texts are missing or fuzzy")
        failed |= bool(must or (told and code in SHIPPED))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
