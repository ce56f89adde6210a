"""Reading pages in tests: what a page must be, and its forms and words. Standard library only."""

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

from werkzeug.test import TestResponse

VOID = frozenset(
    ("area", "base", "br", "circle", "col", "hr", "img", "input", "link", "meta", "path", "rect")
)
BUTTONS = ("submit", "button", "image")


@dataclass
class Form:
    """A form as a browser sees it; `values` are those that it would send unchanged; `entered`: the
    name of its first submit button, which the key Enter presses in an input; None without one."""

    method: str
    action: str | None
    values: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    entered: str | None = None
    has_inputs: bool = False


class Document(HTMLParser):
    """What the tests need of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.faults: list[str] = []
        self.texts: dict[str, list[str]] = {"h1": [], "title": [], "": []}
        self._open: list[str] = []
        self._form: Form | None = None
        self._text_field: str | None = None
        self._select: str | None = None
        self.feed(html)

    def updatepos(self, i: int, j: int) -> int:
        """Count no lines, which nobody asks for."""
        return j

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note ids, forms, links and what may not be there."""
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" and "href" in given else []
        self.faults += [f"{tag} has {name}=" for name in given if _is_inline(name)]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.faults.append(f"inline {tag}")
        if tag in ("h1", "title") and "svg" not in self._open:
            self.texts[tag].append("")
        if tag not in VOID:
            self._open.append(tag)
        if tag == "form":
            self._form = Form(given.get("method", "get").lower(), given.get("action"))
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(tag, given, self._form)

    def _field(self, tag: str, given: dict[str, str], form: Form) -> None:
        name = given.get("name", "")
        if tag == "button" and given.get("type") == "submit" and form.entered is None:
            form.entered = name
        if tag == "input" and given.get("type", "text") not in ("hidden", *BUTTONS):
            form.has_inputs = True
        chosen = "selected" in given or self._select not in form.values
        if tag == "option" and self._select and chosen:
            form.values[self._select] = given.get("value", "")
        if not name:
            return
        form.names.add(name)
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._text_field, form.values[name] = name, ""
        elif tag == "input" and _is_sent(given):
            form.values[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if tag == "form":
            self._form = None
        self._text_field = None if tag == "textarea" else self._text_field
        self._select = None if tag == "select" else self._select

    def handle_data(self, data: str) -> None:
        """Collect headings, the title, the page's words and text areas."""
        inside = self._open[-1] if self._open else ""
        for tag in ("h1", "title"):
            if tag in self._open and self.texts[tag] and "svg" not in self._open:
                self.texts[tag][-1] += data
        if inside not in ("script", "style"):
            self.texts[""].append(data)
        if self._text_field and self._form:
            kept = self._form.values[self._text_field]
            self._form.values[self._text_field] = kept + (data if kept else data.lstrip("\n"))

    def words(self, tag: str = "") -> list[str]:
        """The texts of all elements of a tag, with single spaces."""
        return [" ".join(text.split()) for text in self.texts[tag]]


class Page:
    """An answer and what stands on it."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.document = kept_document(response) or Document(response.text)

    @property
    def path(self) -> str:
        """Where the client ended up."""
        return self.response.request.path

    @property
    def text(self) -> str:
        """All the words, with single spaces."""
        return re.sub(r"\s+", " ", " ".join(self.document.words()))

    @property
    def heading(self) -> str:
        """The h1."""
        return self.document.words("h1")[0]

    @property
    def links(self) -> list[str]:
        """The addresses of all links."""
        return self.document.links

    def form(self, action: str) -> Form:
        """The posting form whose action begins with this."""
        for form in self.document.forms:
            if form.method == "post" and (form.action or "").startswith(action):
                return form
        raise AssertionError(f"no form posts to {action} on {self.path}")


def keep_document(response: TestResponse, document: Document) -> None:
    """Whoever reads this answer as a page need not parse it again."""
    vars(response)["document"] = document


def kept_document(response: TestResponse) -> Document | None:
    """What was kept of it."""
    return vars(response).get("document")


def examine(html: str) -> Document:
    """Fail, saying why, when a page is not well made; what was read of it."""
    page = Document(html)
    heads, title = page.words("h1"), (page.words("title") or [""])[0]
    assert len(heads) == 1, f"{len(heads)} h1"
    assert re.sub("^(Error:|⟦Érróór:⟧) ", "", title).startswith(heads[0]), (
        f"title {title!r}, h1 {heads[0]!r}"
    )
    twice = sorted(each for each, times in Counter(page.ids).items() if times > 1)
    assert not twice, f"ids that stand twice: {twice}"
    assert not page.faults, page.faults
    for form in page.forms:
        if form.method == "dialog":
            continue
        assert form.action, f"a {form.method} form without an action"
        removes = form.has_inputs and re.search(r"\bremove$", form.entered or "")
        assert not removes, f"Enter removes: {form.action}"
        assert form.method == "get" or "csrf_token" in form.names, f"no CSRF token: {form.action}"
    return page


def _is_sent(given: dict[str, str]) -> bool:
    kind = given.get("type", "text")
    return kind not in BUTTONS and (kind not in ("radio", "checkbox") or "checked" in given)


def _is_inline(attribute: str) -> bool:
    return attribute == "style" or attribute.startswith("on")
