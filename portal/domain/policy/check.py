"""Whether a policy makes sense, before it is published. Condition syntax is checked elsewhere."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from portal.domain.errors import InvalidPolicy
from portal.domain.policy.forms import FormField
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

_READABLE = frozenset({"title", "amount", "currency"})

_NEEDS_CODE = frozenset({RuleKind.GROUP, RuleKind.ROLE})


def validate_policy(policy: Policy, form_fields: Iterable[FormField]) -> None:
    """Raise InvalidPolicy, with a sentence that names the stage, if the policy cannot work.

    `form_fields` are the fields of the request type's form, which rules and `reads` may name.
    """
    names = frozenset(each.name for each in form_fields)
    if not any(stage.kind is StageKind.APPROVAL for stage in policy.stages):
        raise InvalidPolicy("A policy needs at least one approval stage.")
    if policy.undo_seconds < 0:
        raise InvalidPolicy("The undo window cannot be shorter than 0 seconds.")
    if policy.bulk is not None and policy.bulk.up_to is not None and policy.bulk.up_to < 0:
        raise InvalidPolicy("The largest amount to decide many at once cannot be negative.")
    if policy.link_up_to is not None and policy.link_up_to < 0:
        raise InvalidPolicy("The largest amount to decide from a link cannot be negative.")
    keys = [stage.key for stage in policy.stages]
    for stage in policy.stages:
        if not stage.key.strip() or not stage.name.strip():
            raise InvalidPolicy(f"The stage “{stage.name or stage.key}” needs a key and a name.")
        if keys.count(stage.key) > 1:
            raise InvalidPolicy(f"More than one stage has the key “{stage.key}”.")
        _check_stage(stage, names)
    _check_rules("The policy's fallback", policy.fallback, names)


def _check_stage(stage: Stage, names: frozenset[str]) -> None:
    where = f"The stage “{stage.name}”"
    if not stage.rules:
        raise InvalidPolicy(f"{where} needs a rule that says who is asked.")
    _check_rules(where, stage.rules, names)
    _check_rules(f"{where}, fallback,", stage.fallback, names)
    for field_name in stage.reads or ():
        if field_name not in names | _READABLE:
            raise InvalidPolicy(f"{where} reads “{field_name}”, which the form does not have.")
    if stage.mode is Mode.PER_GROUP:
        _check_groups(where, stage)
    _check_quorum(where, stage)
    _check_clocks(where, stage, names)


def _check_groups(where: str, stage: Stage) -> None:
    titles = [
        (rule.label, rule.code, rule.form_field, rule.kind, rule.people) for rule in stage.rules
    ]
    if len(set(titles)) < len(titles):
        raise InvalidPolicy(f"{where} asks the same group twice; one approval can serve only one.")


def _check_quorum(where: str, stage: Stage) -> None:
    given = [each for each in (stage.quorum, stage.quorum_percent) if each is not None]
    if stage.mode is not Mode.QUORUM:
        if given:
            raise InvalidPolicy(f"{where} has a quorum, but its mode is “{stage.mode.value}”.")
        return
    if len(given) != 1:
        raise InvalidPolicy(f"{where} needs a quorum: either a number of votes or a share.")
    if stage.quorum is not None and stage.quorum < 1:
        raise InvalidPolicy(f"{where} needs a quorum of at least 1 vote.")
    if stage.quorum_percent is not None and not 1 <= stage.quorum_percent <= 100:
        raise InvalidPolicy(f"{where} needs a share between 1 and 100 percent.")


def _check_clocks(where: str, stage: Stage, names: frozenset[str]) -> None:
    if stage.elapsed and stage.working_time is not WorkingTime.TYPE:
        raise InvalidPolicy(f"{where} counts every hour, so it cannot go by working time as well.")
    if any(after < 1 for after in stage.remind_after):
        raise InvalidPolicy(f"{where}: a reminder has to come at least 1 minute after the opening.")
    if not _increasing(stage.remind_after):
        raise InvalidPolicy(f"{where}: each reminder has to come later than the one before it.")
    _check_escalations(where, stage.escalate, names)
    if stage.expire_after is None:
        return
    if stage.expire_after < 1:
        raise InvalidPolicy(f"{where} has to expire at least 1 minute after the opening.")
    latest = max([*stage.remind_after, *(level.after for level in stage.escalate)], default=0)
    if latest >= stage.expire_after:
        raise InvalidPolicy(f"{where} expires before its last reminder or escalation.")


def _check_escalations(
    where: str, levels: Sequence[EscalationLevel], names: frozenset[str]
) -> None:
    times = [level.after for level in levels]
    if any(after < 1 for after in times):
        raise InvalidPolicy(f"{where}: an escalation has to come at least 1 minute after opening.")
    if not _increasing(times):
        raise InvalidPolicy(f"{where}: each escalation has to come later than the one before it.")
    for number, level in enumerate(levels, start=1):
        if not level.to:
            raise InvalidPolicy(f"{where}: escalation {number} does not say to whom.")
        _check_rules(f"{where}, escalation {number},", level.to, names)


def _increasing(times: Sequence[int]) -> bool:
    return all(before < after for before, after in pairwise(times))


def _check_rules(where: str, rules: Iterable[ApproverRule], names: frozenset[str]) -> None:
    for rule in rules:
        if rule.kind is RuleKind.PEOPLE and not rule.people:
            raise InvalidPolicy(f"{where} has a rule that names nobody.")
        if rule.kind in _NEEDS_CODE and rule.code is None and rule.form_field is None:
            raise InvalidPolicy(f"{where} does not say which {rule.kind.value} is asked.")
        if rule.kind is RuleKind.MANAGER and rule.levels < 1:
            raise InvalidPolicy(f"{where}: a manager is at least 1 level up.")
        if rule.kind is RuleKind.CHOSEN and rule.form_field is None:
            raise InvalidPolicy(f"{where} does not say which form field names the approver.")
        if rule.form_field is not None and rule.form_field not in names:
            raise InvalidPolicy(
                f"{where} looks at “{rule.form_field}”, which the form does not have."
            )
