"""What the portal takes of somebody whom an identity provider writes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.people.organisation import is_code
from portal.domain.people.provisioning import (
    FIELDS,
    address,
    code_for,
    full_name,
    language,
    merged,
)

attributes = st.dictionaries(st.sampled_from(sorted(FIELDS)), st.sampled_from(["a", "b", None]))


@given(attributes, attributes, attributes)
def test_what_was_never_written_stays_the_portals_own(
    before: dict[str, Any], shown: dict[str, Any], now: dict[str, Any]
) -> None:
    change, whole = (merged(before, shown, now, whole=each) for each in (False, True))
    assert set(before) <= set(change) <= set(whole) <= set(before) | set(now)
    for name, value in now.items():
        if value is not None:
            assert whole[name] == value
            assert change.get(name, shown.get(name)) == value
    assert all(whole[name] is None for name in before if now.get(name) is None)
    assert merged(change, now, now, whole=False) == change


@given(st.text(max_size=60), st.lists(st.sampled_from(["Finance", "finance-2", "group"])))
def test_a_groups_code_is_one_and_its_own(name: str, taken: list[str]) -> None:
    code = code_for(name, taken)
    assert is_code(code)
    assert code.lower() not in {each.lower() for each in taken}


def test_name_address_and_language() -> None:
    parts = {"name": {"givenName": "Ana", "familyName": "Ruiz"}}
    assert full_name("x", parts | {"displayName": " Ana R. "}) == "Ana R."
    assert (full_name("x", parts), full_name("x", {"displayName": " "})) == ("Ana Ruiz", "x")
    home, work = {"value": "h@x.org", "type": "home"}, {"value": "w@x.org", "type": "work"}
    assert address("x", {"emails": [home, work]}) == "w@x.org"
    assert address("x", {"emails": [home | {"primary": True}, work]}) == "h@x.org"
    assert (address("a@x.org", {}), address("x", {"emails": []})) == ("a@x.org", None)
    assert language({"preferredLanguage": "de_DE"}, ("en", "de")) == "de"
    assert language({"preferredLanguage": "fr", "locale": "id-ID"}, ("en", "id")) == "id"
    assert language({"locale": "fr"}, ("en",)) is None
