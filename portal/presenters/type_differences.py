"""What one version of a request type says otherwise than another: each part before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from portal.domain.policy.forms import TODAY, Choice, FieldKind, FormField
from portal.domain.policy.policy import EscalationLevel, Policy, Stage
from portal.domain.policy.types import TypeContent, TypeDifference, compared
from portal.presentation.conditions import value_words
from portal.presentation.labels import decision, listed, words_of
from portal.presenters import types as words
from portal.translation import _, lazy, ngettext

HEADS: Mapping[str, str] = {
    "text": lazy("Texts of the type"),
    "field": lazy("Field %(name)s"),
    "stage": lazy("Stage %(name)s"),
    "policy": lazy("All stages"),
}
# Parts that are kept in several ways, and said once, as the first of those that differ.
TOGETHER = (
    ("condition_text", "when", "condition"),
    ("shown_text", "shown_when"),
    ("rules", "mode", "quorum", "quorum_percent"),
)


@dataclass(frozen=True, slots=True)
class PartShown:
    """One part; `before` and `after` are None where no words are short enough for it."""

    name: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class DifferenceShown:
    """One difference: a line, and what it consists of."""

    head: str
    parts: tuple[PartShown, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionSide:
    """A version, with what its people, groups and departments are called."""

    content: TypeContent
    names: Mapping[str, str]


def shown(
    before: TypeContent, after: TypeContent, names: Mapping[str, str]
) -> list[DifferenceShown]:
    """The differences in the order of a page. `names`: as `portal.presenters.types.route` has
    them."""
    sides = VersionSide(before, names), VersionSide(after, names)
    return [_shown(each, *sides) for each in compared(before, after)]


def _shown(found: TypeDifference, old: VersionSide, new: VersionSide) -> DifferenceShown:
    change = found.change
    if change.how != "changed":
        return DifferenceShown(words.difference_words(change))
    parts = dict.fromkeys(_first(part, change.parts) for part in change.parts)
    told = tuple(_part(part, found, old, new) for part in parts)
    if all(each.before is None for each in told):
        return DifferenceShown(words.difference_words(change))
    return DifferenceShown(str(HEADS[change.what]) % {"name": change.name}, told)


def _first(part: str, parts: Sequence[str]) -> str:
    """The part that stands for this one."""
    group = next((each for each in TOGETHER if part in each), (part,))
    return group[0] if len(group) > 1 and set(group) & set(parts) else part


def _part(part: str, found: TypeDifference, old: VersionSide, new: VersionSide) -> PartShown:
    name = str(words.PARTS.get(part, words_of(part).lower()))
    said = [_said(part, each, side) for each, side in ((found.before, old), (found.after, new))]
    if None in said or said[0] == said[1]:
        return PartShown(name)
    return PartShown(name, *said)


def _said(part: str, of: Any, side: VersionSide) -> str | None:
    """What that part of a field, a stage or a version says; "" for nothing."""
    match of:
        case FormField():
            return _of_field(part, of, side)
        case Stage():
            return _of_stage(part, of, side)
        case Policy():
            return _of_policy(part, of, side)
    return _plain(getattr(of, part))


def _plain(value: Any) -> str | None:
    """Texts, numbers, and whether."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if value is None or isinstance(value, str | int):
        return "" if value is None else str(value)
    return None


def _of_field(part: str, each: FormField, side: VersionSide) -> str | None:
    value = getattr(each, part)
    match part:
        case "min_value" | "max_value" if value is not None:
            return value_words(value, each, side.names)
        case "choices":
            return listed(_options(each.choices))
        case "columns":
            return listed([column.label for column in each.columns])
        case "total_of" if value is not None:
            column = each.column(value)
            return column.label if column else str(value)
        case "not_before" | "not_after" if value is not None:
            other = side.content.field(value)
            return _("the day of the request") if value == TODAY else other.label if other else ""
    return _plain(value)


def _options(choices: Sequence[Choice]) -> list[str]:
    return [each.label for each in choices]


def _of_stage(part: str, stage: Stage, side: VersionSide) -> str | None:
    content, names = side.content, side.names
    match part:
        case "rules":
            return words.asked(stage, content, names)
        case "condition_text":
            return words.condition_of(stage, content, names) or _("always")
        case "fallback":
            return words.rules_words(stage.fallback, content, names)
        case "comment_required":
            return listed([decision(each).words for each in stage.comment_required])
        case "kind" | "rejection" | "receivers" | "step_up" | "working_time":
            return None
    return _of_clocks(part, stage, side)


def _of_clocks(part: str, stage: Stage, side: VersionSide) -> str | None:
    match part:
        case "elapsed":
            return _("every hour") if stage.elapsed else _("working hours")
        case "remind_after":
            return listed(_waiting(each, stage) for each in stage.remind_after)
        case "escalate":
            return listed(_level(each, stage, side) for each in stage.escalate)
        case "expire_after" if stage.expire_after is not None:
            return _waiting(stage.expire_after, stage)
    return _plain(getattr(stage, part))


def _waiting(minutes: int, stage: Stage) -> str:
    return words.waiting(minutes, elapsed=stage.elapsed)


def _level(level: EscalationLevel, stage: Stage, side: VersionSide) -> str:
    to = words.rules_words(level.to, side.content, side.names)
    return _("After %(after)s to %(to)s", after=_waiting(level.after, stage), to=to)


def _of_policy(part: str, policy: Policy, side: VersionSide) -> str | None:
    value = getattr(policy, part)
    match part:
        case "fallback" | "stand_ins":
            return words.rules_words(value, side.content, side.names)
        case "undo_seconds":
            return ngettext("%(n)s second", "%(n)s seconds", policy.undo_seconds)
        case "link_up_to" if value is not None:
            amount = next((each for each in side.content.form if each.is_amount), None)
            return value_words(value, amount and replace(amount, kind=FieldKind.MONEY), side.names)
    return _plain(value)
