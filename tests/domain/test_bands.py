"""Approval by amount: every amount is in exactly one band, and the table comes back as it was."""

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.policy.bands import KEY, Band, Bands, bands_in, with_bands
from portal.domain.policy.conditions import holds
from portal.domain.policy.forms import FieldKind, FormField
from portal.domain.policy.policy import Mode, Policy, Stage
from portal.domain.policy.types import TypeContent
from tests.domain.office import group, manager

FORM = (FormField(name="price", label="Price", kind=FieldKind.MONEY, currency="EUR",
                  is_amount=True),)  # fmt: skip
FIRST = Stage(key="manager", name="Manager", rules=(manager(),))
LAST = Stage(key="told", name="Told", rules=(group("IT"),))
CONTENT = TypeContent(name="T", form=FORM, policy=Policy(stages=(FIRST, LAST)))
TABLES = st.builds(
    lambda least, votes, adding: Bands(
        bands=tuple(
            Band(least=each, name=f"From {each}", rules=(group("FIN"),), votes=votes)
            for each in sorted({0, *least})
        ),
        adding=adding,
    ),
    st.lists(st.integers(1, 10**9), max_size=5),
    st.integers(1, 3),
    st.booleans(),
)


def asked(content: TypeContent, amount: int | None) -> list[str]:
    return [
        each.key
        for each in content.policy.stages
        if each.key.startswith(KEY)
        and (each.when is None or holds(each.when, content.form, {"price": amount}))
    ]


@given(TABLES, st.none() | st.integers(-5, 10**9), st.data())
def test_every_amount_is_in_exactly_one_band(
    table: Bands, amount: int | None, data: st.DataObject
) -> None:
    edges = [band.least + step for band in table.bands for step in (-1, 0, 1)]
    amount = data.draw(st.sampled_from([amount, *edges]))
    content = with_bands(CONTENT, table)
    place = sum(band.least <= (amount or 0) for band in table.bands) or 1
    expected = range(1, place + 1) if table.adding else [place]
    assert asked(content, amount) == [f"{KEY}{number}" for number in expected]


@given(TABLES)
def test_the_table_comes_back_as_it_was(table: Bands) -> None:
    content = with_bands(CONTENT, table)
    found = bands_in(content)
    assert found.bands == table.bands
    assert found.adding is table.adding or len(table.bands) == 1
    assert with_bands(content, table) == content
    assert with_bands(content, Bands()) == CONTENT


def test_bands_keep_their_place_and_what_else_their_stages_have() -> None:
    one = Bands(bands=(Band(least=0, name="A", rules=(group("FIN"),), votes=2),))
    content = with_bands(CONTENT, one)
    (made,) = [each for each in content.policy.stages if each.key.startswith(KEY)]
    assert (made.mode, made.quorum) == (Mode.QUORUM, 2)
    assert [each.key for each in content.policy.stages] == ["manager", "told", "band_1"]
    early = Stage(**{**made.__dict__, "expire_after": 600})
    content = TypeContent(name="T", form=FORM, policy=Policy(stages=(FIRST, early, LAST)))
    two = Bands(bands=(*one.bands, Band(least=500, name="B", rules=(manager(2),))))
    stages = with_bands(content, two).policy.stages
    assert [each.key for each in stages] == ["manager", "band_1", "band_2", "told"]
    assert stages[1].expire_after == 600
