"""Reasons are kept as codes and read as sentences; what older versions kept reads as it did."""

import re

import pytest

from portal.domain.codec import decode, encode
from portal.domain.request.events import StageFailed, TaskWithdrawn
from portal.domain.request.reasons import SENTENCES, Code, Reason, is_any, reason, sentence
from tests.domain.story import MONDAY

COMMON = {"request_id": "r", "seq": 1, "at": MONDAY}


def test_every_code_has_its_words() -> None:
    assert set(SENTENCES) == set(Code)
    assert len(set(SENTENCES.values())) == len(SENTENCES)


@pytest.mark.parametrize("code", Code)
def test_a_sentence_has_nothing_left_to_fill_in(code: Code) -> None:
    facts = dict.fromkeys(re.findall(r"%\((\w+)\)s", SENTENCES[code]), "Ben")
    assert "%" not in sentence(reason(code, **facts))


def test_a_reason_travels_as_a_code_and_keeps_what_it_is_about() -> None:
    why = reason(Code.TOO_FEW_APPROVALS_LEFT, stage="Finance", needed=2)
    event = StageFailed(**COMMON, index=0, key="f", reason=why)
    kept = encode(event)
    assert kept["reason"] == {
        "code": "too_few_approvals_left",
        "facts": {"stage": "Finance", "needed": 2},
    }
    assert decode(StageFailed, kept) == event
    assert sentence(why) == "The stage “Finance” can no longer get the 2 approvals it needs."


def test_a_reason_of_an_older_version_reads_and_counts_as_before() -> None:
    old = "The request was changed, and this is asked anew."
    event = TaskWithdrawn(**COMMON, task_id="t", reason=reason(Code.CHANGED))
    read = decode(TaskWithdrawn, encode(event) | {"reason": old})
    assert sentence(read.reason) == old == sentence(event.reason)
    assert is_any(read.reason, Code.CHANGED)
    assert is_any(event.reason, Code.CHANGED)
    assert not is_any(read.reason, Code.OVERRIDDEN)


def test_a_reason_about_a_reason_is_one_text_in_any_language() -> None:
    first = reason(Code.ONE_REJECTION_ENDS, stage="Finance")
    why = decode(Reason, encode(reason(Code.OTHERS_ARE_ENOUGH, because=first)))
    assert sentence(why) == (
        "One rejection ends the stage “Finance”. The others who are asked are enough."
    )
    translated = sentence(
        why, lambda text: text.replace("the stage", "die Stufe").replace("others", "x")
    )
    assert "Stufe" in translated
    assert "The x who" in translated


def test_a_code_of_a_newer_version_becomes_words() -> None:
    assert sentence(Reason(code="moon_phase")) == "Moon phase."
