"""What the directory said when rules were followed, kept so that it can be told later."""

from collections.abc import Iterable

from portal.domain.people.directory import Department, Directory, Group
from portal.domain.policy.policy import ApproverRule, RuleKind
from portal.domain.routing.approvers import (
    code_of,
    department_of,
    find,
    managers_above,
    name_of,
    title_of,
)
from portal.domain.routing.plan import KnownPerson, RouteQuestion, RoutingEvidence

MOST_KEPT = 50


def evidence_of(
    rules: Iterable[ApproverRule], question: RouteQuestion, directory: Directory
) -> tuple[RoutingEvidence, ...]:
    """For each rule, once: the chain of managers that was gone up, or whom the rule meant."""
    found = (_basis(rule, question, directory) for rule in rules)
    return tuple(dict.fromkeys(found))


def _basis(rule: ApproverRule, question: RouteQuestion, directory: Directory) -> RoutingEvidence:
    meant = [person_id for person_id, _ in find(rule, question, directory).people]
    people = _chain(question, directory, meant) if rule.kind is RuleKind.MANAGER else meant
    code, name = _place(rule, question, directory)
    return RoutingEvidence(
        kind=rule.kind,
        code=code,
        name=name,
        people=tuple(
            KnownPerson(id=each, name=name_of(directory, each)) for each in people[:MOST_KEPT]
        ),
        count=len(people),
    )


def _chain(question: RouteQuestion, directory: Directory, meant: list[str]) -> list[str]:
    """The requester and the managers above, up to the one that was found, or to the last."""
    chain = [question.requester_id]
    for manager in managers_above(directory.people.get(question.requester_id), directory):
        chain.append(manager.id)
        if manager.id in meant:
            break
    return chain


def _place(rule: ApproverRule, question: RouteQuestion, directory: Directory) -> tuple[str, str]:
    """The code and the name of the group or department; else those of the rule."""
    code = code_of(rule, question) or ""
    found: Group | Department | None = None
    if rule.kind is RuleKind.GROUP:
        found = directory.groups.get(code)
    elif rule.kind is RuleKind.DEPARTMENT_HEAD:
        found = department_of(rule, question, directory)
    return (code, title_of(rule, question)) if found is None else (found.code, found.name)
