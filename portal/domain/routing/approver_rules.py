"""Whom an approver rule means, and why, from a directory snapshot; not who is allowed."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.domain.people.directory import Department, Directory, Person
from portal.domain.policy.policy import ApproverRule, RuleKind
from portal.domain.request.reasons import Code, Kept, Reason, reason
from portal.domain.routing.plan import RouteQuestion


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one rule gives: person ids with a reason each, or `missing`: why it gives nobody."""

    people: tuple[tuple[str, Reason], ...] = ()
    missing: Kept = ""


def find(rule: ApproverRule, question: RouteQuestion, directory: Directory) -> Found:
    """The people a rule means, active or not, in a stable order."""
    return _FINDERS[rule.kind](rule, question, directory)


def title_of(rule: ApproverRule, question: RouteQuestion) -> str:
    """What a rule is called in sentences and, for PER_GROUP, its group's name."""
    if rule.label:
        return rule.label
    code = code_of(rule, question)
    if rule.kind is RuleKind.MANAGER:
        return "manager" if rule.levels == 1 else f"manager {rule.levels} levels up"
    return code or rule.form_field or rule.kind.value.replace("_", " ")


def code_of(rule: ApproverRule, question: RouteQuestion) -> str | None:
    """The group's, role's or department's code: fixed, or looked up from the form."""
    if rule.form_field is None:
        return rule.code
    value = question.fields.get(rule.form_field)
    if value is None or value == "" or isinstance(value, list | tuple | dict):
        return rule.code
    return rule.codes.get(str(value), str(value))


def name_of(directory: Directory, person_id: str) -> str:
    """The person's name, or the id where the snapshot does not know them."""
    person = directory.people.get(person_id)
    return person.name if person is not None else person_id


def _as_label(rule: ApproverRule, name: str = "") -> str:
    """The rule's own name, unless what it found is called the same."""
    return f" ({rule.label})" if rule.label and rule.label != name else ""


def _named(rule: ApproverRule, _question: RouteQuestion, _directory: Directory) -> Found:
    why = reason(Code.IN_POLICY, label=_as_label(rule))
    return Found(
        people=tuple((each, why) for each in rule.people), missing=reason(Code.NAMES_NOBODY)
    )


def _group(rule: ApproverRule, question: RouteQuestion, directory: Directory) -> Found:
    code = code_of(rule, question)
    group = directory.groups.get(code) if code is not None else None
    if group is None:
        return Found(missing=reason(Code.NO_GROUP, group=code or title_of(rule, question)))
    why = reason(Code.IN_GROUP, group=group.name, label=_as_label(rule, group.name))
    people = tuple((each, why) for each in group.members)
    return Found(people=people, missing=reason(Code.GROUP_EMPTY, group=group.name))


def _role(rule: ApproverRule, question: RouteQuestion, directory: Directory) -> Found:
    code = code_of(rule, question) or ""
    why = reason(Code.HAS_ROLE, role=code, label=_as_label(rule))
    people = tuple((each, why) for each in directory.roles.get(code, ()))
    return Found(people=people, missing=reason(Code.NO_ROLE_HOLDER, role=code))


def _manager(rule: ApproverRule, question: RouteQuestion, directory: Directory) -> Found:
    """The manager `levels` up; in place of an inactive one, the next active manager above."""
    requester = directory.people.get(question.requester_id)
    name = name_of(directory, question.requester_id)
    missing = reason(Code.NO_MANAGER, name=name, levels=rule.levels)
    chain = managers_above(requester, directory)
    for level, manager in enumerate(chain, start=1):
        if level >= rule.levels and manager.is_active:
            return Found(people=((manager.id, _manager_why(name, level, rule, chain)),))
    return Found(missing=missing)


def managers_above(person: Person | None, directory: Directory) -> list[Person]:
    """Managers from the nearest up. Ends at a gap, or where the chain would run in a circle."""
    chain: list[Person] = []
    seen = set()
    while person is not None and person.manager_id is not None:
        seen.add(person.id)
        person = directory.people.get(person.manager_id)
        if person is None or person.id in seen:
            break
        chain.append(person)
    return chain


def _manager_why(name: str, level: int, rule: ApproverRule, chain: list[Person]) -> Reason:
    label = _as_label(rule)
    if level > rule.levels:
        away = chain[rule.levels - 1].name
        code = Code.MANAGER_INSTEAD if level == 1 else Code.MANAGER_ABOVE_INSTEAD
        return reason(code, name=name, level=level, label=label, away=away)
    code = Code.MANAGER if level == 1 else Code.MANAGER_ABOVE
    return reason(code, name=name, level=level, label=label)


def _department_head(rule: ApproverRule, question: RouteQuestion, directory: Directory) -> Found:
    department = department_of(rule, question, directory)
    if department is None:
        return Found(missing=reason(Code.NO_DEPARTMENT, rule=title_of(rule, question)))
    if department.head_id is None:
        return Found(missing=reason(Code.NO_HEAD, department=department.name))
    why = reason(Code.DEPARTMENT_HEAD, department=department.name, label=_as_label(rule))
    return Found(people=((department.head_id, why),))


def department_of(
    rule: ApproverRule, question: RouteQuestion, directory: Directory
) -> Department | None:
    """The department whose head a rule means: by its code, or the requester's own."""
    if rule.code is not None or rule.form_field is not None:
        return directory.departments.get(code_of(rule, question) or "")
    requester = directory.people.get(question.requester_id)
    if requester is None or requester.department_id is None:
        return None
    own = requester.department_id
    return next((each for each in directory.departments.values() if each.id == own), None)


def _chosen(rule: ApproverRule, question: RouteQuestion, directory: Directory) -> Found:
    value = question.fields.get(rule.form_field or "")
    ids = [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else []
    name = name_of(directory, question.requester_id)
    why = reason(Code.CHOSEN, name=name, label=_as_label(rule))
    people = tuple((each, why) for each in ids if isinstance(each, str) and each)
    return Found(people=people, missing=reason(Code.CHOSE_NOBODY, name=name))


_FINDERS: dict[RuleKind, Callable[[ApproverRule, RouteQuestion, Directory], Found]] = {
    RuleKind.PEOPLE: _named,
    RuleKind.GROUP: _group,
    RuleKind.ROLE: _role,
    RuleKind.MANAGER: _manager,
    RuleKind.DEPARTMENT_HEAD: _department_head,
    RuleKind.CHOSEN: _chosen,
}
