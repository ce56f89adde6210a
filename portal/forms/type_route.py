"""The forms of a draft's route: one stage, its clocks, and what holds for every stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wtforms import BooleanField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from portal.domain.policy.forms import FieldKind
from portal.domain.policy.policy import (
    ApproverRule,
    EscalationLevel,
    Mode,
    Policy,
    Receivers,
    RuleKind,
    Stage,
    StageKind,
    StepUp,
    WorkingTime,
    duration,
    minutes_of,
)
from portal.domain.policy.types import TypeContent, name_for
from portal.forms.building import options, unbound
from portal.forms.fields import (
    Allowed,
    AtMost,
    Between,
    LineField,
    OptionsField,
    Required,
    Typed,
    WholeNumberField,
)
from portal.forms.people import PeopleSource
from portal.translation import _, lazy

MOST_ROWS = 8

_CHOSEN = Required(lazy("choose an option"))


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


@dataclass(frozen=True, kw_only=True)
class Choosable:
    """Whom rules may name: groups, departments and roles by code, and people."""

    groups: Mapping[str, str]
    departments: Mapping[str, str]
    roles: Mapping[str, str]
    people: PeopleSource


def new_stage_form(content: TypeContent, typed: Any = None, *, before: str = "") -> BaseForm:
    """A stage's name, what it is for, and before which other it stands ("": at the end)."""
    places = [(e.key, _("Before “%(name)s”", name=e.name)) for e in content.policy.stages]
    kinds = [
        (StageKind.APPROVAL.value, _("Approval: people decide")),
        (StageKind.NOTIFY.value, _("For information only: people are told, nobody has to decide")),
    ]
    form = BaseForm({
        "name": unbound(
            LineField, _("Name"), [Required(_("enter a name, such as Line manager")), AtMost(60)]
        ),
        "kind": unbound(OptionsField, _("What it is for"), [_CHOSEN], **options(kinds, "")),
        "before": unbound(OptionsField, _("Place"), [], **options(places, _("At the end"))),
    })  # fmt: skip
    form.process(typed, data={"kind": StageKind.APPROVAL.value, "before": before})
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
    units = [e for e in content.form if e.kind in (FieldKind.CHOICE, FieldKind.DEPARTMENT)]
    return [
        ("manager:1", _("The requester's manager")),
        ("manager:2", _("The manager's manager")),
        ("manager:3", _("The manager three levels up")),
        ("head:", _("The head of the requester's department")),
        *((f"head:{e.name}", _("The head of the department in “%(f)s”", f=e.label)) for e in units),
        *((f"chosen:{e.name}", _("The person in “%(f)s”", f=e.label)) for e in people),
        ("people:", _("People named beside this")),
        *((f"group:{c}", _("Group: %(n)s", n=n)) for c, n in choosable.groups.items()),
        *((f"group_in:{e.name}", _("The group in “%(f)s”", f=e.label)) for e in picks),
        *((f"dept:{c}", _("Head of %(n)s", n=n)) for c, n in choosable.departments.items()),
        *((f"role:{r}", _("Role: %(n)s", n=n)) for r, n in choosable.roles.items()),
    ]


def who_of(rule: ApproverRule) -> str:
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


def rule_of(who: str, people: Sequence[str]) -> ApproverRule:
    """The rule that an option is."""
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
        value = (who_of(rule) if rule else "") or (f"keep:{row}" if rule else "")
        more = [] if value in ("", *(o[0] for o in offered)) else [(value, _as_it_is(rule))]
        first = _("Nobody else") if rules else _("Choose who")
        number = row + 1
        fields[f"{name}_{row}"] = unbound(
            OptionsField, _("Who (%(number)s)", number=number), [],
            **options([*more, *offered], first),
        )  # fmt: skip
        fields[f"{name}_people_{row}"] = unbound(
            PeopleField, _("People (%(number)s)", number=number), [NamedWhere(f"{name}_{row}")],
            people=choosable.people,
        )  # fmt: skip
        data |= {f"{name}_{row}": value, f"{name}_people_{row}": rule.people if rule else ()}
    return fields, data


def _as_it_is(rule: ApproverRule | None) -> str:
    named = (rule.label or rule.code or rule.form_field or rule.kind.value) if rule else ""
    return _("As it is: %(named)s", named=named)


class NamedWhere:
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
        same = before and who in (who_of(before), f"keep:{row}") and tuple(people) == before.people
        if before and (same or who.startswith("keep:")):
            rules.append(before)
        else:
            rules.append(rule_of(who, people))
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
    plain |= {"step_up": stage.step_up.value}
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
        "step_up": unbound(
            OptionsField, _("What a decision needs"), [_CHOSEN], **options(_step_ups(), "")
        ),
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


def _step_ups() -> list[tuple[str, str]]:
    return [
        (StepUp.NONE.value, _("Only being signed in")),
        (StepUp.RECENT.value, _("A fresh check that it is them, not older than 10 minutes")),
        (StepUp.SIGNATURE.value, _("A signature: their passkey, over this decision")),
    ]


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
        step_up=StepUp(form["step_up"].data),
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
    """What holds for every stage: the fallback, the time to undo, and whether programs decide."""
    rules, data = _rule_fields("fallback", policy.fallback, content, choosable)
    undo = [Required(_("enter 0 or more")), Between(0, 3600)]
    form = BaseForm({
        **rules,
        "undo_seconds": unbound(
            WholeNumberField, _("Seconds to undo a decision"), undo,
            _("A stage goes on this long after its last decision. 0: at once."),
        ),
        "decide_by_token": unbound(
            BooleanField, _("Programs may decide"), (),
            _("With a person's own API token, for their own tasks. Never where a stage asks for a"
              " check or a signature."),
        ),
    })  # fmt: skip
    kept = {"undo_seconds": policy.undo_seconds, "decide_by_token": policy.decide_by_token}
    form.process(typed, data={**data, **kept})
    return form


def changed_policy(policy: Policy, form: BaseForm) -> Policy:
    """The policy as a valid `policy_form` has it."""
    fallback = _rules_of("fallback", form, policy.fallback)
    return replace(
        policy,
        fallback=fallback,
        undo_seconds=form["undo_seconds"].data,
        decide_by_token=form["decide_by_token"].data,
    )
