"""Templates that live under the content security policy: nothing inline."""

import re

import pytest
from jinja2 import Environment, nodes

from scripts.local.texts import MARKS
from tests.house.tree import label, named

INLINE = {
    "an inline style": re.compile(r"\sstyle\s*=|<style\b", re.IGNORECASE),
    "an inline handler": re.compile(r"\son[a-z]+\s*=\s*[\"'{]", re.IGNORECASE),
    "an inline script": re.compile(r"<script\b(?![^>]*\bsrc\s*=)", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "text marked safe": re.compile(r"\|\s*safe\b|autoescape\s+false", re.IGNORECASE),
}
COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
FILES = named(".html", ".svg", under=("templates", "static", "portal"))


def test_nothing_is_inline() -> None:
    wrong = [
        (label(path), name)
        for path in FILES
        for name, pattern in INLINE.items()
        if pattern.search(COMMENT.sub("", path.read_text(encoding="utf-8")))
        # Mail programs read no style sheets.
        and not ("email" in path.parts and name == "an inline style")
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        '<p style="color: red">',
        "<a onclick='go()'>",
        "<script>go()</script>",
        '<a href="javascript:go()">',
        "{{ text | safe }}",
        "<style>p {}</style>",
    ],
)
def test_the_patterns_find_what_they_should(text: str) -> None:
    assert any(pattern.search(text) for pattern in INLINE.values())


@pytest.mark.parametrize("text", ['<script src="/static/app.js" defer>', '<p class="one">on = 1'])
def test_the_patterns_leave_good_things_alone(text: str) -> None:
    assert not any(pattern.search(text) for pattern in INLINE.values())


def test_what_others_import_says_nothing_in_one_language_only() -> None:
    """A template that is imported is read once for all: what it keeps outside its macros stays in
    the language of whoever came first."""
    found = [
        (label(path), name)
        for path in FILES
        if path.suffix == ".html" and ("components" in path.parts or path.name.startswith("_"))
        for name in said_once(path.read_text(encoding="utf-8"))
    ]
    assert found == []
    assert said_once('{% set x = {"a": _("A")} %}{% macro m() %}{% set y = _("B") %}{% endmacro %}')


def said_once(source: str) -> list[str]:
    """Names that a template gives to marked texts outside its macros."""
    environment = Environment(autoescape=True, extensions=["jinja2.ext.do", "jinja2.ext.i18n"])
    kept = [each for each in environment.parse(source).body if isinstance(each, nodes.Assign)]
    return [
        str(getattr(each.target, "name", "?"))
        for each in kept
        if any(getattr(call.node, "name", "") in MARKS for call in each.find_all(nodes.Call))
    ]
