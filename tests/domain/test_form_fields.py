"""Which fields of a form are asked, and numbers as they are kept."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portal.directory.conditions import check, evaluate
from portal.domain.policy.check import problems_of
from portal.domain.policy.conditions import (
    Comparison,
    Condition,
    Join,
    Row,
    expression,
    holds,
    shown_names,
)
from portal.domain.policy.forms import (
    NO,
    YES,
    Choice,
    FieldKind,
    FormField,
    ShownIf,
    comparable,
    decimal_text,
    exact,
    part_names,
    plain,
    section_of,
    with_total,
)
from portal.domain.policy.types import TypeContent

PLACES = tuple(f"f{n}" for n in range(6))
CONDITIONS = st.none() | st.builds(
    ShownIf,
    field=st.sampled_from(PLACES),
    values=st.sets(st.sampled_from((YES, NO)), min_size=1).map(tuple),
)
FORMS = st.lists(
    st.tuples(st.sampled_from((FieldKind.YES_NO, FieldKind.SECTION)), CONDITIONS), max_size=6
).map(
    lambda parts: tuple(
        FormField(name=f"f{n}", label=f"F{n}", kind=kind, shown_if=on)
        for n, (kind, on) in enumerate(parts)
    )
)
VALUES = st.fixed_dictionaries({name: st.none() | st.booleans() for name in PLACES})


@given(FORMS, VALUES)
def test_what_is_not_asked_decides_nothing(
    form: tuple[FormField, ...], values: dict[str, bool | None]
) -> None:
    shown = shown_names(form, values)
    kept = {name: value if name in shown else None for name, value in values.items()}
    assert shown_names(form, kept) == shown
    sections = section_of(form)
    for each in form:
        if each.name in sections and sections[each.name].name not in shown:
            assert each.name not in shown
        if each.shown_if is not None and each.shown_if.field not in shown:
            assert each.name not in shown


AMOUNT = FormField(name="cost", label="Cost", kind=FieldKind.MONEY, currency="EUR")
WHEN = Condition(join=Join.ANY, rows=(
    Row(field="cost", comparison=Comparison.AT_LEAST, value=100_000),
    Row(field="f0", comparison=Comparison.IS, value=YES),
))  # fmt: skip


@given(st.none() | st.integers(0, 200_000), st.none() | st.booleans())
def test_a_whole_condition_shows_a_field(cost: int | None, answer: bool | None) -> None:
    new = FormField(name="f0", label="New", kind=FieldKind.YES_NO)
    form = (AMOUNT, new, FormField(name="why", label="Why", shown_when=WHEN))
    shown = shown_names(form, {"cost": cost, "f0": answer})
    assert ("why" in shown) is ((cost or 0) >= 100_000 or answer is True)
    early = (form[2], AMOUNT, new)
    assert "why" not in shown_names(early, {"cost": 200_000, "f0": True})
    said = [str(each.sentence) for each in problems_of(TypeContent(name="T", form=early))]
    assert any("shown by “cost”, which is no field further up" in each for each in said)
    about = [each.about for each in problems_of(TypeContent(name="T", form=form))]
    assert "form" not in about


@given(FORMS, VALUES)
def test_without_conditions_everything_is_asked(
    form: tuple[FormField, ...], values: dict[str, bool | None]
) -> None:
    plain = tuple(replace(each, shown_if=None) for each in form)
    assert shown_names(plain, values) == {each.name for each in form}


@given(st.decimals(-(10**8), 10**8, places=6))
def test_a_number_is_kept_in_one_way(number: Decimal) -> None:
    text = decimal_text(number)
    assert exact(text) == number
    assert decimal_text(number + Decimal("0.000000")) == text


def test_what_a_condition_names_has_to_be_there() -> None:
    kind = FormField(name="kind", label="Kind", kind=FieldKind.CHOICE,
                     choices=(Choice(value="a", label="A"),))  # fmt: skip
    wrong = {
        ShownIf(field="none", values=("a",)): "no choice further up",
        ShownIf(field="late", values=(YES,)): "no choice further up",
        ShownIf(field="kind", values=()): "does not say for which values",
        ShownIf(field="kind", values=("b",)): "shown for “b”, which nobody can choose",
    }
    late = FormField(name="late", label="Late", kind=FieldKind.YES_NO)
    for on, words in wrong.items():
        each = FormField(name="x", label="X", shown_if=on)
        content = TypeContent(name="T", form=(kind, each, late))
        assert any(words in str(problem.sentence) for problem in problems_of(content)), words
    right = FormField(name="x", label="X", shown_if=ShownIf(field="kind", values=("a",)))
    content = TypeContent(name="T", form=(kind, right))
    assert not [each for each in problems_of(content) if each.about == "form"]


TABLE = FormField(
    name="items", label="Items", kind=FieldKind.LINES, total_of="price", currency="EUR",
    columns=(FormField(name="price", label="Price", kind=FieldKind.MONEY, currency="EUR"),),
)  # fmt: skip
PRICES = st.lists(st.none() | st.integers(0, 10**12), max_size=5)


@given(PRICES, st.sampled_from(("items_total", "items_count")), st.integers(-1, 1))
def test_lines_are_compared_by_their_sum_and_number(
    prices: list[int | None], name: str, by: int
) -> None:
    value = with_total(TABLE, [{"price": each} for each in prices])
    exactly = sum(each or 0 for each in prices) if name == "items_total" else len(prices)
    row = Row(field=name, comparison=Comparison.AT_LEAST, value=exactly + by)
    condition, values = Condition(rows=(row,)), {"items": value}
    found = holds(condition, comparable((TABLE,)), values)
    assert found is (bool(prices) and by < 1)
    names = {"items", *part_names(["items"])}
    text = expression(condition, (TABLE,))
    check(text, names)
    assert evaluate(text, {**dict.fromkeys(names), **plain(values)}) is found


def test_a_table_of_lines_is_made_of_simple_columns() -> None:
    wrong = {
        "needs 1 to 8 columns": replace(TABLE, columns=(), total_of=None),
        "sums “none”, which is no amount": replace(TABLE, total_of="none"),
        "must have the currency of what it sums, EUR": replace(TABLE, currency="USD"),
        "cannot have the column “Who”": replace(TABLE, columns=(
            *TABLE.columns, FormField(name="who", label="Who", kind=FieldKind.PERSON))),
        "needs at least one option": replace(TABLE, columns=(
            *TABLE.columns, FormField(name="how", label="How", kind=FieldKind.CHOICE))),
        "shares the name": replace(TABLE, columns=(*TABLE.columns, *TABLE.columns)),
    }  # fmt: skip
    for words, table in wrong.items():
        found = [str(each.sentence) for each in problems_of(TypeContent(name="T", form=(table,)))]
        assert any(words in each for each in found), (words, found)
    clash = FormField(name="items_total", label="Sum")
    found = problems_of(TypeContent(name="T", form=(TABLE, clash)))
    assert any("shares the name" in str(each.sentence) for each in found)
    right = replace(TABLE, is_amount=True)
    found = problems_of(TypeContent(name="T", form=(right,)))
    assert not [str(each.sentence) for each in found if each.about == "form"]
