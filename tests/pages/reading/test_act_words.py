"""What acts changed is said in words: fields by their labels, times, and what is empty."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.proof.acts import ActRecord
from portal.presenters import act_words
from portal.presenters.audit_entries import act_changes, act_detail
from portal.queries.audit_details import ActKept

NOW = datetime(2026, 11, 30, tzinfo=UTC)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def act(**data: object) -> ActRecord:
    return ActRecord(id="a", at=NOW, kind="webhook_changed", actor="b", data=data)


def test_what_was_added_reads_as_words() -> None:
    added = {"is_full": False, "modules": [], "types": ["a", "b"], "until": NOW.isoformat()}
    said = act_detail(ActKept(act(added=added), "salt", "hash"), {})
    assert said == (
        "Added: With all details: no, Only these modules: none, Events: a, b, "
        "Until: 30 Nov 2026, 00:00:00 UTC"
    )
    assert "erased" in act_detail(ActKept(act(), "", "hash"), {})


def test_sides_have_labels_and_say_what_was_empty() -> None:
    found = list(act_changes(act(before={"texts_days": None}, after={"texts_days": 30}), {}))
    assert [(each.label, each.before, each.after) for each in found] == [
        ("Days that texts are kept", None, "30")
    ]


@given(st.text(max_size=12), plain)
def test_whatever_was_recorded_is_said(name: str, value: object) -> None:
    said = act_words.value(name, value, {})
    assert len(said) <= act_words.LONGEST + 1
    assert said == "none" or value not in act_words.EMPTY
