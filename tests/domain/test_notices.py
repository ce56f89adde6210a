"""When a message is still worth sending."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.notices import composers
from portal.domain.notices.kinds import KINDS, TOPICS, DeliveryContext, kind_named, why_not
from portal.domain.request import catalogue
from portal.domain.request.state import Status
from portal.legacy import messages

TRUE = DeliveryContext(is_active=True, status=Status.PENDING, task_is_theirs=True)


@pytest.mark.parametrize("code", [code for code, kind in KINDS.items() if kind.asks])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"task_is_theirs": False}, "not theirs"),
        ({"status": Status.ON_HOLD}, "does not wait"),
        ({"is_repeated": True}, "says the same"),
        ({"is_active": False}, "not active"),
        ({"sees": False}, "may not see"),
    ],
)
def test_a_decision_is_asked_for_while_it_can_be_given(
    code: str, change: dict[str, object], words: str
) -> None:
    kind = KINDS[code]
    assert why_not(kind, TRUE) is None
    assert words in (why_not(kind, replace(TRUE, **change)) or "")  # type: ignore[arg-type]


@pytest.mark.parametrize("code", [code for code, kind in KINDS.items() if kind.while_status])
@settings(deadline=None)
@given(status=st.sampled_from(Status))
def test_news_of_a_status_is_told_while_it_is_so(code: str, status: Status) -> None:
    kind = KINDS[code]
    is_told = why_not(kind, replace(TRUE, status=status)) is None
    assert is_told is (status in kind.while_status)


def test_attention_is_told_while_it_is_needed() -> None:
    assert why_not(KINDS["attention"], TRUE) is None
    assert why_not(KINDS["attention"], replace(TRUE, attention=False))


def test_an_unknown_kind_has_plain_words() -> None:
    # A list of several requests: true as a whole, whatever became of the one it stands at.
    assert not kind_named("moved_over").asks
    assert kind_named("unheard_of").heading == "Update"
    assert not kind_named("unheard_of").asks


def test_every_kind_that_is_told_has_its_words_and_its_topic() -> None:
    files = (composers.__file__, catalogue.__file__, messages.__file__)
    text = "".join(Path(file).read_text(encoding="utf-8") for file in files)
    assert [code for code in KINDS if f'"{code}"' not in text] == []
    assert {kind.topic for kind in KINDS.values()} == set(TOPICS)
