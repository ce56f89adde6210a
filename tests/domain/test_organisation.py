"""Circles of managers and departments are found, each once; codes are plain."""

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.people.organisation import circles, is_code

NAMES = st.sampled_from("abcdefgh")
LINES = st.dictionaries(NAMES, st.none() | NAMES)


@given(LINES)
def test_who_is_in_a_circle_stands_above_themselves(above: dict[str, str | None]) -> None:
    found = circles(above)
    members = [name for circle in found for name in circle]
    assert len(members) == len(set(members))
    for circle in found:
        assert [above[name] for name in circle] == [*circle[1:], circle[0]]
    for name in above:
        assert climbs_to_itself(name, above) == (name in members)


def climbs_to_itself(name: str, above: dict[str, str | None]) -> bool:
    at = above.get(name)
    for _ in range(len(above) + 1):
        if at == name:
            return True
        at = above.get(at) if at is not None else None
    return False


@given(st.lists(NAMES, unique=True, min_size=1))
def test_a_line_without_a_circle_has_none(names: list[str]) -> None:
    assert circles(dict(zip(names, [*names[1:], None], strict=True))) == ()


def test_codes() -> None:
    assert all(map(is_code, ("FIN", "fin-2", "A.b_c", "7")))
    assert not any(map(is_code, ("", "-a", "a b", "ä", "a" * 41, "a\n")))
