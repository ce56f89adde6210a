"""Whether a version of a type makes sense, before it is published. Condition syntax is checked
elsewhere."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from portal.domain.errors import InvalidPolicy
from portal.domain.marked import Sentence, msgid, sentence
from portal.domain.policy.conditions import COMPARISONS
from portal.domain.policy.forms import (
    DECIDING,
    DECIMALS,
    IN_LINES,
    MOST_COLUMNS,
    MOST_PLACES,
    NO,
    OPTIONED,
    TODAY,
    YES,
    FieldKind,
    FormField,
    answerable,
    bound,
    comparable,
    parts_of,
)
from portal.domain.policy.policy import (
    ApproverRule,
    EscalationLevel,
    Mode,
    Policy,
    RuleKind,
    Stage,
    StageKind,
    WorkingTime,
)
from portal.domain.policy.translations import gaps
from portal.domain.policy.types import RESERVED, TypeContent

_READABLE = frozenset({"title", "amount", "currency"})

# One day: later times have to be reckoned from it.
LONGEST_UNDO = 86_400
LONGEST_ANSWER = 10_000
# Lines of managers are seldom longer, and each level is looked up for every request.
MOST_LEVELS = 10
MOST_ESCALATIONS = 10
# How many of the texts without a translation are named, and how much of each.
NAMED_TEXTS, NAMED_LETTERS = 3, 40

_NEEDS_CODE = frozenset({RuleKind.GROUP, RuleKind.ROLE})


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong with a draft. `about`: "form", "route", "askers", "texts" or "languages";
    `name`: the field, stage or language it is about, if one; an error blocks the publication, a
    warning needs a reason (`code`)."""

    about: str
    sentence: Sentence
    name: str = ""
    code: str = ""

    @property
    def is_warning(self) -> bool:
        """Whether a reason is enough."""
        return bool(self.code)


def _problem(about: str, text: str, name: str = "", /, **values: Any) -> Problem:
    return Problem(about=about, name=name, sentence=sentence(text, **values))


def problems_of(content: TypeContent) -> Iterator[Problem]:
    """Everything that can be found wrong without looking at the directory, but for translations."""
    if not content.name.strip():
        yield _problem("texts", msgid("The type needs a name."))
    if not answerable(content.form):
        text = msgid("The form asks for nothing but a title.")
        yield replace(_problem("form", text), code="no_fields")
    for each in content.form:
        yield from _field_problems(each, content.form)
    yield from _policy_problems(content)
    for stage in content.policy.stages:
        yield from _condition_problems(stage, content)


def language_problems(content: TypeContent, offered: Collection[str]) -> Iterator[Problem]:
    """Languages among those that are `offered` that were begun and lack some of the texts."""
    texts = content.texts
    for code, missing in gaps(content.translations, texts, offered).items():
        names = ", ".join(f"“{text[:NAMED_LETTERS]}”" for text in missing[:NAMED_TEXTS])
        more = " …" if len(missing) > NAMED_TEXTS else ""
        text = msgid("%(count)s of %(all)s texts have no translation into %(language)s: %(names)s.")
        values = {"count": len(missing), "all": len(texts), "language": code}
        found = _problem("languages", text, code, **values, names=names + more)
        yield replace(found, code=f"language:{code}:{len(missing)}")


def _field_problems(each: FormField, form: Sequence[FormField]) -> Iterator[Problem]:
    def wrong(text: str, **values: Any) -> Problem:
        return _problem("form", text, each.name, field=each.label, **values)

    if not each.label.strip():
        yield _problem("form", msgid("“%(name)s” needs a label."), each.name, name=each.name)
    if each.kind in OPTIONED:
        if not each.choices:
            yield wrong(msgid("“%(field)s” needs at least one option."))
        twice = [value for value, n in Counter(o.value for o in each.choices).items() if n > 1]
        if twice:
            yield wrong(msgid("“%(field)s” has the option “%(option)s” twice."), option=twice[0])
    days = {other.name for other in form if other.kind is FieldKind.DATE}
    known = (days - {each.name}) | {TODAY, None}
    if not {each.not_before, each.not_after} <= known:
        yield wrong(msgid("“%(field)s” is held beside a date that the form does not have."))
    yield from (wrong(text, name=each.name) for text in _faults(each, form))
    for text, value in (*_number_faults(each), *_shown_faults(each, form), *_line_faults(each)):
        yield wrong(text, value=value)


def _faults(each: FormField, form: Sequence[FormField]) -> Iterator[str]:
    """What only a file can say of a field: pages never let it come to that."""
    if each.name in RESERVED:
        yield msgid("“%(field)s” cannot have the name “%(name)s”, which stands for something else.")
    names = [other.name for other in (*form, *_parts(form))]
    if any(names.count(name) > 1 for name in (each.name, *(p.name for p in _parts([each])))):
        yield msgid("“%(field)s” shares the name “%(name)s” with another field.")
    if each.is_amount and each.kind is not FieldKind.MONEY and each.total_of is None:
        yield msgid("“%(field)s” cannot be the amount: it holds no money.")
    if each.is_amount and sum(other.is_amount for other in form) > 1:
        yield msgid("“%(field)s” cannot be the amount: another field is.")
    if not 1 <= each.max_length <= LONGEST_ANSWER:
        yield msgid("“%(field)s” must take 1 to 10,000 characters.")
    if each.currency is not None and not re.fullmatch("[A-Z]{3}", each.currency):
        yield msgid("“%(field)s” needs a currency of three capitals, such as EUR.")


def _parts(form: Iterable[FormField]) -> list[FormField]:
    """The names that conditions have for parts of fields."""
    return [part for each in form for part in parts_of(each).values()]


def _line_faults(each: FormField) -> Iterator["Fault"]:
    """What is wrong with the columns of a table of lines."""
    if each.kind is not FieldKind.LINES:
        if each.columns or each.total_of is not None:
            yield msgid("“%(field)s” has columns, but holds no lines."), ""
        return
    if not 1 <= len(each.columns) <= MOST_COLUMNS:
        yield msgid("“%(field)s” needs 1 to %(value)s columns."), MOST_COLUMNS
    summed = each.column(each.total_of)
    if each.total_of is not None and (summed is None or summed.kind is not FieldKind.MONEY):
        yield (
            msgid("“%(field)s” sums “%(value)s”, which is no amount in its columns."),
            each.total_of,
        )
    elif summed is not None and each.currency != summed.currency:
        text = msgid("“%(field)s” must have the currency of what it sums, %(value)s.")
        yield text, summed.currency
    yield from _column_faults(each)


def _column_faults(each: FormField) -> Iterator["Fault"]:
    for column in each.columns:
        is_shown = column.shown_if is None and column.shown_when is None
        plainly = is_shown and not column.is_amount and not column.columns
        days = {column.not_before, column.not_after} <= {TODAY, None}
        if column.kind not in IN_LINES or not plainly or not days:
            text = msgid("“%(field)s” cannot have the column “%(value)s”: it is no simple one.")
            yield text, column.label
        for problem in _field_problems(column, each.columns):
            yield msgid("“%(field)s”: %(value)s"), problem.sentence


# What is wrong, and the value that its sentence names.
Fault = tuple[str, object]


def _shown_faults(each: FormField, form: Sequence[FormField]) -> Iterator[Fault]:
    """What keeps a field from ever being shown, or makes it unclear when it is."""
    before = list(form)[: next(i for i, other in enumerate(form) if other is each)]
    yield from _shown_when_faults(each, before)
    on = each.shown_if
    if on is None:
        return
    other = next((field for field in before if field.name == on.field), None)
    if other is None or other.kind not in DECIDING:
        text = msgid("“%(field)s” is shown by “%(value)s”, which is no choice further up.")
        yield text, on.field
        return
    offered = {YES, NO} if other.kind is FieldKind.YES_NO else {o.value for o in other.choices}
    if not on.values:
        text = msgid("“%(field)s” does not say for which values of “%(value)s” it is shown.")
        yield text, other.label
    for value in on.values:
        if value not in offered:
            text = msgid("“%(field)s” is shown for “%(value)s”, which nobody can choose.")
            yield text, value


def _shown_when_faults(each: FormField, before: Sequence[FormField]) -> Iterator[Fault]:
    """Rows that speak of what is not further up, or of options that nobody can choose."""
    known = {other.name: other for other in comparable(before)}
    for row in each.shown_when.all_rows() if each.shown_when else ():
        other = known.get(row.field)
        if other is None:
            yield (
                msgid("“%(field)s” is shown by “%(value)s”, which is no field further up."),
                row.field,
            )
            continue
        offered = {option.value for option in other.choices}
        gone = other.kind in OPTIONED and row.value not in {None, *offered}
        if gone or row.comparison not in COMPARISONS[other.kind]:
            text = msgid("“%(field)s” is shown for “%(value)s”, which nobody can choose.")
            yield text, row.value if gone else row.comparison.value


def _number_faults(each: FormField) -> Iterator[Fault]:
    """Bounds and digits that a file gives to a number."""
    if not 0 <= each.places <= MOST_PLACES:
        yield msgid("“%(field)s” can have 0 to %(value)s digits after the point."), MOST_PLACES
    least, most = bound(each.min_value), bound(each.max_value)
    if least is not None and most is not None and least > most:
        yield msgid("“%(field)s” has a smallest value above its largest."), ""
    for value in (each.min_value, each.max_value):
        wanted = str if each.kind in DECIMALS else int
        if value is not None and (not isinstance(value, wanted) or bound(value) is None):
            yield msgid("“%(field)s” has the bound “%(value)s”, no number of its kind."), value


def _policy_problems(content: TypeContent) -> Iterator[Problem]:
    """Each stage by itself, then the policy as a whole: the first thing wrong of each."""
    names = frozenset(each.name for each in content.form)
    wrong = False
    for stage in content.policy.stages:
        try:
            _check_stage(stage, names)
        except InvalidPolicy as error:
            wrong = True
            yield Problem(about="route", name=stage.key, sentence=error.sentence)
        yield from _length_problems(stage.name, stage.key, _rules_of(stage), stage.escalate)
    yield from _length_problems("", "", content.policy.fallback, ())
    if not wrong:
        try:
            validate_policy(content.policy, content.form)
        except InvalidPolicy as error:
            yield Problem(about="route", sentence=error.sentence)


def _rules_of(stage: Stage) -> tuple[ApproverRule, ...]:
    escalated = (rule for level in stage.escalate for rule in level.to)
    return (*stage.rules, *stage.fallback, *escalated)


def _length_problems(
    stage: str, key: str, rules: Iterable[ApproverRule], escalations: Sequence[EscalationLevel]
) -> Iterator[Problem]:
    """Lines of managers and of escalations that are longer than any organisation needs. Only
    drafts are held to it: what is in force stays as it is."""
    highest = max((each.levels for each in rules if each.kind is RuleKind.MANAGER), default=1)
    if highest > MOST_LEVELS:
        text = msgid(
            "“%(stage)s” asks a manager %(levels)s levels up; at most %(most)s are possible."
        )
        spare = msgid("The policy's fallback")
        named = stage or sentence(spare)
        levels = min(highest, 9_999)
        yield _problem("route", text, key, stage=named, levels=levels, most=MOST_LEVELS)
    if len(escalations) > MOST_ESCALATIONS:
        text = msgid("“%(stage)s” escalates %(count)s times; at most %(most)s are possible.")
        yield _problem(
            "route", text, key, stage=stage, count=len(escalations), most=MOST_ESCALATIONS
        )


def _condition_problems(stage: Stage, content: TypeContent) -> Iterator[Problem]:
    """Rows that speak of what the form does not have, or not any more."""
    fields = {each.name: each for each in comparable(content.form)}
    for row in stage.when.all_rows() if stage.when else ():
        each = fields.get(row.field)
        if each is None:
            continue  # the expression's own check names it
        offered = {option.value for option in each.choices}
        gone = each.kind in OPTIONED and row.value not in {None, *offered}
        if gone or row.comparison not in COMPARISONS[each.kind]:
            text = msgid(
                "The condition of “%(stage)s” asks for an option of “%(field)s” that the form does"
                " not have."
            )
            yield _problem("route", text, stage.key, stage=stage.name, field=each.label)


def validate_policy(policy: Policy, form_fields: Iterable[FormField]) -> None:
    """Raise InvalidPolicy, with a sentence that names the stage, if the policy cannot work.

    `form_fields` are the fields of the request type's form, which rules and `reads` may name.
    """
    names = frozenset(each.name for each in form_fields)
    if not any(stage.kind is StageKind.APPROVAL for stage in policy.stages):
        raise InvalidPolicy(msgid("A policy needs at least one approval stage."))
    if not 0 <= policy.undo_seconds <= LONGEST_UNDO:
        raise InvalidPolicy(msgid("The undo window must be 0 to 86,400 seconds."))
    if policy.bulk is not None and policy.bulk.up_to is not None and policy.bulk.up_to < 0:
        raise InvalidPolicy(msgid("The largest amount to decide many at once cannot be negative."))
    if policy.link_up_to is not None and policy.link_up_to < 0:
        raise InvalidPolicy(msgid("The largest amount to decide from a link cannot be negative."))
    keys = [stage.key for stage in policy.stages]
    for stage in policy.stages:
        if not stage.key.strip() or not stage.name.strip():
            raise InvalidPolicy(
                msgid("The stage “%(stage)s” needs a key and a name."),
                stage=stage.name or stage.key,
            )
        if keys.count(stage.key) > 1:
            raise InvalidPolicy(msgid("More than one stage has the key “%(key)s”."), key=stage.key)
        _check_stage(stage, names)
    _check_rules(sentence(msgid("The policy's fallback")), policy.fallback, names)


def _check_stage(stage: Stage, names: frozenset[str]) -> None:
    where = sentence(msgid("The stage “%(stage)s”"), stage=stage.name)
    spare = sentence(msgid("The stage “%(stage)s”, fallback,"), stage=stage.name)
    if not stage.rules:
        raise InvalidPolicy(msgid("%(where)s needs a rule that says who is asked."), where=where)
    _check_rules(where, stage.rules, names)
    _check_rules(spare, stage.fallback, names)
    for field_name in stage.reads or ():
        if field_name not in names | _READABLE:
            raise InvalidPolicy(
                msgid("%(where)s reads “%(field)s”, which the form does not have."),
                where=where,
                field=field_name,
            )
    if stage.mode is Mode.PER_GROUP:
        _check_groups(where, stage)
    _check_quorum(where, stage)
    _check_clocks(where, stage, names)


def _check_groups(where: Sentence, stage: Stage) -> None:
    titles = [
        (rule.label, rule.code, rule.form_field, rule.kind, rule.people) for rule in stage.rules
    ]
    if len(set(titles)) < len(titles):
        raise InvalidPolicy(
            msgid("%(where)s asks the same group twice; one approval can serve only one."),
            where=where,
        )


def _check_quorum(where: Sentence, stage: Stage) -> None:
    given = [each for each in (stage.quorum, stage.quorum_percent) if each is not None]
    if stage.mode is not Mode.QUORUM:
        if given:
            raise InvalidPolicy(
                msgid("%(where)s has a quorum, but its mode is “%(mode)s”."),
                where=where,
                mode=stage.mode.value,
            )
        return
    if len(given) != 1:
        raise InvalidPolicy(
            msgid("%(where)s needs a quorum: either a number of votes or a share."), where=where
        )
    if stage.quorum is not None and stage.quorum < 1:
        raise InvalidPolicy(msgid("%(where)s needs a quorum of at least 1 vote."), where=where)
    if stage.quorum_percent is not None and not 1 <= stage.quorum_percent <= 100:
        raise InvalidPolicy(
            msgid("%(where)s needs a share between 1 and 100 percent."), where=where
        )


def _check_clocks(where: Sentence, stage: Stage, names: frozenset[str]) -> None:
    if stage.elapsed and stage.working_time is not WorkingTime.TYPE:
        raise InvalidPolicy(
            msgid("%(where)s counts every hour, so it cannot go by working time as well."),
            where=where,
        )
    if any(after < 1 for after in stage.remind_after):
        raise InvalidPolicy(
            msgid("%(where)s: a reminder has to come at least 1 minute after the opening."),
            where=where,
        )
    if not _increasing(stage.remind_after):
        raise InvalidPolicy(
            msgid("%(where)s: each reminder has to come later than the one before it."), where=where
        )
    _check_escalations(where, stage.escalate, names)
    if stage.expire_after is None:
        return
    if stage.expire_after < 1:
        raise InvalidPolicy(
            msgid("%(where)s has to expire at least 1 minute after the opening."), where=where
        )
    latest = max([*stage.remind_after, *(level.after for level in stage.escalate)], default=0)
    if latest >= stage.expire_after:
        raise InvalidPolicy(
            msgid("%(where)s expires before its last reminder or escalation."), where=where
        )


def _check_escalations(
    where: Sentence, levels: Sequence[EscalationLevel], names: frozenset[str]
) -> None:
    times = [level.after for level in levels]
    if any(after < 1 for after in times):
        raise InvalidPolicy(
            msgid("%(where)s: an escalation has to come at least 1 minute after opening."),
            where=where,
        )
    if not _increasing(times):
        raise InvalidPolicy(
            msgid("%(where)s: each escalation has to come later than the one before it."),
            where=where,
        )
    for number, level in enumerate(levels, start=1):
        if not level.to:
            raise InvalidPolicy(
                msgid("%(where)s: escalation %(number)s does not say to whom."),
                where=where,
                number=number,
            )
        text = msgid("%(where)s, escalation %(number)s,")
        _check_rules(sentence(text, where=where, number=number), level.to, names)


def _increasing(times: Sequence[int]) -> bool:
    return all(before < after for before, after in pairwise(times))


def _check_rules(where: Sentence, rules: Iterable[ApproverRule], names: frozenset[str]) -> None:
    for rule in rules:
        if rule.kind is RuleKind.PEOPLE and not rule.people:
            raise InvalidPolicy(msgid("%(where)s has a rule that names nobody."), where=where)
        if rule.kind in _NEEDS_CODE and rule.code is None and rule.form_field is None:
            raise InvalidPolicy(
                msgid("%(where)s does not say which %(kind)s is asked."),
                where=where,
                kind=rule.kind.value,
            )
        if rule.kind is RuleKind.MANAGER and rule.levels < 1:
            raise InvalidPolicy(msgid("%(where)s: a manager is at least 1 level up."), where=where)
        if rule.kind is RuleKind.CHOSEN and rule.form_field is None:
            raise InvalidPolicy(
                msgid("%(where)s does not say which form field names the approver."), where=where
            )
        if rule.form_field is not None and rule.form_field not in names:
            raise InvalidPolicy(
                msgid("%(where)s looks at “%(field)s”, which the form does not have."),
                where=where,
                field=rule.form_field,
            )
