"""Finds texts of templates and of Python that were not marked for translation, and texts of Python
that were marked so that no catalogue can hold them. Part of ./scripts/check.

A text counts as marked inside `_()`, `ngettext()` or `{% trans %}`. What else a reader sees is
found: words between tags, words in attributes that are read out or shown, words in an expression;
in Python words that are given to what shows them.
"""

import ast
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes

from portal.config import ROOT
from portal.presentation import PRODUCT
from portal.translation import install

TEMPLATES = ROOT / "templates"
MARKS = {"_", "gettext", "ngettext", "pgettext"}
PYTHON_MARKS = {*MARKS, "lazy", "msgid"}
SEEN = {"alt", "aria-label", "data-busy", "data-words", "placeholder", "title"}
VALUE = "\N{OBJECT REPLACEMENT CHARACTER}"
LETTERS = re.compile(r"[^\W\d_]{2,}")
# A capital letter begins a label, a space between small words a sentence.
WORDS = re.compile(r"[A-Z][a-z]+( |$|[.…:?!])|[A-Za-z][a-z]+,? [a-z]+")
# Blocks that stand inside a tag of the layout.
ATTRIBUTES = {"root", "body_class"}
# Not for readers: names of keys on the keyboard, and what is the same in every language.
SAME = {"Enter", "JSON", "CSV", PRODUCT}
# What is no text although it looks like one: formats, lists of classes, addresses, attributes of a
# tag that a macro writes.
NO_TEXT = re.compile(
    r"^(btn|card|muted|num|quiet|small|plain|rows|stack)\b|^[%/#.]|^[A-Z][a-z]+([A-Z][a-z]+)+$"
    r'|^"?\s*data-[a-z-]+="$'
)


# What shows its first words to people, by its name or the end of it, and by the name of a value.
SHOWING = ("flash", "ValidationError", "Field", "Refused", "Refusal")
SHOWN = {
    "label", "heading", "hint", "description", "caption", "placeholder", "legend", "message",
    "summary", "title", "words", "said", "empty", "meaning", "todo",
}  # fmt: skip
# Rooms whose words people read. The API, settings and the command line speak English.
ROOMS = (
    "background", "directory", "domain", "forms", "notifications", "pages", "presentation",
    "presenters", "queries", "security", "services",
)  # fmt: skip
# What is kept with a request that a program asks for; what is wrong in a file of settings.
OF_PROGRAMS = {"services/api_calls.py", "domain/people/providers.py"}


class _Seen(HTMLParser):
    """Collects what a reader sees of a page; VALUE stands where a value was put in."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style", "code", "kbd")
        self.found += [value for name, value in attrs if name in SEEN and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style", "code", "kbd")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def unmarked(source: str, *, html: bool = True) -> list[str]:
    """The texts in a template that no translation reaches."""
    templates = Environment(autoescape=True, extensions=["jinja2.ext.do"])
    install(templates)
    tree = templates.parse(source)
    plain = "".join(_plain(tree))
    texts = _between(plain) if html else plain.split(VALUE)
    found = [text for each in texts for text in each.split(VALUE) if _is_text(text, LETTERS)]
    found += [text for text in _constants(tree) if _is_text(text, WORDS)]
    return [" ".join(text.split()) for text in found]


def _is_text(text: str, pattern: re.Pattern[str]) -> bool:
    bare = text.strip()
    return bool(pattern.search(bare)) and bare not in SAME and not NO_TEXT.search(bare)


def _between(plain: str) -> list[str]:
    seen = _Seen()
    seen.feed(plain)
    seen.close()
    return seen.found


def _plain(node: nodes.Node) -> Iterator[str]:
    """The template's own text in order."""
    if isinstance(node, nodes.TemplateData):
        yield node.data
    elif isinstance(node, nodes.Expr):
        yield VALUE
    elif isinstance(node, nodes.Block) and node.name in ATTRIBUTES:
        return
    else:
        for child in node.iter_child_nodes():
            yield from _plain(child)


def _constants(node: nodes.Node) -> Iterator[str]:
    """Words in expressions, but those that are marked, compared or looked up."""
    if isinstance(node, nodes.Const):
        if isinstance(node.value, str):
            yield node.value
        return
    silent = nodes.Compare | nodes.Getitem | nodes.Import | nodes.FromImport | nodes.Extends
    if isinstance(node, silent | nodes.Include | nodes.TemplateData):
        return
    if isinstance(node, nodes.Call) and _name(node) in {*MARKS, "url_for", "static_url"}:
        return
    if isinstance(node, nodes.Pair):
        yield from _constants(node.value)
        return
    for child in node.iter_child_nodes():
        yield from _constants(child)


def _name(call: nodes.Call) -> str:
    return call.node.name if isinstance(call.node, nodes.Name) else ""


def put_together(source: str) -> list[int]:
    """Lines of Python where a text is put together before it is marked, as by an f-string: what
    stands in a catalogue is another text than what is asked for."""
    marked = (
        call
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in PYTHON_MARKS
        and call.args
    )
    made = ast.JoinedStr | ast.BinOp
    return [call.lineno for call in marked if isinstance(call.args[0], made)]


def unmarked_in_python(source: str) -> list[tuple[int, str]]:
    """Words in Python that are shown to people as they are written, with their lines."""
    found = []
    for call in (each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Call)):
        shown = [each.value for each in call.keywords if each.arg in SHOWN]
        if _called(call.func).endswith(SHOWING):
            shown += call.args[:2]
        texts = ((each.lineno, _written(each)) for each in shown)
        found += [(line, text) for line, text in texts if _is_text(text, WORDS)]
    return found


def _called(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _written(node: ast.expr) -> str:
    """The words of a string, also where values are put into it; "" for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return " ".join(_written(each) for each in node.values)
    return _written(node.left) if isinstance(node, ast.BinOp) else ""


def _python() -> Iterator[str]:
    for path in sorted((ROOT / "portal").rglob("*.py")):
        source, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
        for line in put_together(source):
            yield f"{name}:{line}: put values into the marked text by name"
        within = path.relative_to(ROOT / "portal")
        if within.parts[0] in ROOMS and str(within) not in OF_PROGRAMS:
            for line, text in unmarked_in_python(source):
                yield f"{name}:{line}: {text!r} is not marked for translation"


def main() -> int:
    """Name every text that is not marked; 1 where there is one."""
    wrong = 0
    for sentence in _python():
        wrong = 1
        print(sentence)
    for path in sorted(each for each in TEMPLATES.rglob("*") if each.is_file()):
        html = path.suffix == ".html"
        for text in unmarked(path.read_text(encoding="utf-8"), html=html):
            wrong = 1
            print(f"{path.relative_to(ROOT)}: {text!r} is not marked for translation")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
