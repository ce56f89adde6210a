"""Words of a search marked in texts, and nothing else of the texts let through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from portal.presentation.highlight import excerpt, marked, words_of

texts = st.text(alphabet="aéÉb ß<>&\"'\n.", max_size=80)


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Émile's chair", "emile", "<mark>Émile</mark>&#39;s chair"),
        ("Größe", "grosse", "<mark>Größe</mark>"),
        ("<b>chair</b>", "chair", "&lt;b&gt;<mark>chair</mark>&lt;/b&gt;"),
        ("armchair", "chair", "armchair"),
        ("Chairs, chairs", "CHAIR", "<mark>Chairs</mark>, <mark>chairs</mark>"),
        ("a chair", "", "a chair"),
    ],
)
def test_a_word_is_marked_by_its_beginning(text: str, query: str, expected: str) -> None:
    assert marked(text, words_of(query)) == Markup(expected)


@given(text=texts, query=texts)
def test_nothing_but_marks_is_added_and_nothing_is_lost(text: str, query: str) -> None:
    shown = str(marked(text, words_of(query)))
    bare = shown.replace("<mark>", "").replace("</mark>", "")
    assert "<" not in bare
    assert Markup(bare).unescape() == text


def test_an_excerpt_stands_around_the_first_hit() -> None:
    text = "before " * 50 + "needle " + "after " * 50
    shown = str(excerpt(text, ("needle",)))
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert "<mark>needle</mark>" in shown
    assert len(shown) < 250
    assert excerpt(text, ("absent",)) == ""
