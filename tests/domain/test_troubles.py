"""Why a message did not go out: kept in English, read by everybody in their own language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.marked import sentence
from portal.domain.notices import troubles
from portal.presentation.filters import trouble
from portal.translation import speaking
from portal.translation.pseudo import PSEUDO

OPENING = "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}"


@pytest.mark.parametrize("text", troubles.TROUBLES)
@given(code=st.integers(200, 599), words=st.text(max_size=80))
def test_what_is_kept_is_recognised_with_what_a_server_said(
    text: str, code: int, words: str
) -> None:
    kept = str(sentence(text, code=code, words=words, seconds=10))
    found = troubles.recognised(kept)
    assert found is not None
    assert found.text == text
    assert str(found) == kept


@given(st.text(max_size=80))
def test_what_is_none_of_ours_is_told_as_it_is(kept: str) -> None:
    assert trouble(kept) == kept


def test_it_is_told_in_the_readers_language() -> None:
    kept = str(sentence(troubles.SERVER_SAID, code=550, words="No such user: “x”"))
    with speaking(PSEUDO):
        told = trouble(kept)
        assert told.startswith(OPENING)
        assert "550" in told
        assert "No such user: “x”" in told
        assert trouble("4711 odd") == "4711 odd"
    assert trouble(None) == ""
