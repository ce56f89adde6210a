"""A list of people from a file: what each line would change, and that none breaks the house."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.people import importing
from portal.domain.people.importing import (
    Column,
    FileLine,
    House,
    Known,
    LineVerdict,
    Plan,
    Spellings,
    plan,
)
from portal.domain.people.organisation import circles

TODAY = date(2026, 11, 30)
ANA = Known(
    id="ana",
    values={
        Column.NUMBER: "E-1", Column.EMAIL: "ana@x.org", Column.NAME: "Ana", Column.GROUPS: "fin",
        Column.DEPARTMENT: "ART",
    },
)  # fmt: skip
BEN = Known(id="ben", values={Column.NUMBER: "E-2", Column.NAME: "Ben"}, manager_id="ana")
ADA = Known(
    id="ada", values={Column.EMAIL: "ada@x.org", Column.NAME: "Ada"}, is_admin=True, is_above=True
)
OLD = Known(id="old", values={Column.NUMBER: "E-9", Column.NAME: "Old"}, is_active=False)
HOUSE = House(
    people=(ANA, BEN, ADA, OLD),
    departments=Spellings(["ART", "FIN", "Büro", "Buro"]),
    groups=Spellings(["fin", "it"]),
    places=Spellings(["Berlin", "Málaga"]),
    zones=Spellings(["UTC"]),
    languages=Spellings(["en"]),
)


def planned(*lines: dict[Column, str], house: House = HOUSE) -> Plan:
    return plan([FileLine(n, cells) for n, cells in enumerate(lines, 2)], house, TODAY)


def verdicts(*lines: dict[Column, str]) -> list[tuple[LineVerdict, str]]:
    return [(each.verdict, each.problem) for each in planned(*lines).outcomes]


def test_each_line_is_judged() -> None:
    found = planned(
        {Column.NUMBER: "e-1", Column.NAME: "Ana Ruiz", Column.GROUPS: "IT; fin"},
        {Column.NUMBER: "E-2", Column.NAME: "Ben"},
        {Column.NUMBER: "E-9", Column.NAME: "Old"},
        {Column.EMAIL: "nia@x.org", Column.NAME: "Nia", Column.MANAGER: "E-1"},
    )
    assert [each.verdict for each in found.outcomes] == ["changed", "same", "back", "new"]
    assert found.outcomes[0].changes == {
        Column.NUMBER: ("E-1", "e-1"), Column.NAME: ("Ana", "Ana Ruiz"),
        Column.GROUPS: ("fin", "fin, it"),
    }  # fmt: skip
    assert found.outcomes[3].manager == "ana"
    assert [each.id for each in found.missing] == ["ada"]


def test_what_a_line_names_is_found_without_accents_where_that_is_clear() -> None:
    found = planned(
        {Column.NUMBER: "E-1", Column.PLACE: "malaga", Column.DEPARTMENT: "BÜRO"},
        {Column.NUMBER: "E-2", Column.DEPARTMENT: "Buro"},
        {Column.EMAIL: "ada@x.org", Column.DEPARTMENT: "Bùro"},
    ).outcomes
    assert found[0].changes == {Column.PLACE: ("", "Málaga"), Column.DEPARTMENT: ("ART", "Büro")}
    assert found[1].changes == {Column.DEPARTMENT: ("", "Buro")}
    assert found[2].problem == importing.SEVERAL_DEPARTMENTS


def test_an_empty_cell_says_nothing_and_a_hyphen_clears() -> None:
    (kept,) = planned({Column.NUMBER: "E-1", Column.DEPARTMENT: "", Column.GROUPS: ""}).outcomes
    assert kept.verdict is LineVerdict.SAME
    (cleared,) = planned(
        {Column.NUMBER: "E-1", Column.DEPARTMENT: "-", Column.GROUPS: "-"}
    ).outcomes
    assert cleared.changes == {Column.DEPARTMENT: ("ART", ""), Column.GROUPS: ("fin", "")}


def test_what_cannot_be_is_refused() -> None:
    refused = LineVerdict.REFUSED
    assert verdicts({Column.NAME: "Nobody"}) == [(refused, importing.NO_KEY)]
    assert verdicts({Column.NUMBER: "E-5"}) == [(refused, importing.NO_NAME)]
    assert verdicts({Column.NUMBER: "E-2", Column.EMAIL: "ana@x.org"}) == [
        (refused, importing.TWO_PEOPLE)
    ]
    twice = {Column.NUMBER: "E-7", Column.NAME: "Twin"}
    assert verdicts(twice, twice) == [(refused, importing.TWICE)] * 2
    assert (
        verdicts({Column.NUMBER: "E-1"}, {Column.EMAIL: "ana@x.org"})
        == [(refused, importing.TWICE)] * 2
    )
    assert verdicts({Column.NUMBER: "E-1", Column.DEPARTMENT: "X"}) == [
        (refused, importing.UNKNOWN_DEPARTMENT)
    ]
    assert verdicts({Column.NUMBER: "E-1", Column.LEFT: "soon"}) == [(refused, importing.NOT_A_DAY)]
    assert verdicts({Column.EMAIL: "ada@x.org", Column.LEFT: "2026-11-01"}) == [
        (refused, importing.LAST_ADMINISTRATOR)
    ]
    assert verdicts({Column.NUMBER: "E-1", Column.MANAGER: "E-2"}) == [(refused, importing.CIRCLE)]
    assert verdicts({Column.NUMBER: "E-1", Column.MANAGER: "E-1"}) == [(refused, importing.ONESELF)]
    assert verdicts({Column.NUMBER: "E-1", Column.MANAGER: "E-9"}) == [
        (refused, importing.NO_MANAGER)
    ]


def test_who_left_leaves_and_is_nobodys_manager() -> None:
    left = {Column.NUMBER: "E-1", Column.LEFT: "2026-11-29"}
    assert verdicts(left, {Column.NUMBER: "E-2", Column.MANAGER: "ana@x.org"}) == [
        (LineVerdict.LEAVES, ""), (LineVerdict.REFUSED, importing.NO_MANAGER),
    ]  # fmt: skip
    assert verdicts({Column.NUMBER: "E-1", Column.LEFT: "2026-12-01"}) == [(LineVerdict.SAME, "")]


def test_a_refused_newcomer_is_nobodys_manager() -> None:
    lines = (
        {Column.NUMBER: "E-3", Column.NAME: "Three", Column.MANAGER: "E-4"},
        {Column.NUMBER: "E-4", Column.NAME: "Four", Column.MANAGER: "E-77"},
    )
    assert verdicts(*lines) == [(LineVerdict.REFUSED, importing.NO_MANAGER)] * 2


def test_a_long_row_of_refused_newcomers_ends() -> None:
    count = 3 * importing.MOST_PASSES
    lines = [
        {Column.NUMBER: f"N-{n}", Column.NAME: "New", Column.MANAGER: f"N-{n + 1}"}
        for n in range(count)
    ]
    found = planned(*lines, {Column.NUMBER: "M-1", Column.NAME: "Mine"})
    assert [each.verdict for each in found.outcomes] == [LineVerdict.REFUSED] * count + [
        LineVerdict.NEW
    ]


def test_a_cleared_cell_says_not_who_it_is() -> None:
    lines = [{Column.NUMBER: "-", Column.EMAIL: f"{n}@x.org", Column.NAME: "N"} for n in "ab"]
    assert verdicts(*lines) == [(LineVerdict.NEW, "")] * 2
    assert verdicts({Column.NUMBER: "-", Column.NAME: "N"}) == [
        (LineVerdict.REFUSED, importing.NO_KEY)
    ]


def test_who_keeps_people_changes_no_administrator() -> None:
    house = House(**{
        name: getattr(HOUSE, name) for name in House.__dataclass_fields__
    } | {"may_change_admins": False})  # fmt: skip
    for said in ({Column.NAME: "Mine"}, {Column.MANAGER: "E-1"}):
        (found,) = planned({Column.EMAIL: "ada@x.org", **said}, house=house).outcomes
        assert found.problem == importing.OF_AN_ADMINISTRATOR
        assert found.changes == {}


NUMBERS = st.sampled_from(["E-1", "E-2", "E-3", "E-4", "E-5", "E-9", ""])
LINES = st.lists(
    st.fixed_dictionaries({
        Column.NUMBER: NUMBERS,
        Column.EMAIL: st.sampled_from(["", "ana@x.org", "ada@x.org", "new@x.org"]),
        Column.NAME: st.sampled_from(["", "Somebody"]),
        Column.MANAGER: st.sampled_from(["", "-", "E-1", "E-2", "E-3", "E-4", "E-9", "ada@x.org"]),
        Column.LEFT: st.sampled_from(["", "", "", "2026-01-01"]),
    }),
    max_size=7,
)  # fmt: skip


@given(LINES)
def test_no_file_makes_a_circle_or_takes_the_administrator(
    lines: list[dict[Column, str]],
) -> None:
    found = planned(*lines)
    above = {each.id: each.manager_id for each in HOUSE.people}
    taken = [each for each in found.outcomes if each.verdict is not LineVerdict.REFUSED]
    for each in taken:
        if Column.MANAGER in each.changes:
            above[each.person_id or each.key] = each.manager
    assert circles(above) == ()
    assert all(each.person_id != "ada" for each in found.of(LineVerdict.LEAVES))
    people = [each.person_id for each in taken if each.person_id]
    assert len(people) == len(set(people))
    new = {each.key for each in found.of(LineVerdict.NEW)}
    gone = {each.person_id for each in found.of(LineVerdict.LEAVES)} | {"old"}
    gone -= {each.person_id for each in found.of(LineVerdict.BACK)}
    for each in taken:
        if each.manager is not None:
            assert each.manager in new | ({"ana", "ben", "ada", "old"} - gone)


@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40),
    st.sets(st.integers(0, 39)),
    st.booleans(),
)
def test_a_whole_list_lets_few_go_and_no_administrator(
    kinds: list[tuple[bool, bool]], left_out: set[int], refused: bool
) -> None:
    people = tuple(
        Known(id=f"p{n}", values={Column.NUMBER: f"E-{n}"}, is_active=active, is_admin=admin)
        for n, (active, admin) in enumerate(kinds)
    )
    lines = [
        {Column.NUMBER: f"E-{n}"}
        for n, each in enumerate(people)
        if n not in left_out and each.is_active
    ]
    if refused:
        lines.append({Column.NAME: "Nobody"})
    found = planned(*lines, house=replace(HOUSE, people=people))
    active = [each for each in people if each.is_active]
    assert not any(each.is_admin for each in found.going)
    assert all(each in found.missing for each in found.going)
    assert all(each in active for each in found.missing)
    if not found.stop and found.missing:
        assert len(found.missing) * 10 <= len(active)
        assert any(each.is_admin and each not in found.missing for each in active)
        assert not refused


def test_whoever_stands_on_a_refused_line_is_not_missing() -> None:
    found = planned(
        {Column.NUMBER: "E-1", Column.DEPARTMENT: "NIX"},
        {Column.NUMBER: "E-2", Column.EMAIL: "ada@x.org"},
    )
    assert [each.verdict for each in found.outcomes] == ["refused", "refused"]
    assert found.missing == ()
