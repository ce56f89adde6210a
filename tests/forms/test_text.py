"""What is taken out of typed texts, and what is said about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.forms.fields import examine, storable


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "a\x1bb", "a\x85\x9fb"])
def test_characters_that_cannot_be_kept_are_named(text: str) -> None:
    found = examine(text)
    assert found.text == "ab"
    assert "cannot be stored" in found.problem


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u2069"])
def test_text_that_turns_around_is_refused(sign: str) -> None:
    found = examine(f"invoice{sign}fdp.exe")
    assert found.text == "invoicefdp.exe"
    assert "change the text direction" in found.problem


@pytest.mark.parametrize("text", ["", "   ", "\t\n", "\u200b\u2060", "\xa0", "\u2003\ufeff"])
def test_what_cannot_be_seen_is_empty(text: str) -> None:
    assert examine(text, lines=True).text == ""


def test_lines_stay_where_they_belong() -> None:
    assert examine("a\r\nb\rc\u2028d", lines=True).text == "a\nb\nc\nd"
    assert examine(" a \r\n b ").text == "a b"


def test_people_of_every_script_keep_their_names() -> None:
    for name in ("ليلى حداد", "Nguyễn Minh", "Zoë 👩‍🔬", "İpek", "שרה"):
        assert examine(name) == examine(examine(name).text)
        assert examine(name).text == name


@given(st.text(alphabet=st.characters()), st.booleans())
def test_whatever_is_left_can_be_stored_and_is_stable(text: str, lines: bool) -> None:
    left = examine(text, lines=lines).text
    assert left == storable(left)
    left.encode("utf-8")
    assert examine(left, lines=lines).text == left
