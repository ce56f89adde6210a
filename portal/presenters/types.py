"""Request types in words: changes, the drawn route, conditions, problems."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import shorten

from portal.domain.codec import decode
from portal.domain.policy.check import Problem
from portal.domain.policy.conditions import (
    Condition,
    holds,
    row_holds,
)
from portal.domain.policy.difference import difference
from portal.domain.policy.forms import FieldKind, FormField
from portal.domain.policy.policy import (
    WHOLE_DAY,
    WORKING_DAY,
    ApproverRule,
    Mode,
    RuleKind,
    Stage,
    StageKind,
    WorkingTime,
    minutes_of,
)
from portal.domain.policy.translations import OwnText
from portal.domain.policy.types import TypeChangeKind, TypeContent, VersionChange, is_id
from portal.presentation.conditions import (
    condition_words,
    row_words,
    subjects,
    with_sentences,
)
from portal.presentation.labels import listed, words_of
from portal.presenters.policy_moves import PARTS as STAGE_PARTS
from portal.queries import request_types, staff, validity
from portal.queries.people import names_of
from portal.queries.request_types import NewestRequest, TypeChangeRecord
from portal.services import organisation_settings
from portal.services.type_files import TypeFile
from portal.translation import _, current, lazy, ngettext, speaking, tell

PARTS: Mapping[str, str] = {
    **STAGE_PARTS,
    "name": lazy("name"),
    "translations": lazy("translations"),
    "description": lazy("description"),
    "label": lazy("label"),
    "hint": lazy("hint"),
    "required": lazy("whether an answer is required"),
    "choices": lazy("options"),
    "max_length": lazy("most characters"),
    "min_value": lazy("smallest value"),
    "max_value": lazy("largest value"),
    "columns": lazy("columns"),
    "total_of": lazy("what is summed"),
    "condition_text": lazy("when it is needed"),
    "shown_if": lazy("when it is shown"),
    "shown_when": lazy("when it is shown"),
    "shown_text": lazy("when it is shown"),
    "places": lazy("digits after the point"),
    "not_before": lazy("earliest day"),
    "not_after": lazy("latest day"),
    "is_amount": lazy("whether it is the amount"),
    "undo_seconds": lazy("time to undo"),
    "bulk": lazy("what may be decided together"),
    "link_up_to": lazy("what may be decided by mail"),
    "decide_by_token": lazy("whether programs may decide"),
    "stand_ins": lazy("who may stand in"),
    "askers": lazy("who may ask"),
}
_DIFFERENCES = {
    ("field", "added"): lazy("Field %(name)s added"),
    ("field", "gone"): lazy("Field %(name)s removed"),
    ("field", "changed"): lazy("Field %(name)s changed: %(parts)s"),
    ("field", "moved"): lazy("Order of the fields changed"),
    ("stage", "added"): lazy("Stage %(name)s added"),
    ("stage", "gone"): lazy("Stage %(name)s removed"),
    ("stage", "changed"): lazy("Stage %(name)s changed: %(parts)s"),
    ("stage", "moved"): lazy("Order of the stages changed"),
    ("text", "changed"): lazy("Changed: %(parts)s"),
    ("policy", "changed"): lazy("For all stages: %(parts)s"),
}
DONE: Mapping[str, str] = {
    TypeChangeKind.MADE: lazy("Type added"),
    TypeChangeKind.DRAFTED: lazy("Draft started from version %(version)s"),
    TypeChangeKind.IMPORTED: lazy("Draft made from a file"),
    TypeChangeKind.DISCARDED: lazy("Draft discarded"),
    TypeChangeKind.ACCEPTED: lazy("Reasons given for warnings"),
    TypeChangeKind.SENT: lazy("Draft sent for review"),
    TypeChangeKind.APPROVED: lazy("Draft approved"),
    TypeChangeKind.RETURNED: lazy("Review ended without approval"),
    TypeChangeKind.SCHEDULED: lazy("Draft is to be published on a date"),
    TypeChangeKind.UNSCHEDULED: lazy("Date of publishing taken back"),
    TypeChangeKind.PUBLISHED: lazy("Version %(version)s published"),
    TypeChangeKind.RETIRED: lazy("Retired"),
    TypeChangeKind.RESTORED: lazy("Offered again"),
    TypeChangeKind.TARGETED: lazy("Target changed from %(before)s to %(after)s"),
    TypeChangeKind.READERS: lazy("Who sees all requests: %(after)s instead of %(before)s"),
}
ALONE = lazy("Version %(version)s published without a review, by the only administrator")

SHOWN = 200  # letters of a text that somebody else wrote


def difference_words(change: VersionChange, *, with_texts: bool = False) -> str:
    """One difference in a line; `with_texts`: also what texts say now."""
    texts = change.texts if with_texts else {}
    has_words = "condition_text" in change.parts  # rows, expression and sentence change together
    named = [each for each in change.parts if not (has_words and each in ("when", "condition"))]
    parts = ", ".join(dict.fromkeys(_part(part, texts.get(part)) for part in named))
    text = str(_DIFFERENCES[change.what, change.how])
    return text % {"name": change.name, "parts": parts}


TEXT_PARTS: Mapping[str, str] = {
    "name": lazy("Name of the type"),
    "description": lazy("Description of the type"),
    "section": lazy("Heading of a section"),
    "label": lazy("Label of a field"),
    "hint": lazy("Hint of “%(of)s”"),
    "option": lazy("Option of “%(of)s”"),
    "stage": lazy("Name of a stage"),
    "condition": lazy("Condition of “%(of)s”"),
    "rule": lazy("Who is asked in “%(of)s”"),
    "message": lazy("Message of an escalation in “%(of)s”"),
}
ANY_STAGE = lazy("any stage")


def _part(part: str, says: str | None) -> str:
    word = str(PARTS.get(part, words_of(part).lower()))
    return (
        _("%(part)s “%(text)s”", part=word, text=shorten(says, SHOWN, placeholder=" …"))
        if says
        else word
    )


def part_words(text: OwnText) -> str:
    """What a text is, and of what."""
    return str(TEXT_PARTS[text.part]) % {"of": text.of or str(ANY_STAGE)}


def done(change: TypeChangeRecord, *, with_texts: bool = False) -> str:
    """What was done, in a line; `with_texts`: also what texts say since."""
    if change.kind == TypeChangeKind.EDITED:
        entries = (decode(VersionChange, each) for each in change.data.get("changes", ()))
        said = (difference_words(each, with_texts=with_texts) for each in entries)
        return "; ".join(said) or _("Draft changed")
    if change.kind == TypeChangeKind.PUBLISHED and change.data.get("alone"):
        return str(ALONE) % change.data
    if change.kind == TypeChangeKind.TARGETED:
        target = {name: _target(str(change.data.get(name, ""))) for name in ("before", "after")}
        return str(DONE[change.kind]) % target
    return str(DONE.get(change.kind, words_of(change.kind))) % change.data


def _target(kept: str) -> str:
    """A target as it was noted ("2d 4h", or a dash for none), as people say it."""
    minutes = minutes_of(kept, elapsed=False)
    return kept if minutes is None else waiting(minutes, elapsed=False)


def since(changes: Iterable[TypeChangeRecord], seen: int) -> list[str]:
    """What others did to a draft after revision `seen`, the newest first, with their names and
    what they wrote: whoever saves again may want to keep it."""
    newer = (each for each in changes if each.data.get("revision", 0) > seen)
    said = ((each, done(each, with_texts=True)) for each in newer)
    return [
        _("%(actor)s changed this draft meanwhile: %(what)s.", actor=each.actor, what=what)
        for each, what in said
        if each.kind == TypeChangeKind.EDITED
    ]


@dataclass(frozen=True, slots=True)
class StageShown:
    """A stage of the drawn route. Its parts are lines of words; `mark`: that it is new, or says
    something else than in the live version."""

    key: str
    name: str
    number: int
    is_notice: bool
    asks: str
    condition: str
    clocks: tuple[tuple[str, str], ...]
    fallback: str
    problems: tuple[str, ...] = ()
    mark: str = ""


def route(
    content: TypeContent,
    names: Mapping[str, str],
    problems: Sequence[Problem] = (),
    live: TypeContent | None = None,
) -> list[StageShown]:
    """The stages in order. `names`: of people by id, of groups by "group:code", and of departments
    by "department:code"; `live`: the version beside which stages are marked."""
    marks = _marks(live, content) if live else {}
    return [
        StageShown(
            key=stage.key,
            name=stage.name,
            number=number,
            is_notice=stage.kind is StageKind.NOTIFY,
            asks=asked(stage, content, names),
            condition=condition_of(stage, content, names),
            clocks=tuple(_clocks(stage, content, names)),
            fallback=rules_words(stage.fallback or content.policy.fallback, content, names),
            problems=tuple(tell(each.sentence) for each in problems if each.name == stage.key),
            mark=marks.get(stage.key, ""),
        )
        for number, stage in enumerate(content.policy.stages, start=1)
    ]


def _marks(live: TypeContent, content: TypeContent) -> dict[str, str]:
    found = difference(live.policy, content.policy)
    new = {each.key: _("New") for each in found.added}
    return new | {each.after.key: _("Changed") for each in found.changed}


def of_gallery(file: TypeFile) -> TypeContent:
    """What a type of the gallery says, in the language that is being written."""
    content = file.content.in_language(current().code)
    return with_sentences(content, {}, {})


def route_of_file(file: TypeFile) -> list[StageShown]:
    """The stages of a type of the gallery, with groups as the file calls them."""
    return route(of_gallery(file), {f"group:{code}": code for code in file.groups})


def condition_of(stage: Stage, content: TypeContent, names: Mapping[str, str]) -> str:
    """What a stage's rows say, where there are any: a file sets the sentence as it likes."""
    if stage.when is None or stage.when.is_empty:
        return stage.condition_text or stage.condition or ""
    return condition_words(stage.when, subjects(content, _departments(names)), names)


def _departments(names: Mapping[str, str]) -> dict[str, str]:
    mark = "department:"
    return {key.removeprefix(mark): each for key, each in names.items() if key.startswith(mark)}


def names_in(content: TypeContent) -> dict[str, str]:
    """Names that rules and conditions speak of, as `route` wants them."""
    groups = {f"group:{code}": name for code, name in staff.groups().items()}
    departments = {f"department:{key}": name for key, name in request_types.departments().items()}
    return groups | departments | names_of(people_named(content))


def names_then(content: TypeContent, at: datetime) -> dict[str, str]:
    """The same as they were called at a moment; those of whom nothing is known, as today."""
    return names_in(content) | validity.names(sorted(people_named(content)), at)


def in_words(content: TypeContent) -> TypeContent:
    """The content with the sentence of each condition as its rows say it, in the organisation's
    usual language."""
    with speaking(organisation_settings.usual_language()):
        return as_read(content)


def as_read(content: TypeContent) -> TypeContent:
    """The same in the language that is being written."""
    names = names_in(content)
    return with_sentences(content, _departments(names), names)


def people_named(content: TypeContent) -> set[str]:
    """Ids of the people whom rules and conditions name."""
    stages = content.policy.stages
    rules = [rule for stage in stages for rule in (*stage.rules, *stage.fallback)]
    rules += [rule for stage in stages for level in stage.escalate for rule in level.to]
    named = {person for rule in (*rules, *content.policy.fallback) for person in rule.people}
    when = [stage.when for stage in stages] + [each.shown_when for each in content.form]
    rows = [row for condition in when if condition for row in condition.all_rows()]
    return {each for each in (*named, *(str(row.value) for row in rows)) if is_id(each)}


def asked(stage: Stage, content: TypeContent, names: Mapping[str, str]) -> str:
    """Who is asked in a stage, and how many of them."""
    who = rules_words(stage.rules, content, names)
    if not who:
        return _("Nobody yet")
    if stage.kind is StageKind.NOTIFY:
        return _("%(who)s; nobody has to decide", who=who)
    match stage.mode:
        case Mode.ALL:
            return _("All of: %(who)s", who=who)
        case Mode.PER_GROUP:
            return _("One of each: %(who)s", who=who)
        case Mode.QUORUM if stage.quorum is not None:
            return _("%(count)s people of: %(who)s", count=stage.quorum, who=who)
        case Mode.QUORUM:
            return _("%(share)s percent of: %(who)s", share=stage.quorum_percent, who=who)
    return _("One of: %(who)s", who=who) if len(stage.rules) > 1 else who


def rules_words(
    rules: Sequence[ApproverRule], content: TypeContent, names: Mapping[str, str]
) -> str:
    """Whom several rules ask."""
    return ", ".join(rule_words(rule, content, names) for rule in rules)


def rule_words(rule: ApproverRule, content: TypeContent, names: Mapping[str, str]) -> str:
    """Whom a rule asks."""
    if rule.form_field is not None:
        field = content.field(rule.form_field)
        label = field.label if field else rule.form_field
        return str(_BY_FIELD.get(rule.kind, rule.kind.value)) % {"field": label}
    match rule.kind:
        case RuleKind.PEOPLE:
            return ", ".join(names.get(each, _("somebody unknown")) for each in rule.people)
        case RuleKind.MANAGER if rule.levels == 1:
            return _("the requester's manager")
        case RuleKind.MANAGER:
            return _("the manager %(levels)s levels up", levels=rule.levels)
        case RuleKind.DEPARTMENT_HEAD if rule.code is None:
            return _("the head of the requester's department")
        case RuleKind.GROUP:
            return _("the group %(name)s", name=names.get(f"group:{rule.code}", rule.code))
    return str(_BY_CODE.get(rule.kind, rule.kind.value)) % {"code": rule.code}


_BY_FIELD: Mapping[str, str] = {
    RuleKind.CHOSEN: lazy("the person in %(field)s"),
    RuleKind.DEPARTMENT_HEAD: lazy("the head of the department in %(field)s"),
    RuleKind.GROUP: lazy("the group in %(field)s"),
}
_BY_CODE: Mapping[str, str] = {
    RuleKind.DEPARTMENT_HEAD: lazy("the head of department %(code)s"),
    RuleKind.ROLE: lazy("the role %(code)s"),
}


def waiting(minutes: int, *, elapsed: bool) -> str:
    """A clock as people say it: `1 day`, `2 days and 4 hours`. A day is one of working time, or of
    24 hours if `elapsed`."""
    days, rest = divmod(minutes, WHOLE_DAY if elapsed else WORKING_DAY)
    hours, rest = divmod(rest, 60)
    parts = (
        ngettext("%(n)s day", "%(n)s days", days) if days else "",
        ngettext("%(n)s hour", "%(n)s hours", hours) if hours else "",
        ngettext("%(n)s minute", "%(n)s minutes", rest) if rest or not minutes else "",
    )
    return listed([each for each in parts if each])


def _clocks(
    stage: Stage, content: TypeContent, names: Mapping[str, str]
) -> Iterable[tuple[str, str]]:
    def written(minutes: int) -> str:
        return waiting(minutes, elapsed=stage.elapsed)

    if stage.remind_after:
        after = listed([written(each) for each in stage.remind_after])
        yield "bell", _("Reminder after %(after)s", after=after)
    for level in stage.escalate:
        to = rules_words(level.to, content, names)
        yield (
            "arrow-trending-up",
            _("After %(after)s to %(to)s", after=written(level.after), to=to),
        )
    if stage.expire_after:
        yield "x-circle", _("Expires after %(after)s", after=written(stage.expire_after))
    if stage.elapsed:
        yield "clock", _("Every hour counts")
    elif stage.working_time is WorkingTime.APPROVER:
        yield "clock", _("By each approver's working hours")


@dataclass(frozen=True, slots=True)
class Tried:
    """What a condition says of a request; `why`: the rows that were not true, in words; `is_other`:
    whether that of the live version says otherwise."""

    request: NewestRequest
    asked: bool
    why: str
    is_other: bool


def tried(
    condition: Condition,
    live: Condition | None,
    fields: Sequence[FormField],
    requests: Iterable[NewestRequest],
) -> list[Tried]:
    """The condition on requests as they are, beside that of the live version where it is known."""
    people = names_of({str(row.value) for row in condition.all_rows() if is_id(str(row.value))})
    kinds = {each.name: each.kind for each in fields}
    found = []
    for request in requests:
        wrong = [
            row_words(row, fields, people)
            for row in condition.all_rows()
            if not row_holds(row, kinds.get(row.field, FieldKind.TEXT), request.values)
        ]
        asked = holds(condition, fields, request.values)
        other = live is not None and holds(live, fields, request.values) is not asked
        found.append(Tried(request, asked, "" if asked else "; ".join(wrong), other))
    return found
