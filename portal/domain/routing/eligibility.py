"""Whether those who are asked in an open stage still may decide, and who could in their place."""

from collections.abc import Callable
from datetime import timedelta

from portal.domain.people.directory import Directory
from portal.domain.policy.policy import Mode, Policy, Stage
from portal.domain.request import events
from portal.domain.request.evolve import EventRecorder
from portal.domain.request.reasons import Code, Kept, Reason, reason, sentence
from portal.domain.request.state import Task
from portal.domain.routing.approvers import (
    ApproverSelector,
    absences_of,
    group_names,
    name_of,
    standing_in,
    with_delegates,
)
from portal.domain.routing.plan import Candidate, LeftOut, RouteQuestion, RouteReview
from portal.domain.routing.receivers import may_stand_in


def review(policy: Policy, chooser: ApproverSelector) -> RouteReview:
    """Look at the stage `question.from_index` again, as it is open; its condition is not asked."""
    question, directory = chooser.question, chooser.directory
    stage = policy.stages[question.from_index]
    left_out: list[LeftOut] = []
    people = _by_rules(stage, chooser, left_out)
    known = {each.person_id for each in people}
    fallback = [
        standing_in(each)
        for rules in (stage.fallback, policy.fallback)
        for each in chooser.candidates(rules, [])
        if each.person_id not in known
    ]
    escalated = [each for level in stage.escalate for each in chooser.candidates(level.to, [])]
    # Who is asked for one group has to be found by that group's rule; elsewhere any rule will do.
    by_rule = stage.mode is Mode.PER_GROUP
    named = {
        _key(each.person_id, each.source, by_rule) for each in (*people, *fallback, *escalated)
    }
    fit = {
        each for each, source in question.sources.items() if _key(each, source, by_rule) in named
    }
    may = may_stand_in(policy, stage, chooser)
    reasons = ((each, _unfit(each, fit, question, directory)) for each in question.asked)
    return RouteReview(
        people=with_delegates(people, chooser, left_out, may),
        fallback=with_delegates(fallback, chooser, left_out, may),
        unfit=tuple(
            LeftOut(person_id=each, name=name_of(directory, each), reason=why)
            for each, why in reasons
            if why
        ),
        parts_settle=True,
    )


def lost(
    question: RouteQuestion, directory: Directory, review: RouteReview, task: Task
) -> LeftOut | None:
    """Who of a task's people has no right to it any more, and why; None while both have.

    A delegate's right ends with the owner's, and with the absence that gave it.
    """
    unfit = {each.person_id: each for each in review.unfit}
    found = unfit.get(task.owner_id) or unfit.get(task.assignee_id)
    if found is not None or task.delegation_id is None or task.acting_for is None:
        return found
    absences = absences_of(directory, task.acting_for, question)
    if all(each.id != task.delegation_id for each in absences):
        why = reason(Code.NO_LONGER_ACTS_FOR, name=name_of(directory, task.acting_for))
    elif absences_of(directory, task.assignee_id, question):
        why = reason(Code.AWAY_TOO)
    else:
        return None
    name = name_of(directory, task.assignee_id)
    return LeftOut(person_id=task.assignee_id, name=name, reason=why)


def _key(person_id: str, source: str, by_rule: bool) -> tuple[str, str]:
    return person_id, source if by_rule else ""


def _by_rules(stage: Stage, chooser: ApproverSelector, left_out: list[LeftOut]) -> list[Candidate]:
    if stage.mode is not Mode.PER_GROUP:
        return chooser.candidates(stage.rules, left_out)
    names = group_names(stage.rules, chooser.question)
    return [
        candidate
        for name, rule in zip(names, stage.rules, strict=True)
        for candidate in chooser.candidates([rule], left_out, name)
    ]


def _unfit(person_id: str, fit: set[str], question: RouteQuestion, directory: Directory) -> Kept:
    person = directory.people.get(person_id)
    if person is None:
        return reason(Code.NOT_IN_DIRECTORY)
    if not person.is_active:
        return reason(Code.NO_LONGER_ACTIVE)
    if person.is_auditor:
        return reason(Code.NOW_AUDITOR)
    source = question.sources.get(person_id)
    if source is None or person_id in fit:
        return ""
    kind, _, code = source.partition(":")
    return _NO_LONGER.get(kind, _not_named)(code, question, directory)


def _not_named(_code: str, _question: RouteQuestion, _directory: Directory) -> Reason:
    return reason(Code.NO_LONGER_NAMED)


def _not_in_group(code: str, _question: RouteQuestion, directory: Directory) -> Reason:
    group = directory.groups.get(code)
    return reason(Code.NO_LONGER_IN_GROUP, group=code if group is None else group.name)


def _not_in_role(code: str, _question: RouteQuestion, _directory: Directory) -> Reason:
    return reason(Code.NO_LONGER_HAS_ROLE, role=code)


def _not_manager(_code: str, question: RouteQuestion, directory: Directory) -> Reason:
    return reason(Code.NO_LONGER_MANAGER, name=name_of(directory, question.requester_id))


_NO_LONGER: dict[str, Callable[[str, RouteQuestion, Directory], Reason]] = {
    "group": _not_in_group,
    "role": _not_in_role,
    "manager": _not_manager,
}


# Waits after the first, second and every later fruitless search for somebody to ask.
RETRY_AFTER = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))


def call_for_attention(recorder: EventRecorder, why: Kept) -> None:
    """Say why nobody can be asked, and when to look again."""
    state = recorder.state
    # By their words: an older version may have kept the sentence of the same reason.
    is_same = state.attention is not None and sentence(state.attention) == sentence(why)
    attempt = state.attention_count + 1 if is_same else 1
    wait = RETRY_AFTER[min(attempt, len(RETRY_AFTER)) - 1]
    recorder.by_system(
        events.AttentionNeeded,
        reason=why,
        retry_at=recorder.now + wait,
        attempt=attempt,
    )
