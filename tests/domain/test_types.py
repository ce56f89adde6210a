"""The edits of a draft, durations as they are typed, and rows as conditions: any of them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.directory.conditions import LONGEST, check, evaluate
from portal.domain.codec import decode, encode
from portal.domain.policy import types
from portal.domain.policy.check import language_problems, problems_of
from portal.domain.policy.conditions import (
    COMPARISONS,
    VALUELESS,
    Condition,
    Join,
    Row,
    RowGroup,
    expression,
    holds,
)
from portal.domain.policy.forms import NO, YES, Choice, FieldKind, FormField, decimal_text, exact
from portal.domain.policy.policy import (
    ApproverRule,
    EscalationLevel,
    Policy,
    RuleKind,
    Stage,
    duration,
    minutes_of,
)
from portal.domain.policy.types import TypeContent
from portal.services import type_files
from portal.translation import SHIPPED

# Texts that quote, escape, turn and leave the basic plane.
TEXTS = st.text(alphabet="aß\"'\\{}\n\té😀%", max_size=6)
MONEY = st.integers(-(10**15), 10**15)
DECIMALS = st.decimals(-999_999_999, 999_999_999, places=6).map(decimal_text)
DAYS = st.dates(date(1900, 1, 1), date(2200, 1, 1)).map(date.isoformat)
VALUES: dict[FieldKind, Any] = {
    FieldKind.TEXT: TEXTS,
    FieldKind.LONG_TEXT: TEXTS,
    FieldKind.MONEY: MONEY,
    FieldKind.INTEGER: st.integers(-5, 5),
    FieldKind.DECIMAL: DECIMALS,
    FieldKind.PERCENT: DECIMALS,
    FieldKind.DATE: DAYS,
    FieldKind.YES_NO: st.sampled_from((YES, NO)),
    FieldKind.CHOICE: st.sampled_from(("a", "b", "it's")),
    FieldKind.CHOICES: st.sampled_from(("a", "b", "it's")),
    FieldKind.PERSON: st.uuids().map(str),
    FieldKind.DEPARTMENT: st.sampled_from(("it", "finance")),
    FieldKind.LINK: st.sampled_from(("PR-1", "PR-2052")),
    FieldKind.ATTACHMENTS: st.integers(0, 3),
}
FIELDS = tuple(FormField(name=f"f_{kind.value}", label=kind.value, kind=kind) for kind in VALUES)
NAMES = [each.name for each in FIELDS]


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """A row about any field."""
    each = draw(st.sampled_from(FIELDS))
    comparison = draw(st.sampled_from(COMPARISONS[each.kind]))
    value = None if comparison in VALUELESS else draw(VALUES[each.kind])
    return Row(field=each.name, comparison=comparison, value=value)


JOINS = st.sampled_from(Join)
GROUPS = st.builds(RowGroup, join=JOINS, rows=st.lists(rows(), max_size=2).map(tuple))
CONDITIONS = st.builds(
    Condition,
    join=JOINS,
    rows=st.lists(rows(), min_size=1, max_size=2).map(tuple),
    groups=st.lists(GROUPS, max_size=1).map(tuple),
)


def one_value(kind: FieldKind) -> Any:
    """A value as a request keeps it, or none."""
    if kind is FieldKind.ATTACHMENTS:
        return st.none() | st.integers(0, 3).map(lambda count: [{"name": "a.pdf"}] * count)
    if kind is FieldKind.YES_NO:
        return st.none() | st.booleans()
    if kind is FieldKind.CHOICES:
        return st.none() | st.lists(VALUES[kind], unique=True)
    return st.none() | VALUES[kind]


def as_kept(kind: FieldKind, value: Any) -> Any:
    """The request's value that a row's value is exactly."""
    if kind is FieldKind.ATTACHMENTS:
        return [{}] * value
    if kind is FieldKind.CHOICES:
        return [value]
    return value == YES if kind is FieldKind.YES_NO else value


REQUESTS = st.fixed_dictionaries({each.name: one_value(each.kind) for each in FIELDS})


@given(CONDITIONS, REQUESTS, st.data())
def test_rows_and_their_expression_say_the_same(
    condition: Condition, values: dict[str, Any], data: st.DataObject
) -> None:
    # What is compared is now and then exactly what is there: boundaries are where mistakes live.
    for row in condition.all_rows():
        if row.value is not None and data.draw(st.booleans()):
            kind = next(each.kind for each in FIELDS if each.name == row.field)
            values = {**values, row.field: as_kept(kind, row.value)}
    text = expression(condition, FIELDS)
    if len(text) > LONGEST:
        return
    assert evaluate(text, values) is holds(condition, FIELDS, values)
    check(text, NAMES)


@given(MONEY)
def test_money_is_exact_to_the_cent(limit: int) -> None:
    at_least = Condition(rows=(_row("f_money", "at_least", limit),))
    text = expression(at_least, FIELDS)
    found = [evaluate(text, {"f_money": limit + by}) for by in (-1, 0, 1)]
    assert found == [False, True, True]


@given(DECIMALS, st.integers(-9, 9))
def test_decimals_are_exact_to_the_last_place(limit: str, millionths: int) -> None:
    at_least = Condition(rows=(_row("f_decimal", "at_least", limit),))
    value = decimal_text(Decimal(limit) + Decimal(millionths).scaleb(-6))
    assert exact(value) is not None
    found = evaluate(expression(at_least, FIELDS), {"f_decimal": value})
    assert found is (millionths >= 0)


@given(REQUESTS)
def test_an_empty_field_is_empty_and_compares_as_nothing_else(values: dict[str, Any]) -> None:
    for each in FIELDS:
        for comparison in COMPARISONS[each.kind]:
            if each.kind is FieldKind.ATTACHMENTS or comparison in VALUELESS:
                continue
            value = 1 if each.kind in (FieldKind.MONEY, FieldKind.INTEGER) else "2026-01-01"
            condition = Condition(rows=(_row(each.name, comparison, value),))
            assert not holds(condition, FIELDS, {**values, each.name: None})
        empty = Condition(rows=(_row(each.name, "empty"),))
        assert holds(empty, FIELDS, {**values, each.name: None})
        assert evaluate(expression(empty, FIELDS), {**values, each.name: None}) is True


@given(CONDITIONS)
def test_rows_are_kept_as_they_are(condition: Condition) -> None:
    assert decode(Condition, encode(condition)) == condition


@given(st.integers(1, 10**6), st.booleans())
def test_a_duration_is_read_as_it_is_written(minutes: int, elapsed: bool) -> None:
    assert minutes_of(duration(minutes, elapsed=elapsed), elapsed=elapsed) == minutes


def test_a_day_is_eight_working_hours_or_a_whole_day() -> None:
    assert minutes_of("1d 2h", elapsed=False) == 600
    assert minutes_of("1d 2h", elapsed=True) == 1560
    assert minutes_of("soon", elapsed=False) is None
    assert minutes_of("", elapsed=False) is None


@given(st.text(max_size=60), st.sets(st.sampled_from(("amount", "amount_2", "cost", "field"))))
def test_a_name_is_plain_and_its_own(label: str, taken: set[str]) -> None:
    name = types.name_for(label, taken)
    assert name.isidentifier()
    assert name.isascii()
    assert name not in taken | types.TAKEN


LABELS = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6)


@given(LABELS, st.dictionaries(st.sampled_from("abcdefgh"), st.integers(-3, 9)))
def test_order_loses_and_adds_nothing(labels: list[str], numbers: dict[str, int]) -> None:
    content = TypeContent(name="T", form=tuple(FormField(name=e, label=e) for e in labels))
    ordered = types.in_order(content, numbers)
    assert sorted(each.name for each in ordered.form) == sorted(labels)
    assert types.in_order(ordered, {}) == ordered


@given(LABELS, st.sampled_from("abcdef"), st.sampled_from((-1, 1)))
def test_a_stage_moves_by_one_and_back(labels: list[str], key: str, by: int) -> None:
    stages = tuple(Stage(key=each, name=each) for each in labels)
    content = TypeContent(name="T", policy=Policy(stages=stages))
    moved = types.moved(content, key, by)
    assert set(moved.policy.stages) == set(stages)
    assert moved == content or types.moved(moved, key, -by) == content


def test_only_one_field_is_the_amount() -> None:
    first = FormField(name="a", label="A", kind=FieldKind.MONEY, is_amount=True)
    second = FormField(name="b", label="B", kind=FieldKind.MONEY, is_amount=True)
    content = types.with_field(types.with_field(TypeContent(name="T"), first), second)
    assert [each.is_amount for each in content.form] == [False, True]


def test_every_difference_is_told() -> None:
    option = FormField(name="a", label="A", kind=FieldKind.CHOICE, choices=(
        Choice(value="x", label="X"),))  # fmt: skip
    before = TypeContent(name="T", form=(option, FormField(name="b", label="B")))
    after = TypeContent(
        name="U", form=(FormField(name="c", label="C"), FormField(name="a", label="A")),
        policy=Policy(stages=(Stage(key="s", name="S"),), undo_seconds=0),
    )  # fmt: skip
    told = {(each.what, each.how, each.name) for each in types.changes(before, after)}
    assert told == {
        ("text", "changed", ""), ("field", "added", "C"), ("field", "changed", "A"),
        ("field", "gone", "B"), ("stage", "added", "S"), ("policy", "changed", ""),
    }  # fmt: skip
    assert before.mark != after.mark
    assert before.mark == decode(TypeContent, encode(before)).mark
    assert types.changes(before, before) == ()


def _row(field: str, comparison: Any, value: Any = None) -> Row:
    return decode(Row, {"field": field, "comparison": str(comparison), "value": value})


DAY = FormField(name="day", label="Day", kind=FieldKind.DATE)
OPTION = Choice(value="x", label="X")
WRONG = {
    "needs at least one option": FormField(name="a", label="A", kind=FieldKind.CHOICE),
    "has the option “x” twice": FormField(
        name="a", label="A", kind=FieldKind.CHOICE, choices=(OPTION, OPTION)
    ),
    "needs a label": FormField(name="a", label=" "),
    "smallest value above its largest": FormField(
        name="a", label="A", kind=FieldKind.INTEGER, min_value=2, max_value=1
    ),
    "holds no money": FormField(name="a", label="A", is_amount=True),
    "1 to 10,000 characters": FormField(name="a", label="A", max_length=0),
    "must take 1 to 10,000": FormField(name="a", label="A", max_length=10_001),
    "three capitals": FormField(name="a", label="A", kind=FieldKind.MONEY, currency="eur"),
    "held beside a date": FormField(name="a", label="A", kind=FieldKind.DATE, not_after="gone"),
}


@given(st.sampled_from(tuple(WRONG)))
def test_what_is_wrong_with_a_field_is_said(words: str) -> None:
    content = TypeContent(name="T", form=(DAY, WRONG[words]))
    found = [each for each in problems_of(content) if each.about == "form"]
    assert [(each.name, words in str(each.sentence)) for each in found] == [("a", True)]


def test_a_day_may_be_held_beside_another_and_beside_the_day_of_the_request() -> None:
    days = (DAY, FormField(name="b", label="B", kind=FieldKind.DATE, not_before="day"),
            FormField(name="c", label="C", kind=FieldKind.DATE, not_after="today"))  # fmt: skip
    found = problems_of(TypeContent(name="T", form=days))
    assert not [each for each in found if each.about == "form"]


def test_names_are_their_own_and_one_field_is_the_amount() -> None:
    money = FormField(name="a", label="A", kind=FieldKind.MONEY, is_amount=True)
    twice = TypeContent(name="T", form=(DAY, replace(DAY, label="Other day")))
    two = TypeContent(name="T", form=(money, replace(money, name="b")))
    word = TypeContent(name="T", form=(FormField(name="title", label="Title"),))
    for content, words in ((twice, "shares the name “day”"), (two, "another field is"),
                           (word, "stands for something else")):  # fmt: skip
        found = [each for each in problems_of(content) if each.about == "form"]
        assert len(found) == len(content.form)
        assert all(words in str(each.sentence) and not each.is_warning for each in found)


def test_nothing_has_the_address_of_a_page() -> None:
    for page in ("New", "Import", "Gallery", "Order"):
        assert types.name_for(page, ()) == f"{page.lower()}_2"


def test_a_line_of_managers_has_an_end() -> None:
    def said(rule: ApproverRule, escalations: int = 0) -> list[str]:
        levels = tuple(EscalationLevel(after=n + 1, to=(rule,)) for n in range(escalations))
        stage = Stage(key="line", name="Line", rules=(rule,), escalate=levels)
        policy = Policy(stages=(stage,), fallback=(rule,))
        return [str(each.sentence) for each in problems_of(TypeContent(name="T", policy=policy))]

    high = ApproverRule(kind=RuleKind.MANAGER, levels=11)
    assert [each for each in said(high) if "at most" in each] == [
        "“Line” asks a manager 11 levels up; at most 10 are possible.",
        "“The policy's fallback” asks a manager 11 levels up; at most 10 are possible.",
    ]
    assert any("9999 levels up" in each for each in said(replace(high, levels=10**400)))
    usual = replace(high, levels=10)
    assert not any("at most" in each for each in said(usual, 10))
    assert "“Line” escalates 11 times; at most 10 are possible." in said(usual, 11)


@pytest.mark.parametrize("name", type_files.gallery())
def test_a_type_of_the_gallery_is_whole_in_each_language_and_comes_back(name: str) -> None:
    content = type_files.gallery()[name].content
    assert not list(language_problems(content, ("en", *SHIPPED)))
    german = content.written_in("de", "en")
    assert not list(language_problems(german, ("en", *SHIPPED)))
    assert german.name == content.translations[content.name]["de"]
    assert replace(german.in_language("en"), translations={}) == replace(content, translations={})
    assert content.written_in("fr", "en") == content


def test_languages_that_are_not_offered_are_nobodys_task() -> None:
    content = TypeContent(name="T", description="U", translations={"T": {"de": "T", "fr": "T"}})
    assert [each.name for each in language_problems(content, ("en", "de"))] == ["de"]
