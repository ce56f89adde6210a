"""The forms of a request type's draft: texts, one field, one stage, its clocks, its condition."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Form
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from portal.domain.policy.conditions import (
    COMPARISONS,
    VALUELESS,
    Comparison,
    Condition,
    Join,
    Row,
    RowGroup,
)
from portal.domain.policy.forms import TODAY, Choice, FieldKind, FormField
from portal.domain.policy.policy import (
    ApproverRule,
    EscalationLevel,
    Mode,
    Policy,
    Receivers,
    RuleKind,
    Stage,
    StageKind,
    WorkingTime,
    duration,
    minutes_of,
)
from portal.domain.policy.types import TypeContent, first_amount, name_for
from portal.forms.building import LARGEST, options, unbound
from portal.forms.fields import (
    Allowed,
    AtMost,
    Between,
    DayField,
    LineField,
    LinesField,
    MoneyField,
    OptionsField,
    Required,
    Typed,
    WholeNumberField,
)
from portal.forms.people import PeopleSource
from portal.translation import _, lazy

Post = "MultiDict[str, str] | None"
LONGEST_NAME = 60
LONGEST_TEXT = 300
MOST_LENGTH = 10_000
MOST_ROWS = 8
MOST_FILES = 100

_CHOSEN = Required(lazy("choose an option"))

KINDS: Mapping[str, str] = {
    FieldKind.TEXT: lazy("Text, one line"),
    FieldKind.LONG_TEXT: lazy("Text, several lines"),
    FieldKind.MONEY: lazy("Amount of money"),
    FieldKind.INTEGER: lazy("Whole number"),
    FieldKind.DATE: lazy("Date"),
    FieldKind.CHOICE: lazy("One of several options"),
    FieldKind.PERSON: lazy("Person"),
    FieldKind.ATTACHMENTS: lazy("Files"),
}
WORDS: Mapping[str, str] = {
    Comparison.IS: lazy("is"),
    Comparison.IS_NOT: lazy("is not"),
    Comparison.AT_LEAST: lazy("is at least"),
    Comparison.MORE_THAN: lazy("is more than"),
    Comparison.AT_MOST: lazy("is at most"),
    Comparison.LESS_THAN: lazy("is less than"),
    Comparison.CONTAINS: lazy("contains"),
    Comparison.EMPTY: lazy("is empty"),
    Comparison.FILLED: lazy("is filled in"),
}
PRIORITIES = ("LOW", "MEDIUM", "HIGH", "URGENT", "CRITICAL")


class PrefixField(LineField):
    """What numbers begin with: two to five capitals."""

    def read(self, text: str) -> str:
        """The letters as capitals."""
        if not re.fullmatch(r"[A-Za-z]{2,5}", text):
            raise ValueError(_("%(label)s must be 2 to 5 letters, such as PR."))
        return text.upper()


class ChoicesField(LinesField):
    """Options, one on each line: `value = label`, or a label alone, which is its own value."""

    empty: Any = ()

    def read(self, text: str) -> tuple[Choice, ...]:
        """The options in their order; a value that stands twice is an error with its line."""
        found: dict[str, Choice] = {}
        for number, line in enumerate(text.split("\n"), start=1):
            value, equals, label = (part.strip() for part in line.partition("="))
            if not value and not equals:
                continue
            if not value or (equals and not label):
                raise ValueError(
                    _("%(label)s: line %(number)s must be “value = label”.", label="%(label)s",
                      number=number)
                )  # fmt: skip
            if value in found:
                raise ValueError(
                    _("%(label)s: line %(number)s repeats the value “%(value)s”.",
                      label="%(label)s", number=number, value=value)
                )  # fmt: skip
            found[value] = Choice(value=value, label=label or value)
        return tuple(found.values())

    def write(self, value: Sequence[Choice]) -> str:
        """One on each line."""
        lines = (o.value if o.value == o.label else f"{o.value} = {o.label}" for o in value)
        return "\n".join(lines)


class DurationField(LineField):
    """A time such as "1d 4h"; `data` is the text, which the stage turns into minutes."""

    several = False

    def read(self, text: str) -> str:
        """The text, if every part of it is a time."""
        parts = text.split(",") if self.several else [text]
        if any(not minutes_of(part, elapsed=True) for part in parts):
            raise ValueError(_("%(label)s must be a time such as 1d, 4h or 1d 4h."))
        return text


class DurationsField(DurationField):
    """Several times, with commas between them."""

    several = True


class PeopleField(Typed):
    """Active people by name, with semicolons between them; `data` holds their ids."""

    empty: Any = ()

    def __init__(self, *args: Any, people: PeopleSource, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = people
        self.widget = LineField.widget
        self.render_kw = {"autocomplete": "off", "list": "people-names"}

    def read(self, text: str) -> tuple[str, ...]:
        """The ids, each once."""
        ids = []
        for part in filter(None, (each.strip() for each in text.split(";"))):
            found = self.people.called(part)
            if len(found) != 1:
                problem = (
                    _("matches several people: use the mail address")
                    if found
                    else _("is no active colleague")
                )
                raise ValueError(f"%(label)s: “{part}” {problem}.")
            ids.append(found[0].id)
        return tuple(dict.fromkeys(ids))

    def write(self, value: Sequence[str]) -> str:
        """The names; somebody who left is left out."""
        return "; ".join(each.label for each in map(self.people.find, value) if each)


class NewTypeForm(Form):
    """A type from scratch."""

    name: Any = unbound(
        LineField,
        lazy("Name"),
        [Required(lazy("enter a name, such as Purchase")), AtMost(LONGEST_NAME)],
        lazy("What people choose when they make a request."),
    )
    prefix: Any = unbound(
        PrefixField,
        lazy("Numbers begin with"),
        [Required(lazy("enter 2 to 5 letters, such as PR"))],
        lazy("Two to five letters, such as PR for PR-1001. It cannot be changed later."),
    )
    description: Any = unbound(
        LineField,
        lazy("Description"),
        [AtMost(LONGEST_TEXT)],
        lazy("One sentence below the name."),
    )


def gallery_form(groups: Sequence[str], own: Mapping[str, str]) -> BaseForm:
    """What a type of the gallery is called here, and which group takes the place of each."""
    offered = options(list(own.items()), _("Choose a group"))
    wanted = {
        f"group_{code}": unbound(
            OptionsField, _("Who is “%(code)s” here", code=code),
            [Required(_("choose one of your groups"))], **offered,
        )
        for code in groups
    }  # fmt: skip
    name = [Required(_("enter a name")), AtMost(LONGEST_NAME)]
    prefix = [Required(_("enter 2 to 5 letters, such as PR"))]
    return BaseForm({
        "name": unbound(LineField, _("Name"), name),
        "prefix": unbound(PrefixField, _("Numbers begin with"), prefix),
        **wanted,
    })  # fmt: skip


class TextsForm(Form):
    """What a version is called."""

    name: Any = unbound(
        LineField, lazy("Name"), [Required(lazy("enter a name")), AtMost(LONGEST_NAME)]
    )
    description: Any = unbound(LineField, lazy("Description"), [AtMost(LONGEST_TEXT)])


def new_field_form(typed: Any = None) -> BaseForm:
    """A field's label and kind; the kind is fixed from then on."""
    kinds = [(kind, str(words)) for kind, words in KINDS.items()]
    form = BaseForm({
        "label": unbound(
            LineField, _("Label"), [Required(_("enter a label, such as Supplier")), AtMost(100)],
            _("What people read beside the field."),
        ),
        "kind": unbound(
            OptionsField, _("Kind"), [Required(_("choose what the field holds"))],
            _("It cannot be changed later; add another field instead."), **options(kinds),
        ),
    })  # fmt: skip
    form.process(typed)
    return form


def new_field(form: BaseForm, content: TypeContent, taken: Sequence[str]) -> FormField:
    """The field that a valid `new_field_form` describes, with a name that nothing else has."""
    kind, label = FieldKind(form["kind"].data), form["label"].data
    used = {*taken, *(each.name for each in content.form)}
    if kind is not FieldKind.MONEY:
        used.add("amount")
    lengths = {FieldKind.LONG_TEXT: 4000}
    return FormField(
        name=name_for(label, used),
        label=label,
        kind=kind,
        max_length=lengths.get(kind, 200),
        currency="EUR" if kind is FieldKind.MONEY else None,
        is_amount=first_amount(content, kind),
        min_value=0 if kind is FieldKind.MONEY else None,
    )


class _NotAbove:
    """The largest value is not below the smallest."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise, naming both."""
        least = form["min_value"].data
        if least is not None and field.data is not None and field.data < least:
            raise ValidationError(
                _("%(label)s must not be below %(other)s.", label=field.label.text,
                  other=form["min_value"].label.text)
            )  # fmt: skip


def field_form(each: FormField, content: TypeContent, typed: Any = None) -> BaseForm:
    """Everything about one field that may change."""
    drawn: dict[str, Any] = {
        "label": unbound(LineField, _("Label"), [Required(_("enter a label")), AtMost(100)]),
        "hint": unbound(
            LineField, _("Hint"), [AtMost(LONGEST_TEXT)],
            _("A sentence below the label that says what to enter."),
        ),
        "required": unbound(BooleanField, _("An answer is required"), []),
        **_kind_fields(each, content),
    }  # fmt: skip
    form = BaseForm(drawn)
    currency = str(typed.get("currency", "") if typed is not None else each.currency or "")
    for name in ("min_value", "max_value"):
        if each.kind is FieldKind.MONEY:
            form[name].currency = currency if re.fullmatch("[A-Z]{3}", currency) else "EUR"
    form.process(typed, data={name: getattr(each, name) for name in drawn})
    return form


def _kind_fields(each: FormField, content: TypeContent) -> dict[str, Any]:
    match each.kind:
        case FieldKind.TEXT | FieldKind.LONG_TEXT:
            length = [Required(_("enter a number")), Between(1, MOST_LENGTH)]
            return {"max_length": unbound(WholeNumberField, _("Most characters"), length)}
        case FieldKind.CHOICE:
            hint = _("One on each line: value = label. The value is kept; the label is shown.")
            rules = [Required(_("enter at least one option")), _AtMostChoices()]
            return {"choices": unbound(ChoicesField, _("Options"), rules, hint)}
        case FieldKind.MONEY:
            return _money_fields()
        case FieldKind.INTEGER:
            return _bounds(WholeNumberField)
        case FieldKind.DATE:
            return _day_fields(each, content)
    return {}


def _day_fields(each: FormField, content: TypeContent) -> dict[str, Any]:
    others = [
        (other.name, other.label)
        for other in content.form
        if other.kind is FieldKind.DATE and other.name != each.name
    ]
    days = options([(TODAY, _("the day of the request")), *others], _("Any day"))
    return {
        "not_before": unbound(OptionsField, _("Not before"), [], **days),
        "not_after": unbound(OptionsField, _("Not after"), [], **days),
    }


class _AtMostChoices:
    def __call__(self, _form: Any, field: Any) -> None:
        if len(field.data) > 500:
            raise ValidationError(_("%(label)s: at most 500 options.", label=field.label.text))


class CurrencyField(LineField):
    """A code such as EUR."""

    def read(self, text: str) -> str:
        """Three capitals."""
        if not re.fullmatch("[A-Za-z]{3}", text):
            raise ValueError(_("%(label)s must be a code of three letters, such as EUR."))
        return text.upper()


def _money_fields() -> dict[str, Any]:
    return {
        "currency": unbound(
            CurrencyField, _("Currency"), [Required(_("enter a code such as EUR"))]
        ),
        "is_amount": unbound(
            BooleanField, _("This is the amount of the request"), [],
            _("Lists, sums and limits go by it. Only one field can be the amount."),
        ),
        **_bounds(MoneyField, currency="EUR"),
    }  # fmt: skip


def _bounds(kind: Any, **more: Any) -> dict[str, Any]:
    within = [Allowed(), Between(-LARGEST, LARGEST)]
    return {
        "min_value": unbound(kind, _("Smallest value"), within, **more),
        "max_value": unbound(kind, _("Largest value"), [*within, _NotAbove()], **more),
    }


def changed_field(each: FormField, form: BaseForm) -> FormField:
    """The field as a valid form has it; name and kind stay."""
    values = {field.name: field.data for field in form}
    for name in ("not_before", "not_after"):
        if name in values:
            values[name] = values[name] or None
    return replace(each, **values)


@dataclass(frozen=True, kw_only=True)
class Choosable:
    """Whom rules may name: groups and departments by code, and people."""

    groups: Mapping[str, str]
    departments: Mapping[str, str]
    roles: Sequence[str]
    people: PeopleSource


def new_stage_form(typed: Any = None) -> BaseForm:
    """A stage's name and what it is for."""
    kinds = [
        (StageKind.APPROVAL.value, _("Approval: people decide")),
        (StageKind.NOTIFY.value, _("For information only: people are told, nobody has to decide")),
    ]
    form = BaseForm({
        "name": unbound(
            LineField, _("Name"), [Required(_("enter a name, such as Line manager")), AtMost(60)]
        ),
        "kind": unbound(OptionsField, _("What it is for"), [_CHOSEN], **options(kinds, "")),
    })  # fmt: skip
    form.process(typed, data={"kind": StageKind.APPROVAL.value})
    return form


def new_stage(form: BaseForm, content: TypeContent) -> Stage:
    """The stage that a valid `new_stage_form` describes, with a key of its own."""
    keys = {stage.key for stage in content.policy.stages}
    name = form["name"].data
    return Stage(key=name_for(name, keys), name=name, kind=StageKind(form["kind"].data))


def who_options(content: TypeContent, choosable: Choosable) -> list[tuple[str, str]]:
    """Every rule that can be chosen from a list: what is kept for it, and its words."""
    people = [each for each in content.form if each.kind is FieldKind.PERSON]
    picks = [each for each in content.form if each.kind is FieldKind.CHOICE]
    return [
        ("manager:1", _("The requester's manager")),
        ("manager:2", _("The manager's manager")),
        ("manager:3", _("The manager three levels up")),
        ("head:", _("The head of the requester's department")),
        *((f"head:{e.name}", _("The head of the department in “%(f)s”", f=e.label)) for e in picks),
        *((f"chosen:{e.name}", _("The person in “%(f)s”", f=e.label)) for e in people),
        ("people:", _("People named beside this")),
        *((f"group:{c}", _("Group: %(n)s", n=n)) for c, n in choosable.groups.items()),
        *((f"group_in:{e.name}", _("The group in “%(f)s”", f=e.label)) for e in picks),
        *((f"dept:{c}", _("Head of %(n)s", n=n)) for c, n in choosable.departments.items()),
        *((f"role:{r}", _("Role: %(n)s", n=r)) for r in choosable.roles),
    ]


def _who(rule: ApproverRule) -> str:
    """The option that a rule is; one with codes of its own is kept as it is."""
    if rule.codes:
        return ""
    match rule.kind:
        case RuleKind.MANAGER:
            return f"manager:{rule.levels}"
        case RuleKind.DEPARTMENT_HEAD:
            return f"dept:{rule.code}" if rule.code else f"head:{rule.form_field or ''}"
        case RuleKind.CHOSEN:
            return f"chosen:{rule.form_field}"
        case RuleKind.GROUP if rule.form_field:
            return f"group_in:{rule.form_field}"
        case RuleKind.PEOPLE:
            return "people:"
        case _:
            return f"{rule.kind.value}:{rule.code}"


def _rule(who: str, people: Sequence[str]) -> ApproverRule:
    kind, _sign, rest = who.partition(":")
    match kind:
        case "manager":
            return ApproverRule(kind=RuleKind.MANAGER, levels=int(rest))
        case "head":
            return ApproverRule(kind=RuleKind.DEPARTMENT_HEAD, form_field=rest or None)
        case "dept":
            return ApproverRule(kind=RuleKind.DEPARTMENT_HEAD, code=rest)
        case "chosen":
            return ApproverRule(kind=RuleKind.CHOSEN, form_field=rest)
        case "group_in":
            return ApproverRule(kind=RuleKind.GROUP, form_field=rest)
        case "people":
            return ApproverRule(kind=RuleKind.PEOPLE, people=tuple(people))
        case _:
            return ApproverRule(kind=RuleKind(kind), code=rest)


def _rule_fields(
    name: str, rules: Sequence[ApproverRule], content: TypeContent, choosable: Choosable
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Rows of rules, one more than there are, and what stands in them now."""
    fields: dict[str, Any] = {}
    data: dict[str, Any] = {}
    offered = who_options(content, choosable)
    for row in range(min(len(rules) + 1, MOST_ROWS)):
        rule = rules[row] if row < len(rules) else None
        value = (_who(rule) if rule else "") or (f"keep:{row}" if rule else "")
        more = [] if value in ("", *(o[0] for o in offered)) else [(value, _as_it_is(rule))]
        first = _("Nobody else") if rules else _("Choose who")
        number = row + 1
        fields[f"{name}_{row}"] = unbound(
            OptionsField, _("Who (%(number)s)", number=number), [],
            **options([*more, *offered], first),
        )  # fmt: skip
        fields[f"{name}_people_{row}"] = unbound(
            PeopleField, _("People (%(number)s)", number=number), [_Named(f"{name}_{row}")],
            people=choosable.people,
        )  # fmt: skip
        data |= {f"{name}_{row}": value, f"{name}_people_{row}": rule.people if rule else ()}
    return fields, data


def _as_it_is(rule: ApproverRule | None) -> str:
    named = (rule.label or rule.code or rule.form_field or rule.kind.value) if rule else ""
    return _("As it is: %(named)s", named=named)


class _Named:
    """People are named where, and only where, the row says so."""

    def __init__(self, who: str) -> None:
        self.who = who

    def __call__(self, form: Any, field: Any) -> None:
        """Raise for either without the other."""
        wanted = form[self.who].data == "people:"
        if wanted and not field.data and not field.errors:
            raise ValidationError(_("%(label)s: name at least one.", label=field.label.text))


def _rules_of(name: str, form: BaseForm, old: Sequence[ApproverRule]) -> tuple[ApproverRule, ...]:
    """The rules of a valid form; one that says the same as before stays as it was."""
    rules = []
    for row in range(MOST_ROWS):
        if f"{name}_{row}" not in form or not (who := form[f"{name}_{row}"].data):
            continue
        before = old[row] if row < len(old) else None
        people = form[f"{name}_people_{row}"].data
        same = before and who in (_who(before), f"keep:{row}") and tuple(people) == before.people
        if before and (same or who.startswith("keep:")):
            rules.append(before)
        else:
            rules.append(_rule(who, people))
    return tuple(rules)


def stage_form(stage: Stage, content: TypeContent, choosable: Choosable, typed: Any) -> BaseForm:
    """Who is asked in a stage, and how many of them have to approve."""
    rules, data = _rule_fields("who", stage.rules, content, choosable)
    spare, more = _rule_fields("fallback", stage.fallback, content, choosable)
    drawn = {
        "name": unbound(LineField, _("Name"), [Required(_("enter a name")), AtMost(60)]),
        **rules,
        **(_vote_fields() if stage.kind is StageKind.APPROVAL else {}),
        **spare,
    }
    form = BaseForm(drawn)
    plain = {"name": stage.name, "mode": stage.mode.value, "quorum": stage.quorum}
    plain |= {"quorum_percent": stage.quorum_percent, "receivers": stage.receivers.value}
    form.process(typed, data={**data, **more, **plain, "distinct": stage.distinct})
    return form


def _vote_fields() -> dict[str, Any]:
    modes = [
        (Mode.ANY.value, _("One of them")),
        (Mode.ALL.value, _("All of them")),
        (Mode.QUORUM.value, _("A number or share of them")),
        (Mode.PER_GROUP.value, _("One of each row")),
    ]
    receivers = [
        (Receivers.NAMED.value, _("Only people whom this stage names, or their managers")),
        (Receivers.SAME_GROUP.value, _("Also members of the same groups")),
        (Receivers.SAME_ROLE.value, _("Also people of the same role")),
        (Receivers.AS_HIGH.value, _("Also people at least as high in the line")),
        (Receivers.ANYONE.value, _("Anyone")),
    ]
    return {
        "mode": unbound(OptionsField, _("Who must approve"), [_CHOSEN], **options(modes, "")),
        "quorum": unbound(
            WholeNumberField, _("Approvals needed"), [_OfQuorum(), Allowed(), Between(1, 100)]
        ),
        "quorum_percent": unbound(
            WholeNumberField, _("Or a share in percent"), [Allowed(), Between(1, 100)]
        ),
        "distinct": unbound(
            BooleanField, _("Nobody who approved an earlier stage decides here"), []
        ),
        "receivers": unbound(
            OptionsField, _("Who may receive a task by Reassign or Delegate"), [_CHOSEN],
            **options(receivers, ""),
        ),
    }  # fmt: skip


class _OfQuorum:
    """A quorum is a number or a share, not both."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise where it is neither or both."""
        given = [each for each in (field.data, form["quorum_percent"].data) if each is not None]
        if form["mode"].data == Mode.QUORUM.value and len(given) != 1:
            raise ValidationError(
                _("%(label)s: enter a number or a share, not both.", label=field.label.text)
            )


def changed_stage(stage: Stage, form: BaseForm) -> Stage:
    """The stage as a valid `stage_form` has it."""
    rules = _rules_of("who", form, stage.rules)
    fallback = _rules_of("fallback", form, stage.fallback)
    changed = replace(stage, name=form["name"].data, rules=rules, fallback=fallback)
    if stage.kind is not StageKind.APPROVAL:
        return changed
    mode = Mode(form["mode"].data)
    is_quorum = mode is Mode.QUORUM
    return replace(
        changed,
        mode=mode,
        quorum=form["quorum"].data if is_quorum else None,
        quorum_percent=form["quorum_percent"].data if is_quorum else None,
        distinct=form["distinct"].data,
        receivers=Receivers(form["receivers"].data),
    )


CLOCKS = {"type": WorkingTime.TYPE, "approver": WorkingTime.APPROVER}


def clocks_form(stage: Stage, content: TypeContent, choosable: Choosable, typed: Any) -> BaseForm:
    """A stage's reminders, escalations and expiry."""
    hint = _("A day is 8 working hours, or 24 hours where every hour counts.")
    hours = [
        ("type", _("Working hours of the request type's calendar")),
        ("approver", _("Working hours of each approver's place")),
        ("elapsed", _("Every hour counts")),
    ]
    drawn = {
        "counts": unbound(OptionsField, _("Which hours count"), [_CHOSEN], **options(hours, "")),
        "remind": unbound(DurationsField, _("Remind after"), [], _("Such as 1d, 2d. ") + hint),
        "expire": unbound(DurationField, _("Expire after"), [], _("Such as 10d. Empty: never.")),
        "stops": unbound(BooleanField, _("The clock stops while the requester is asked"), []),
    }
    data: dict[str, Any] = {"stops": stage.asking_stops_clock}
    data["counts"] = "elapsed" if stage.elapsed else stage.working_time.value

    def written(minutes: int) -> str:
        return duration(minutes, elapsed=stage.elapsed)

    data["remind"] = ", ".join(written(each) for each in stage.remind_after)
    data["expire"] = written(stage.expire_after) if stage.expire_after else ""
    for level in range(min(len(stage.escalate) + 1, MOST_ROWS)):
        there = stage.escalate[level] if level < len(stage.escalate) else None
        label = _("Escalate after (%(number)s)", number=level + 1)
        drawn[f"after_{level}"] = unbound(DurationField, label, [_ToSomebody(level)])
        rules, values = _rule_fields(f"to_{level}", there.to if there else (), content, choosable)
        drawn |= rules
        data |= {**values, f"after_{level}": written(there.after) if there else ""}
    form = BaseForm(drawn)
    form.process(typed, data=data)
    return form


class _ToSomebody:
    """An escalation says after how long and to whom."""

    def __init__(self, level: int) -> None:
        self.name = f"to_{level}_0"

    def __call__(self, form: Any, field: Any) -> None:
        """Raise for one without the other."""
        if bool(field.data) != bool(form[self.name].data) and not field.errors:
            raise ValidationError(
                _("%(label)s: say after how long and to whom.", label=field.label.text)
            )


def changed_clocks(stage: Stage, form: BaseForm) -> Stage:
    """The stage as a valid `clocks_form` has it."""
    elapsed = form["counts"].data == "elapsed"

    def read(text: str) -> int:
        return minutes_of(text, elapsed=elapsed) or 0

    levels = []
    for level in range(MOST_ROWS):
        if f"after_{level}" not in form or not form[f"after_{level}"].data:
            continue
        old = stage.escalate[level] if level < len(stage.escalate) else None
        to = _rules_of(f"to_{level}", form, old.to if old else ())
        after, message = read(form[f"after_{level}"].data), old.message if old else ""
        levels.append(EscalationLevel(after=after, to=to, message=message))
    return replace(
        stage,
        elapsed=elapsed,
        working_time=CLOCKS.get(form["counts"].data, WorkingTime.TYPE),
        asking_stops_clock=form["stops"].data,
        remind_after=tuple(read(each) for each in form["remind"].data.split(",") if each.strip()),
        expire_after=read(form["expire"].data) or None,
        escalate=tuple(levels),
    )


def policy_form(policy: Policy, content: TypeContent, choosable: Choosable, typed: Any) -> BaseForm:
    """What holds for every stage: the fallback, and the time to undo."""
    rules, data = _rule_fields("fallback", policy.fallback, content, choosable)
    undo = [Required(_("enter 0 or more")), Between(0, 3600)]
    form = BaseForm({
        **rules,
        "undo_seconds": unbound(
            WholeNumberField, _("Seconds to undo a decision"), undo,
            _("A stage goes on this long after its last decision. 0: at once."),
        ),
    })  # fmt: skip
    form.process(typed, data={**data, "undo_seconds": policy.undo_seconds})
    return form


def changed_policy(policy: Policy, form: BaseForm) -> Policy:
    """The policy as a valid `policy_form` has it."""
    fallback = _rules_of("fallback", form, policy.fallback)
    return replace(policy, fallback=fallback, undo_seconds=form["undo_seconds"].data)


def subjects(content: TypeContent, departments: Mapping[str, str]) -> tuple[FormField, ...]:
    """What conditions may compare: the form's fields, and what every request has beside them."""
    named = tuple(Choice(value=code, label=name) for code, name in departments.items())
    levels = tuple(Choice(value=each, label=each.title()) for each in PRIORITIES)
    own, level = _("Requester's department"), _("Priority")
    return (
        *content.form,
        FormField(name="department", label=own, kind=FieldKind.CHOICE, choices=named),
        FormField(name="priority", label=level, kind=FieldKind.CHOICE, choices=levels),
    )


@dataclass(frozen=True)
class RowShown:
    """One row of the builder as typed: names of its inputs, its values, and what is wrong."""

    name: str
    field: str = ""
    comparison: str = ""
    value: str = ""
    error: str = ""


@dataclass(frozen=True)
class ConditionShown:
    """The builder as typed. `join` and `group_join`: "all" or "any"."""

    join: str
    rows: tuple[RowShown, ...]
    group_join: str
    group: tuple[RowShown, ...]

    @property
    def has_errors(self) -> bool:
        """Whether any row is wrong."""
        return any(each.error for each in (*self.rows, *self.group))


def shown(condition: Condition | None, fields: Sequence[FormField], people: PeopleSource
          ) -> ConditionShown:  # fmt: skip
    """The builder with a condition that is kept; one empty row follows in each part."""
    kept = condition or Condition()
    group = kept.groups[0] if kept.groups else RowGroup(join=Join.ANY, rows=())
    return ConditionShown(
        kept.join.value,
        _rows_shown("r", kept.rows, fields, people),
        group.join.value,
        _rows_shown("g", group.rows, fields, people),
    )


def _rows_shown(
    prefix: str, rows: Sequence[Row], fields: Sequence[FormField], people: PeopleSource
) -> tuple[RowShown, ...]:
    by_name = {each.name: each for each in fields}
    drawn = [
        RowShown(
            f"{prefix}{i}",
            row.field,
            row.comparison.value,
            written_value(row.value, by_name.get(row.field), people),
        )
        for i, row in enumerate(rows)
    ]
    return (*drawn, RowShown(f"{prefix}{len(drawn)}"))


def written_value(value: Any, each: FormField | None, people: PeopleSource) -> str:
    """A row's value as it is typed."""
    if value is None:
        return ""
    if each is not None and each.kind is FieldKind.MONEY:
        return str(_bound(each).write(value))
    if each is not None and each.kind is FieldKind.PERSON:
        person = people.find(str(value))
        return person.label if person else str(value)
    if each is not None and each.kind is FieldKind.CHOICE:
        return next((o.label for o in each.choices if o.value == value), str(value))
    return str(value)


def read_condition(
    post: "MultiDict[str, str]", fields: Sequence[FormField], people: PeopleSource
) -> tuple[ConditionShown, Condition]:
    """What was typed, and the condition that it is where no row has an error."""
    by_name = {each.name: each for each in fields}
    parts: dict[str, tuple[tuple[RowShown, ...], tuple[Row, ...]]] = {}
    for prefix in ("r", "g"):
        typed = [_typed(post, f"{prefix}{i}") for i in range(MOST_ROWS)]
        given = [each for each in typed if each.field or each.value]
        read = [_read_row(each, by_name, people) for each in given]
        rows = tuple(row for _each, row in read if row is not None)
        drawn = [replace(each, name=f"{prefix}{i}") for i, (each, _row) in enumerate(read)]
        parts[prefix] = ((*drawn, RowShown(f"{prefix}{len(drawn)}")), rows)
    joins = [
        Join(post[each]) if post.get(each) in set(Join) else Join.ALL for each in ("join", "gj")
    ]
    groups = (RowGroup(join=joins[1], rows=parts["g"][1]),) if parts["g"][1] else ()
    seen = ConditionShown(joins[0].value, parts["r"][0], joins[1].value, parts["g"][0])
    return seen, Condition(join=joins[0], rows=parts["r"][1], groups=groups)


def _typed(post: "MultiDict[str, str]", name: str) -> RowShown:
    if post.get("remove") == name:
        return RowShown(name)
    parts = (post.get(f"{name}_{each}", "").strip()[:200] for each in ("field", "is", "value"))
    return RowShown(name, *parts)


def _read_row(
    typed: RowShown, fields: Mapping[str, FormField], people: PeopleSource
) -> tuple[RowShown, Row | None]:
    each = fields.get(typed.field)
    if each is None:
        return replace(typed, error=_("Choose a field.")), None
    offered = COMPARISONS[each.kind]
    if typed.comparison not in offered:
        words = ", ".join(str(WORDS[comparison]) for comparison in offered)
        wrong = _("“%(field)s” can be compared by: %(words)s.", field=each.label, words=words)
        return replace(typed, error=wrong), None
    comparison = Comparison(typed.comparison)
    if comparison in VALUELESS:
        return replace(typed, value=""), Row(field=each.name, comparison=comparison)
    try:
        value = _read_value(typed.value, each, people)
    except ValueError as error:
        sentence = str(error).replace("%(label)s", each.label)
        return replace(typed, error=sentence), None
    return typed, Row(field=each.name, comparison=comparison, value=value)


def _read_value(text: str, each: FormField, people: PeopleSource) -> int | str:
    if not text:
        raise ValueError(_("Enter a value to compare with."))
    match each.kind:
        case FieldKind.CHOICE:
            return _option(text, each)
        case FieldKind.PERSON:
            return _colleague(text, people)
        case FieldKind.DATE:
            return str(_bound(each).read(text).isoformat())
        case FieldKind.MONEY | FieldKind.INTEGER | FieldKind.ATTACHMENTS:
            number: int = _bound(each).read(text)
            return number
    return text


def _option(text: str, each: FormField) -> str:
    for option in each.choices:
        if text.casefold() in (option.value.casefold(), option.label.casefold()):
            return option.value
    raise ValueError(_("%(label)s has no option “%(text)s”.", label=each.label, text=text))


def _colleague(text: str, people: PeopleSource) -> str:
    found = people.called(text)
    if len(found) != 1:
        raise ValueError(_("Enter the name or mail address of one active colleague."))
    return found[0].id


def _bound(each: FormField) -> Any:
    """A field that reads and writes values of that kind."""
    kinds: dict[FieldKind, Any] = {
        FieldKind.MONEY: unbound(MoneyField, each.label, [], currency=each.currency or "EUR"),
        FieldKind.DATE: unbound(DayField, each.label, []),
    }
    form = BaseForm({"x": kinds.get(each.kind, unbound(WholeNumberField, each.label, []))})
    return form["x"]
