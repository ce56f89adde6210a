"""How the approvers of a stage were chosen: by which rules and facts, who was skipped, what changed
in the directory since, and whose tasks changed hands."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.domain.policy.policy import RuleKind
from portal.domain.request.state import TaskStatus
from portal.domain.routing.plan import LeftOut, RoutingEvidence, StagePlan
from portal.domain.routing.routing_evidence import MOST_KEPT
from portal.presentation.labels import field_label, listed, said
from portal.presentation.money import money
from portal.presenters.progress import fallback
from portal.queries.asked import MEMBERS, DirectoryNow, Meant
from portal.queries.request import RequestRecord, TaskRecord, given_of
from portal.translation import _, own

NAMED = 12
LEFT_OUT = 60


@dataclass(frozen=True, slots=True)
class Explanation:
    """Sentences. `then`: the directory as it was, None where it was not kept with the request;
    `since`: what is different now; `skipped`: who was not asked, with the reason for each."""

    reasons: tuple[str, ...]
    then: tuple[str, ...] | None
    since: tuple[str, ...]
    skipped: tuple[str, ...]
    rule: str


def choice_of(
    record: RequestRecord,
    plan: StagePlan,
    tasks: Sequence[TaskRecord],
    names: Mapping[str, str],
    meant: DirectoryNow | None,
    me: str,
) -> Explanation:
    """The explanation of a stage, to one reader; `tasks`: of those who are named there; `meant`:
    the directory that is compared, None where none is known."""
    reasons = [said(plan.reason), *_facts(plan, record)]
    for task in tasks:
        reasons += _came(task, names, me)
    reasons.append(fallback(plan))
    rule = _(
        "Stage “%(stage)s”, %(type)s policy, version %(version)s",
        stage=own(plan.name), type=record.type_name, version=record.policy_version,
    )  # fmt: skip
    return Explanation(
        reasons=tuple(dict.fromkeys(each for each in reasons if each)),
        then=tuple(_then(each, me) for each in plan.basis) if plan.basis else None,
        since=() if meant is None else tuple(dict.fromkeys(_changes(plan.basis, meant, me))),
        skipped=_skipped(plan.left_out),
        rule=rule,
    )


def _came(task: TaskRecord, names: Mapping[str, str], me: str) -> Iterator[str]:
    """How a task came to who has it: by a person's hand, or by the sentence of the rule."""
    given, stored = given_of(task), task.why
    if given:
        yield _by_hand(task, given, names, me)
    elif stored.get("moved"):
        yield _to(said(stored["moved"]), task.owner_id, task.owner_name, me)
    if stored.get("delegated"):
        yield _to(said(stored["delegated"]), task.assignee_id, task.assignee_name, me)
    if stored.get("why") and given.get("how") != "added":
        yield _to(said(stored["why"]), task.owner_id, task.owner_name, me)
    if stored.get("message"):
        yield own(str(stored["message"]))
    if stored.get("place") and task.due_at:
        yield _("Due by the working hours of %(place)s.", place=stored["place"])


def _by_hand(task: TaskRecord, given: Mapping[str, Any], names: Mapping[str, str], me: str) -> str:
    by = _named(given.get("by"), names, me)
    name = _object(task.assignee_id, task.assignee_name, me)
    if given.get("how") == "added":
        what = _("%(by)s added %(name)s as an approver", by=by, name=name)
    elif task.acting_for is not None:
        what = _("%(by)s delegated it to %(name)s", by=by, name=name)
    else:
        what = _("%(by)s reassigned it to %(name)s", by=by, name=name)
        if given.get("from") != given.get("by"):
            before = _object(str(given.get("from")), names.get(given.get("from") or "", ""), me)
            what = _("%(what)s in place of %(before)s", what=what, before=before)
    because = given.get("because")
    return f"{what}: “{because}”" if because else f"{what}."


def _named(person: str | None, names: Mapping[str, str], me: str) -> str:
    return _("You") if person == me else names.get(person or "", _("Somebody"))


def _to(sentence: str, person: str, name: str, me: str) -> str:
    """A sentence speaks to one person: a rule's to the task's owner, an absence's to the delegate.
    To others it speaks about them."""
    return sentence if me == person else about(sentence, name)


def about(sentence: str, name: str) -> str:
    """A sentence to somebody as one about them: "You are in Finance" as "Ben is in Finance"."""
    for told, other in (("are", "is"), ("hold", "holds"), ("act", "acts")):
        sentence = re.sub(rf"\b[Yy]ou {told}\b", f"{name} {other}", sentence)
    return re.sub(r"\b[Yy]ou\b", name, sentence)


def _facts(plan: StagePlan, record: RequestRecord) -> Iterator[str]:
    """The values that decided that the stage is needed, each with its label."""
    for name, value in plan.facts.items():
        yield _fact(name, value, record)


def _fact(name: str, value: Any, record: RequestRecord) -> str:
    field = next((each for each in record.form if each.name == name), None)
    label = field_label(name, record.form)
    is_money = name == "amount" or (field is not None and field.is_amount)
    if is_money and isinstance(value, int) and record.currency:
        return f"{label}: {money(value, record.currency)}"
    if field is not None:
        value = next((c.label for c in field.choices if c.value == value), value)
    return f"{label}: {value}"


def _skipped(entries: Sequence[LeftOut]) -> tuple[str, ...]:
    """Who was not asked, with the reason for each; the first of many."""
    listed = [_left_out(each) for each in entries[:LEFT_OUT]]
    hidden = len(entries) - LEFT_OUT
    return (*listed, *([_("and %(n)s more", n=hidden)] if hidden > 0 else []))


def _left_out(entry: LeftOut) -> str:
    reason = said(entry.reason).rstrip(".")
    return f"{entry.name} {reason}" if entry.person_id else f"{entry.name}: {reason}"


def _then(basis: RoutingEvidence, me: str) -> str:
    if basis.kind is RuleKind.MANAGER:
        return _chain(basis, me)
    names = [_object(each.id, each.name, me) for each in basis.people[:NAMED]]
    hidden = basis.count - len(names)
    named = listed(names) or _("nobody")
    if hidden > 0:
        named = _("%(names)s and %(n)s more", names=", ".join(names), n=hidden)
    words = {"of": basis.name, "names": named}
    match basis.kind:
        case RuleKind.GROUP:
            return _("In the group %(of)s: %(names)s.", **words)
        case RuleKind.ROLE:
            return _("With the role %(of)s: %(names)s.", **words)
        case RuleKind.DEPARTMENT_HEAD:
            return _("Head of %(of)s: %(names)s.", **words)
        case RuleKind.CHOSEN:
            return _("Chosen on the form: %(names)s.", **words)
    return _("Named in the policy: %(names)s.", **words)


def _chain(basis: RoutingEvidence, me: str) -> str:
    """ "Tom reports to Marta, who reports to Sofia." """
    first, *above = basis.people
    if not above:
        return _("No manager was entered for %(name)s.", name=_object(first.id, first.name, me))
    names = [_object(each.id, each.name, me) for each in above]
    return _reports(first.id, first.name, _(", who reports to ").join(names), me)


def _reports(person: str, name: str, to: str, me: str) -> str:
    if person == me:
        return _("You report to %(to)s.", to=to)
    return _("%(name)s reports to %(to)s.", name=name, to=to)


def _object(person: str, name: str, me: str) -> str:
    return _("you") if person == me else name


def _changes(basis: Iterable[RoutingEvidence], now: DirectoryNow, me: str) -> Iterator[str]:
    for each in basis:
        match each.kind:
            case RuleKind.MANAGER:
                yield from _other_managers(each, now, me)
            case RuleKind.GROUP | RuleKind.ROLE if each.count <= MOST_KEPT:
                yield from _other_members(each, now.of(each.kind, each.code), me)
            case RuleKind.DEPARTMENT_HEAD:
                heads = now.of(each.kind, each.code)
                if [head.id for head in heads] != [person.id for person in each.people]:
                    name = _object(heads[0].id, heads[0].name, me) if heads else _("nobody")
                    yield _("The head of %(of)s is %(name)s now.", of=each.name, name=name)


def _other_managers(basis: RoutingEvidence, now: DirectoryNow, me: str) -> Iterator[str]:
    for below, above in zip(basis.people, basis.people[1:], strict=False):
        managers = now.of(basis.kind, below.id)
        if not managers:
            name = _object(below.id, below.name, me)
            yield _("No manager is entered for %(name)s any more.", name=name)
        elif managers[0].id != above.id:
            name = _object(managers[0].id, managers[0].name, me)
            if below.id == me:
                yield _("You report to %(to)s now.", to=name)
            else:
                yield _("%(name)s reports to %(to)s now.", name=below.name, to=name)


def _other_members(basis: RoutingEvidence, members: Sequence[Meant], me: str) -> Iterator[str]:
    if len(members) >= MEMBERS:
        return  # cut off there, so that nobody can be said to be missing
    then, today = {each.id for each in basis.people}, {each.id for each in members}
    is_group = basis.kind is RuleKind.GROUP
    for each in members:
        if each.id not in then:
            words = {"name": _("You") if each.id == me else each.name, "of": basis.name}
            joined = _("%(name)s joined %(of)s later.", **words)
            yield joined if is_group else _("%(name)s was given the role %(of)s later.", **words)
    for known in basis.people:
        if known.id not in today:
            words = {"name": _("You") if known.id == me else known.name, "of": basis.name}
            left = _("%(name)s left %(of)s since.", **words)
            yield left if is_group else _("%(name)s lost the role %(of)s since.", **words)


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a task that was the reader's: a sentence, and the reason that was given.

    `task_id`: of one that is still theirs, so that they can take it back.
    """

    text: str
    because: str
    at: datetime | None
    task_id: str = ""


def away_from(tasks: Iterable[TaskRecord], names: Mapping[str, str], me: str) -> list[Handed]:
    """The open tasks that the reader had and that somebody gave to someone else."""
    return [
        _away(task, names, me)
        for task in tasks
        if task.status == TaskStatus.OPEN
        and given_of(task).get("from") == me
        and task.assignee_id != me
    ]


def _away(task: TaskRecord, names: Mapping[str, str], me: str) -> Handed:
    given, name = given_of(task), task.assignee_name
    lent = task.acting_for is not None and task.delegation_id is None
    if lent:
        text = _("You delegated this to %(name)s, who decides for you.", name=name)
    elif given.get("by") == me:
        text = _("You reassigned this to %(name)s, who decides now.", name=name)
    else:
        by = names.get(given.get("by") or "", _("Somebody"))
        text = _("%(by)s reassigned your task to %(name)s, who decides now.", by=by, name=name)
    return Handed(
        text=text,
        because=str(given.get("because") or ""),
        at=datetime.fromisoformat(given["at"]) if given.get("at") else None,
        task_id=task.id if lent else "",
    )
