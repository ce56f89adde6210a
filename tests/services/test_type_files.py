"""Types as files: what was written reads as the same, and every mistake has its line."""

import json
import re
import unicodedata
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.demo import organisation
from portal.demo.request_types import all_types
from portal.domain.policy.check import problems_of
from portal.domain.policy.conditions import Comparison, Condition, Row, expression
from portal.domain.policy.forms import Choice, FieldKind, FormField, ShownIf
from portal.domain.policy.policy import (
    ApproverRule,
    EscalationLevel,
    Mode,
    Policy,
    RuleKind,
    Stage,
    duration,
)
from portal.domain.policy.translations import gaps
from portal.domain.policy.types import TypeContent
from portal.services.type_files import FileRefused, read, with_ids, written
from portal.translation import SHIPPED, speaking
from portal.translation.pseudo import PSEUDO
from tests.domain.test_types import CONDITIONS, FIELDS

HEAD = "schema: gloria/type/1\ncode: lamps\nprefix: LA\nname: Lamps\n"
IDS = {each.key: f"id-{each.key}" for each in organisation.PEOPLE}
ADDRESSES = {f"id-{each.key}": each.email for each in organisation.PEOPLE}


@pytest.mark.parametrize("kind", all_types(IDS), ids=lambda kind: kind.code)
def test_a_type_of_the_demonstration_comes_back_as_it_was(kind: Any) -> None:
    content = TypeContent(
        name=kind.name, description=kind.description, form=kind.form, policy=kind.policy,
        translations=kind.translations,
    )  # fmt: skip
    assert gaps(content.translations, content.texts, ("en", *SHIPPED)) == {}
    assert set(content.translations[kind.name]) == {"de", "id"}
    text = written(content, kind.code, kind.prefix, ADDRESSES)
    file = read(text)
    ids = {email.lower(): id_ for id_, email in ADDRESSES.items()}
    assert (file.code, file.prefix) == (kind.code, kind.prefix)
    assert with_ids(file.content, ids) == content
    assert written(with_ids(file.content, ids), kind.code, kind.prefix, ADDRESSES) == text
    assert "id-" not in text


def test_a_file_in_another_form_of_unicode_reads_as_what_it_looks_like() -> None:
    kind = all_types(IDS)[0]
    content = TypeContent(name="Café", description="é", form=kind.form, policy=kind.policy)
    text = written(content, kind.code, kind.prefix, ADDRESSES)
    apart = unicodedata.normalize("NFD", text)
    assert apart != text
    assert read(apart) == read(text)


@settings(deadline=None)
@given(
    CONDITIONS, st.booleans(), st.lists(st.integers(1, 10**5), max_size=3), st.integers(1, 10**6)
)
def test_any_stage_comes_back_as_it_was(
    condition: Condition, elapsed: bool, minutes: list[int], expires: int
) -> None:
    stage = Stage(
        key="a", name="A: “é” #1", when=condition, condition=expression(condition, FIELDS),
        condition_text="some\nwords", elapsed=elapsed, remind_after=tuple(minutes),
        escalate=(EscalationLevel(after=expires, to=()),), expire_after=expires,
    )  # fmt: skip
    policy = Policy(stages=(stage, replace(stage, key="b", when=None)), undo_seconds=0)
    content = TypeContent(name="yes", description="no", form=FIELDS, policy=policy)
    assert read(written(content, "t", "TT", {})).content == content


ANY_KIND = (
    FormField(name="new", label="New", kind=FieldKind.YES_NO),
    FormField(name="part", label="Part", kind=FieldKind.SECTION, required=False,
              shown_if=ShownIf(field="new", values=("yes", "no"))),
    FormField(name="share", label="Share", kind=FieldKind.PERCENT, min_value="0.5", places=1,
              shown_when=Condition(rows=(
                  Row(field="items_total", comparison=Comparison.LESS_THAN, value=500),)),
              shown_text="Items: total is less than €5.00"),
    FormField(name="leave", label="Leave", kind=FieldKind.DAY_RANGE, not_before="today"),
    FormField(name="items", label="Items", kind=FieldKind.LINES, total_of="price", currency="EUR",
              is_amount=True, columns=(
                  FormField(name="price", label="Price", kind=FieldKind.MONEY, currency="EUR"),
                  FormField(name="how", label="How", kind=FieldKind.CHOICE,
                            choices=(Choice(value="a", label="A"),)))),
)  # fmt: skip


def test_a_form_of_every_kind_comes_back_as_it_was() -> None:
    rows = (
        Row(field="items_total", comparison=Comparison.AT_LEAST, value=100001),
        Row(field="leave_days", comparison=Comparison.MORE_THAN, value="2.5"),
        Row(field="new", comparison=Comparison.IS, value="yes"),
    )
    when = Condition(rows=rows)
    stage = Stage(key="a", name="A", when=when, condition=expression(when, ANY_KIND))
    content = TypeContent(name="T", form=ANY_KIND, policy=Policy(stages=(stage,)))
    text = written(content, "t", "TT", {})
    assert "[items_total, '>=', '1000.01']" in text
    assert "[items_total, <, '5.00']" in text
    assert read(text).content == content
    assert written(read(text).content, "t", "TT", {}) == text
    (late,) = [each for each in problems_of(content) if each.about == "form"]
    assert "no field further up" in str(late.sentence)
    column = "    columns:\n      - name: a\n        label: A\n        colour: red\n"
    odd = f"{HEAD}form:\n  - name: b\n    label: B\n    kind: lines\n{column}"
    with pytest.raises(FileRefused, match="colour"):
        read(odd)


MISTAKES = {
    "form:\n  - name: a\n    label: A\n    colour: red\n": "line 8: form[0] knows no “colour”",
    "form:\n  - name: a\n    label: A\n    kind: odd\n": "line 8: form[0]: FormField.kind",
    "form:\n  - name: a b\n    label: A\n": "line 6: form[0]: “a b” is no plain name",
    "form: 4\n": "line 5: form must be a list",
    "route:\n  - key: a\n    name: A\n    expire_after: soon\n": "line 8: expire_after must be",
    "route:\n  - key: a\n    name: A\n    rules: [{kind: group, cod: x}]\n": "knows no “cod”",
    "route:\n  - key: a\n    name: A\n    when: {all: [[a, '~', 1]]}\n": "line 8: route[0].when",
    "route:\n  - key: a\n    name: A\n    when: {none: []}\n": "must be one of all or any",
    "route:\n  - key: a\n    name: A\n    escalate: 5\n": "line 8: escalate must be a list",
    "name: Twice\n": 'line 5: found duplicate key "name"',
    "form: &here []\nroute: *here\n": "line 5: anchors and aliases are not allowed",
    "form: !!python/object:x []\n": "line 5: tags such as tag:yaml.org,2002:python",
    "description: !secret 1\n": "line 5: tags such as !secret are not allowed",
    "policy:\n  askers: {group: [x]}\n": "line 6: policy.askers knows no “group”",
    "form: [\n": "line 6: ",
    "policy: " + "[" * 30: "line 5: nested too deep",
    "colour: red\n": "line 5: the file knows no “colour”",
    'description: "a\\0b"\n': "line 5: a character that cannot be kept",
    'description: "\\ud800"\n': "line 5: a character that cannot be kept",
    'form:\n  - name: a\n    label: "\\udfff"\n': "line 7: a character that cannot be kept",
    '"\\ud800": 1\n"\\ud800": 1\n': 'line 6: found duplicate key "?"',
    f"policy:\n  undo_seconds: 0x{'f' * 5000}\n": "line 6: the number is too large",
    "policy:\n  undo_seconds: .nan\n": "line 6: the number is too large",
    f"description: {'9' * 5000}\n": "Exceeds the limit",
    "description: 2001-99-99\n": "month must be in 1..12",
    "form: [{name: a, label: A, kind: date}]\n"
    'route: [{key: a, name: A, when: {all: [[a, "==", soon]]}}]\n': "line 6: route[0].when: “soon”",
    "form: [{name: b, label: B, kind: money}]\n"
    'route: [{key: a, name: A, when: {all: [[b, "=="]]}}]\n': "“None” is no value of b",
    "form: [{name: a, label: A, kind: money}]\n"
    'route: [{key: a, name: A, when: {all: [[a, "==", "1e999999"]]}}]\n': "a number or a time in",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_named_with_its_line(text: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(HEAD + text)
    assert MISTAKES[text] in str(refused.value)


def test_a_mistake_is_said_in_the_readers_language() -> None:
    with speaking(PSEUDO), pytest.raises(FileRefused) as refused:
        read(f"{HEAD}colour: red\n")
    assert str(refused.value).count("\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}") >= 2
    assert "colour" in str(refused.value)


HEADS = {
    "code: new": "line 2: “new” cannot be the code",
    "code: import": "line 2: “import” cannot be the code",
    "code: a/b": "line 2: “a/b” cannot be the code",
    "code: größe": "line 2: “größe” cannot be the code",
    f"code: {'a' * 61}": "cannot be the code",
    "prefix: A": "line 3: prefix must be 2 to 5 capitals",
    "prefix: la": "line 3: prefix must be",
    'prefix: "LA\\n"': "line 3: prefix must be",
}


@pytest.mark.parametrize("line", HEADS)
def test_a_code_and_a_prefix_are_such_as_addresses_and_numbers_take(line: str) -> None:
    key = line.partition(":")[0]
    lines = [line if each.startswith(key) else each for each in HEAD.splitlines()]
    with pytest.raises(FileRefused) as refused:
        read("\n".join(lines))
    assert HEADS[line] in str(refused.value)


LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(("a", "group", "~", "1d"))
KEYS = st.sampled_from(
    ["key", "name", "rules", "to", "when", "all", "any", "escalate", "after", "kind", "people",
     "remind_after", "label", "choices", "fallback", "stages", "codes", "ask", "of", "quorum",
     "clocks", "remind", "expire", "group", "manager"]
)  # fmt: skip
NODES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)
)


@settings(deadline=None)
@given(st.sampled_from(("form", "route", "policy", "needs", "description")), NODES)
def test_whatever_stands_there_is_read_or_refused(part: str, node: Any) -> None:
    with suppress(FileRefused):
        read(f"{HEAD}{part}: {json.dumps(node)}\n")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(FileRefused):
        read(text)


# The short form, which people write


def test_the_design_s_example_is_read() -> None:
    file = read("""\
schema: gloria/type/1
code: purchase
needs: {groups: [finance], people: [director@x.org]}
form:
  - {name: amount, kind: money, currency: EUR, is_amount: true, label: Amount}
route:
  - key: finance
    ask: {quorum: 2, of: [{group: finance}]}
    when: {all: [[amount, ">=", "10000.00"]]}
    clocks: {remind: [1d], expire: 10d}
    distinct: true
""")
    (stage,) = file.content.policy.stages
    assert (file.code, file.prefix, file.content.name) == ("purchase", "PUR", "Purchase")
    assert (stage.name, stage.mode, stage.quorum) == ("Finance", Mode.QUORUM, 2)
    assert stage.rules == (ApproverRule(kind=RuleKind.GROUP, code="finance"),)
    assert (stage.remind_after, stage.expire_after, stage.distinct) == ((480,), 4800, True)
    assert stage.when == Condition(
        rows=(Row(field="amount", comparison=Comparison.AT_LEAST, value=1000000),)
    )
    assert file.groups == ("finance",)


def test_the_example_of_the_paper_is_whole_and_goes_out_in_the_long_form() -> None:
    paper = (Path(__file__).parents[2] / "docs" / "request-types.md").read_text(encoding="utf-8")
    (example,) = re.findall("```yaml\n(.*?)```", paper, re.DOTALL)
    file = read(example)
    line, budget, finance = file.content.policy.stages
    assert [each.name for each in (line, budget, finance)] == [
        "Line manager", "Budget owner", "Finance",
    ]  # fmt: skip
    assert (file.prefix, file.groups) == ("EQU", ("finance", "management"))
    assert line.escalate[0].to == (ApproverRule(kind=RuleKind.MANAGER, levels=2),)
    assert budget.rules[0].form_field == "charged_to"
    assert [each for each in problems_of(file.content) if not each.is_warning] == []
    text = written(file.content, file.code, file.prefix, {})
    assert "ask:" not in text
    assert "clocks:" not in text
    assert read(text) == file
    assert written(read(text).content, file.code, file.prefix, {}) == text


WORDS = st.sampled_from(("finance", "it", "a_b"))
SHORT_RULES: st.SearchStrategy[tuple[Any, ApproverRule]] = st.one_of(
    st.just(("manager", ApproverRule(kind=RuleKind.MANAGER))),
    st.just(("department_head", ApproverRule(kind=RuleKind.DEPARTMENT_HEAD))),
    st.integers(1, 5).map(
        lambda n: ({"manager": n}, ApproverRule(kind=RuleKind.MANAGER, levels=n))
    ),
    WORDS.map(lambda w: ({"group": w}, ApproverRule(kind=RuleKind.GROUP, code=w))),
    WORDS.map(lambda w: ({"kind": "role", "code": w}, ApproverRule(kind=RuleKind.ROLE, code=w))),
    WORDS.map(lambda w: ({"role": w, "label": w},
                         ApproverRule(kind=RuleKind.ROLE, code=w, label=w))),
    WORDS.map(lambda w: ({"person": w}, ApproverRule(kind=RuleKind.PEOPLE, people=(w,)))),
    WORDS.map(lambda w: ({"people": [w, "x"]},
                         ApproverRule(kind=RuleKind.PEOPLE, people=(w, "x")))),
    WORDS.map(lambda w: ({"chosen": w}, ApproverRule(kind=RuleKind.CHOSEN, form_field=w))),
    WORDS.map(lambda w: ({"group_of": w, "codes": {"a": w}},
                         ApproverRule(kind=RuleKind.GROUP, form_field=w, codes={"a": w}))),
    WORDS.map(lambda w: ({"department_head": w},
                         ApproverRule(kind=RuleKind.DEPARTMENT_HEAD, code=w))),
    WORDS.map(lambda w: ({"department_head_of": w},
                         ApproverRule(kind=RuleKind.DEPARTMENT_HEAD, form_field=w))),
)  # fmt: skip
QUORUMS: st.SearchStrategy[tuple[Any, dict[str, Any]]] = st.one_of(
    st.sampled_from((Mode.ANY, Mode.ALL, Mode.PER_GROUP)).map(lambda m: (m.value, {"mode": m})),
    st.integers(1, 9).map(lambda n: (n, {"mode": Mode.QUORUM, "quorum": n})),
    st.integers(1, 100).map(lambda n: (f"{n}%", {"mode": Mode.QUORUM, "quorum_percent": n})),
)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(SHORT_RULES, max_size=3), QUORUMS, st.booleans(),
    st.lists(st.integers(1, 10**5), max_size=3), st.integers(1, 10**6),
)  # fmt: skip
def test_what_is_written_short_is_what_would_be_written_long(
    rules: list[tuple[Any, ApproverRule]],
    quorum: tuple[Any, dict[str, Any]],
    elapsed: bool,
    minutes: list[int],
    expires: int,
) -> None:
    short, long = [each for each, _rule in rules], tuple(rule for _each, rule in rules)
    stage = Stage(
        key="a_b", name="A b", rules=long, fallback=long, elapsed=elapsed, **quorum[1],
        remind_after=tuple(minutes), expire_after=expires,
        escalate=(EscalationLevel(after=expires, to=long, message="m"),),
    )  # fmt: skip
    times = [duration(each, elapsed=elapsed) for each in (*minutes, expires)]
    levels = [{"after": times[-1], "to": short, "message": "m"}]
    clocks = {"remind": times[:-1], "escalate": levels, "expire": times[-1]}
    node = {"key": "a_b", "ask": {"of": short, "quorum": quorum[0]}, "clocks": clocks,
            "fallback": short, "elapsed": elapsed}  # fmt: skip
    policy = {"fallback": short, "stand_ins": short}
    text = f"{HEAD}route: {json.dumps([node])}\npolicy: {json.dumps(policy)}\n"
    assert read(text).content.policy == Policy(stages=(stage,), fallback=long, stand_ins=long)


SHORT_MISTAKES = {
    "ask: 5\n": "line 7: route[0].ask must have keys such as of",
    "ask: {quorum: 2}\n": "line 7: route[0].ask.of must be a list",
    "ask:\n      of: []\n      votes: 2\n": "line 9: route[0].ask knows no “votes”",
    "ask:\n      of: []\n      quorum: 0\n": "line 9: route[0].ask.quorum must be any, all,",
    "ask: {of: [], quorum: 101%}\n": "or a share such as 50%",
    "ask: {of: [], quorum: true}\n": "line 7: route[0].ask.quorum must be",
    "ask:\n      of:\n        - manager\n        - boss\n":
        "line 10: route[0].ask.of[1] must have keys such as group",
    "ask:\n      of:\n        - {team: x}\n": "line 9: route[0].ask.of[0] must be one of person,",
    "ask: {of: [{group: a, role: b}]}\n": "route[0].ask.of[0] must be one of",
    "ask:\n      of:\n        - group: a\n          lable: b\n":
        "line 10: route[0].ask.of[0] knows no “lable”",
    "ask: {of: [{group: }]}\n": "line 7: route[0].ask.of[0].group needs a value",
    "ask: {of: [{manager: two}]}\n": "route[0].ask.of[0]: ApproverRule.levels: Expected `int`",
    "ask: {of: [{kind: group, cod: x}]}\n": "line 7: route[0].ask.of[0] knows no “cod”",
    "ask: {of: []}\n    rules: []\n": "line 8: route[0]: “rules” cannot stand beside “ask”",
    "clocks: {}\n    expire_after: 1d\n": "“expire_after” cannot stand beside “clocks”",
    "clocks: {remind: 1d}\n": "line 7: route[0].clocks.remind must be a list",
    "clocks:\n      remind:\n        - 1d\n        - soon\n":
        "line 10: route[0].clocks.remind[1] must be a time such as",
    "clocks: {warn: [1d]}\n": "line 7: route[0].clocks knows no “warn”",
    "clocks:\n      escalate:\n        - to: [manager]\n":
        "line 9: route[0].clocks.escalate[0].after must be a time",
    "clocks:\n      escalate:\n        - after: 1d\n":
        "line 9: route[0].clocks.escalate[0].to must be a list",
    "fallback:\n      - {grop: x}\n": "line 8: route[0].fallback[0] must be one of",
    "fallback:\n      - manager\n      - role: x\n        cod: y\n":
        "line 10: route[0].fallback[1] knows no “cod”",
    "escalate:\n      - {after: 1d, to: [{manager: two}]}\n": "line 8: route[0].to[0]: Approver",
}  # fmt: skip


@pytest.mark.parametrize("text", SHORT_MISTAKES)
def test_a_mistake_in_the_short_form_is_named_with_its_line(text: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(f"{HEAD}route:\n  - key: a\n    {text}")
    assert SHORT_MISTAKES[text] in str(refused.value)


def test_a_code_without_letters_enough_needs_a_prefix() -> None:
    with pytest.raises(FileRefused, match="prefix must be 2 to 5 capitals"):
        read("schema: gloria/type/1\ncode: a\n")
