"""Which fields of a form are asked, and numbers as they are kept."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.policy.check import problems_of
from portal.domain.policy.forms import (
    NO,
    YES,
    Choice,
    FieldKind,
    FormField,
    ShownIf,
    decimal_text,
    exact,
    section_of,
    shown_names,
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
