"""Pages on paper: text of any script, length and strangeness becomes a PDF that others read."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from portal.presentation.paper import Paper


def read(paper: Paper) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(paper.body())).pages]


def test_long_rows_go_on_with_the_next_page_below_the_head_of_the_table() -> None:
    paper = Paper("Prüfung für Größe", "Fuß")
    paper.facts([("Name", "Zoë Ñandú"), ("Empty", "")])
    paper.table(("First", "Second"), [("a" * 3000, "word " * 3000), ("x", "last")], (1, 3))
    pages = read(paper)
    assert len(pages) > 2
    assert "Prüfung für Größe" in pages[0]
    assert "Empty" not in pages[0]
    for number, page in enumerate(pages, 1):
        assert "Second" in page
        assert f"Page {number} of {len(pages)}" in page
    assert "".join(pages).count("word") == 3000
    assert "last" in pages[-1]


def test_arabic_is_joined_and_what_no_font_has_is_a_box() -> None:
    paper = Paper("مرحبا", "x")
    paper.text("東京 and 😀\x00 and é")
    (page,) = read(paper)
    assert "مرحبا" in page
    assert "□□ and 😀 and é" in page


@settings(max_examples=6, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=3))
def test_any_text_can_be_printed(texts: list[str]) -> None:
    paper = Paper(texts[0], texts[-1])
    paper.heading(texts[0])
    paper.points(texts)
    paper.table(texts, [texts], [1] * len(texts))
    assert paper.body().startswith(b"%PDF-")
