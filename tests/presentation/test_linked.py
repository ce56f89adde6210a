"""Web addresses in what people wrote can be followed; nothing else of it becomes markup."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.presentation.filters import linked, paragraphs

BITS = st.sampled_from((
    "https://example.org/a?b=1&c=2", "http://", "https://evil.example/\"onmouseover=alert(1)",
    "javascript:alert(1)", "<b>", "</a>", "<script>", "'", '"', "&amp;", "&", "\n", "\u2028", " ",
    "https://example.org/(x)", ")", ".", "data:text/html,x", "HTTPS://EXAMPLE.ORG",
))  # fmt: skip
TEXTS = st.lists(st.one_of(BITS, st.text(max_size=8)), max_size=12).map("".join)


class Seen(HTMLParser):
    """The elements with their attributes, and the words."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@given(TEXTS)
@example('https://a.example/"><script>alert(1)</script>')
@example("https://a.example/'onclick='x")
def test_only_links_and_line_breaks_are_markup(text: str) -> None:
    html = str(linked(text))
    for tag, attributes in Seen(html).tags:
        assert tag in ("a", "br")
        if tag == "a":
            assert set(attributes) == {"href", "rel"}
            assert attributes["rel"] == "nofollow noopener ugc"
            assert re.match(r"https?://\w", attributes["href"] or "", re.IGNORECASE)


@given(TEXTS)
def test_the_words_stay_what_they_were(text: str) -> None:
    without = re.sub(r"</?a\b[^>]*>", "", str(linked(text)))
    assert without == str(paragraphs(text))


@given(TEXTS)
def test_a_link_leads_where_it_says(text: str) -> None:
    for href, words in re.findall(r'<a href="([^"]*)" rel="[^"]*">(.*?)</a>', str(linked(text))):
        assert unescape(href) == unescape(words)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("See https://example.org/a.", "https://example.org/a"),
        ("(https://example.org/a)", "https://example.org/a"),
        ("https://example.org/a_(b), then", "https://example.org/a_(b)"),
        ("Is it HTTP://example.org?", "HTTP://example.org"),
        ("https://example.org/?q=1;", "https://example.org/?q=1"),
    ],
)
def test_the_sentence_around_it_is_no_part_of_it(text: str, address: str) -> None:
    assert f'<a href="{address}" ' in str(linked(text))


@pytest.mark.parametrize(
    "text", ["https://", "https://.", "javascript://x", "xhttps://example.org"]
)
def test_what_is_no_address_is_no_link(text: str) -> None:
    assert "<a" not in str(linked(text))
