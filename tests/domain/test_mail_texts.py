"""What passes the check can be filled, whatever people typed."""

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.notices.kinds import TOPICS
from portal.domain.notices.mail_texts import (
    MAIL_TOPICS,
    MailWords,
    TextUnusable,
    fill,
    filled,
    problems,
)

ASKED = MAIL_TOPICS["asked"]
NAMES = sorted(ASKED.variables)
LETTERS = st.text("aé{} .\n", max_size=9)
PIECES = st.lists(
    st.sampled_from(["{", "}", "{{", "}}", "{number}", "{nmber}", "{}", "{a.b}", "{0}", "x\n"])
    | st.sampled_from(NAMES).map(lambda name: f"{{{name}}}")
    | LETTERS
).map("".join)


@given(PIECES, LETTERS)
def test_what_passes_the_check_is_filled_and_nothing_else_is(text: str, value: str) -> None:
    values = dict.fromkeys(NAMES, value)
    wrong = list(problems(text, ASKED, is_subject=False))
    try:
        fill(text, values)
    except TextUnusable:
        assert wrong
    else:
        assert not wrong


@given(LETTERS)
def test_values_are_not_filled_themselves(value: str) -> None:
    assert fill("a {title} b", {"title": value, "number": "!"}) == f"a {value} b"


def test_what_is_wrong_is_named_with_what_was_meant() -> None:
    said = [str(each) for each in problems("{requestor} {zebra} {", ASKED, is_subject=True)]
    assert said == [
        "{requestor} is no variable. Did you mean {requester}?",
        "{zebra} is no variable here. Use one of the list.",
        "A { stands alone. Write it twice for the sign itself.",
        "The subject needs {number}, so that people can tell requests apart.",
    ]


def test_every_topic_has_words_that_pass() -> None:
    assert {topic.code for topic in TOPICS} < set(MAIL_TOPICS)
    for topic in MAIL_TOPICS.values():
        assert not list(problems(topic.body, topic, is_subject=False))
        assert not list(problems(topic.subject, topic, is_subject=True))
        values = dict.fromkeys(topic.variables, "x")
        assert filled(MailWords(topic.subject, topic.body), values).subject
