"""Circles of managers and departments are found, each once; codes are plain."""

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.people.organisation import Branch, chart, circles, is_code

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


@given(LINES, st.integers(1, 4))
def test_the_chart_shows_everybody_outside_circles_once(
    above: dict[str, str | None], levels: int
) -> None:
    whole = [name for top in chart(above, 99) for name in walked(top)]
    stuck = {name for name in above if ends_in_a_circle(name, above)}
    assert sorted(whole) == sorted(set(above) - stuck)
    for top in chart(above, 99):
        assert [top] == list(chart(above, 99, top.id))
    for top in chart(above, levels):
        assert depth(top) <= levels
        assert top.below + 1 == len(walked(next(t for t in chart(above, 99) if t.id == top.id)))


def walked(branch: Branch) -> list[str]:
    return [branch.id, *(name for each in branch.reports for name in walked(each))]


def depth(branch: Branch) -> int:
    return 1 + max((depth(each) for each in branch.reports), default=0)


def ends_in_a_circle(name: str, above: dict[str, str | None]) -> bool:
    members = {each for circle in circles(above) for each in circle}
    at: str | None = name
    for _ in range(len(above) + 1):
        if at in members:
            return True
        at = above.get(at) if at is not None else None
    return False
