"""Checks of a draft that need the directory: conditions that cannot be read, rules that find nobody
today, and everybody who could ask by the draft's route."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from portal.directory import conditions
from portal.directory.whole import everybody
from portal.domain.errors import InvalidPolicy
from portal.domain.marked import Sentence, msgid, sentence
from portal.domain.people.directory import Directory
from portal.domain.policy.check import Problem, language_problems, problems_of
from portal.domain.policy.forms import comparable
from portal.domain.policy.policy import ApproverRule, RuleKind, Stage
from portal.domain.policy.types import TypeContent
from portal.domain.request.reasons import Code
from portal.domain.routing.outline import compared
from portal.domain.routing.population import Affected, PopulationRun, askers, run

# With more people, pages that only say how far a draft is do not try its route for each of them.
MOST_AT_A_GLANCE = 1_000

# The code of a warning is this with the stage's key.
_NO_FALLBACK = "no_fallback:"
# Whom these find depends on who asks and what for.
_DEPENDS = frozenset({RuleKind.MANAGER, RuleKind.DEPARTMENT_HEAD, RuleKind.CHOSEN})


@dataclass(frozen=True)
class Examination:
    """What is wrong with a draft, errors first; what is worth knowing of it; and how many people
    its route was tried for (0: it could not be, or was not for
    a glance)."""

    problems: tuple[Problem, ...]
    notes: tuple[Sentence, ...] = ()
    people: int = 0


def examine(
    connection: Connection,
    content: TypeContent,
    languages: Collection[str],
    most: int | None = None,
) -> Examination:
    """Everything that can be found wrong, and, where the route can be followed at all, how it goes
    for everybody who could ask; that not for more than `most` people. `languages`: in which the
    portal is offered."""
    directory = everybody(connection)
    found = [*problems_of(content), *language_problems(content, languages)]
    found += [*_conditions(content), *_rules(content, directory)]
    found += _askers(content, directory)
    if most is not None and len(directory.people) > most:
        # Whether a missing fallback leaves anybody stuck, only the route of each person says.
        found = [each for each in found if not each.code.startswith(_NO_FALLBACK)]
        return Examination(tuple(sorted(found, key=lambda each: each.is_warning)))
    if any(not each.is_warning for each in found):
        return Examination(tuple(sorted(found, key=lambda each: each.is_warning)))
    whole = population(content, directory)
    lost = [each for each in whole.stuck if _why(each) in _GAPS]
    known = {_NO_FALLBACK + each.stage_key for each in lost}
    warnings = [each for each in found if each.code not in known]
    warnings += [_stuck(each, whole.people) for each in lost]
    notes = [_stuck(each, whole.people).sentence for each in whole.stuck if each not in lost]
    notes += [_own(each, whole.people) for each in whole.own]
    return Examination(tuple(warnings), tuple(notes), whole.people)


def population(content: TypeContent, directory: Directory) -> PopulationRun:
    """Everybody who could ask, by the route of the draft."""
    return run(content, compared(content), directory, conditions.evaluate, datetime.now(UTC))


def _conditions(content: TypeContent) -> list[Problem]:
    names = [each.name for each in (*content.form, *comparable(content.form))]
    found = []
    for stage in content.policy.stages:
        try:
            if stage.condition is not None:
                conditions.check(stage.condition, names)
        except InvalidPolicy as error:
            said = sentence(msgid("“%(stage)s”: %(error)s"), stage=stage.name, error=error.sentence)
            found.append(Problem(about="route", name=stage.key, sentence=said))
    return found


def _askers(content: TypeContent, directory: Directory) -> list[Problem]:
    """Groups and departments of those who may ask that are not there, or nobody who may."""
    only = content.policy.askers
    if only is None:
        return []
    groups = [each for each in only.groups if each not in directory.groups]
    gone = groups + [each for each in only.departments if each not in directory.departments]
    text = msgid("Who may ask names “%(code)s”, which is not there any more.")
    found = [Problem(about="askers", sentence=sentence(text, code=each)) for each in gone]
    if not gone and not askers(content, directory):
        text = msgid("Nobody active may ask: the groups and departments chosen are empty.")
        found.append(Problem(about="askers", sentence=sentence(text)))
    return found


def _rules(content: TypeContent, directory: Directory) -> list[Problem]:
    """Rules that find nobody today: an error without a fallback, else a warning."""
    found = []
    for stage in content.policy.stages:
        lost = [rule for rule in stage.rules if not _finds(rule, content, directory)]
        spare = stage.fallback or content.policy.fallback
        saved = any(_finds(rule, content, directory) for rule in spare)
        found += [_nobody(stage, rule, saved=saved) for rule in lost]
        moving = any(rule.kind in _DEPENDS for rule in stage.rules)
        if moving and not saved and stage.rules:
            text = msgid(
                "“%(stage)s” has no fallback: a requester without a manager, head or group would"
                " wait for an administrator."
            )
            said, code = sentence(text, stage=stage.name), _NO_FALLBACK + stage.key
            found.append(Problem(about="route", name=stage.key, code=code, sentence=said))
    return found


def _nobody(stage: Stage, rule: ApproverRule, *, saved: bool) -> Problem:
    what = rule.label or rule.code or rule.kind.value
    text = msgid("“%(stage)s” asks %(who)s, where nobody active is found today.")
    code = f"nobody:{stage.key}:{what}" if saved else ""
    said = sentence(text, stage=stage.name, who=what)
    return Problem(about="route", name=stage.key, code=code, sentence=said)


def _finds(rule: ApproverRule, content: TypeContent, directory: Directory) -> bool:
    """Whether a rule finds anybody active, as far as that does not depend on who asks."""

    def active(ids: tuple[str, ...]) -> bool:
        return any(each in directory.people and directory.people[each].is_active for each in ids)

    if rule.kind is RuleKind.PEOPLE:
        return active(rule.people)
    codes = _codes(rule, content)
    match rule.kind:
        case RuleKind.GROUP:
            found = (directory.groups.get(code) for code in codes)
            return all(group is not None and active(group.members) for group in found)
        case RuleKind.ROLE:
            return all(active(directory.roles.get(code, ())) for code in codes)
        case RuleKind.DEPARTMENT_HEAD:
            heads = (directory.departments.get(code) for code in codes)
            return all(each is not None and active((each.head_id or "",)) for each in heads)
    return True


def _codes(rule: ApproverRule, content: TypeContent) -> set[str]:
    """Every code that a rule may come to, by the options of the field that it reads."""
    if rule.code is not None:
        return {rule.code}
    field = content.field(rule.form_field or "")
    return {rule.codes.get(o.value, o.value) for o in field.choices} if field else set()


# What is missing in what the portal knows of people: a mistake, or something for a fallback.
_GAPS = {
    Code.NO_MANAGER: msgid("they have no manager"),
    Code.NO_DEPARTMENT: msgid("they have no department"),
    Code.NO_HEAD: msgid("their department has no head"),
}
# What follows from who may not decide: small groups, and people at the top.
_BARRED = {
    Code.REQUESTER: msgid("too few others than themselves are asked"),
    Code.APPROVED_EARLIER: msgid("whoever is asked decides an earlier stage"),
    Code.INACTIVE: msgid("whoever is asked is not active"),
    Code.AUDITOR: msgid("whoever is asked is an auditor"),
    Code.CONDITION_FAILED: msgid("the condition has no value for them"),
}


def _why(each: Affected) -> Code | None:
    """What counts: who may not decide, as a fallback is there, before what is missing."""
    return next((code for code in (*_BARRED, *_GAPS) if code.value in each.lacks), None)


def _stuck(each: Affected, people: int) -> Problem:
    why = _why(each)
    text = msgid("%(count)s of %(all)s people would be stuck at %(stage)s: %(why)s (%(names)s).")
    words = {**_GAPS, **_BARRED}.get(why) if why else None
    said = sentence(
        text,
        count=each.count,
        all=people,
        stage=each.stage,
        why=sentence(words or msgid("too few people are found")),
        names=_names(each),
    )
    code = f"stuck:{each.stage_key}:{each.count}"
    return Problem(about="route", name=each.stage_key, code=code, sentence=said)


def _own(each: Affected, people: int) -> Sentence:
    return sentence(
        msgid(
            "%(count)s of %(all)s people would be asked at %(stage)s about their own requests;"
            " others decide those (%(names)s)."
        ),
        count=each.count,
        all=people,
        stage=each.stage,
        names=_names(each),
    )


def _names(each: Affected) -> str:
    return ", ".join(each.names) + (" …" if each.count > len(each.names) else "")
