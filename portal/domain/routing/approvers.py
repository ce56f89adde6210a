"""Who is asked in a stage: the people of its rules, without those who may not, or the fallback;
and who decides for those who are away."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.domain.people.directory import Absence, Department, Directory, Person
from portal.domain.policy.policy import ApproverRule, Mode, Policy, RuleKind, Stage, StageKind
from portal.domain.request.reasons import Code, Kept, Reason, reason
from portal.domain.routing.plan import Candidate, LeftOut, RouteQuestion, StandIn


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


def share_out(groups: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Give each person to one of the groups they are in; a group gets nobody only if it must.

    First one person for each group, by augmenting paths (Kuhn's algorithm for bipartite
    matching); everybody left over goes to the first of their groups. Order is kept throughout.
    """
    holder: dict[str, str] = {}
    for group in groups:
        _claim(group, groups, holder, set())
    for group, people in groups.items():
        for person in people:
            holder.setdefault(person, group)
    return {
        group: [person for person in dict.fromkeys(people) if holder[person] == group]
        for group, people in groups.items()
    }


def _claim(
    group: str, groups: Mapping[str, Sequence[str]], holder: dict[str, str], tried: set[str]
) -> bool:
    for person in groups[group]:
        if person in tried:
            continue
        tried.add(person)
        if person not in holder or _claim(holder[person], groups, holder, tried):
            holder[person] = group
            return True
    return False


@dataclass(kw_only=True)
class ApproverChoice:
    """People found for a stage, who was left out and why, and, where it failed, the problem."""

    people: tuple[Candidate, ...] = ()
    left_out: list[LeftOut] = field(default_factory=list)
    groups: tuple[str, ...] = ()
    used_fallback: bool = False
    needed: int = 1
    problem: Kept = ""


@dataclass(frozen=True, kw_only=True)
class ApproverSelector:
    """Resolves rules for one question; `excluded` maps a person to why they may not decide."""

    question: RouteQuestion
    directory: Directory
    excluded: Mapping[str, Kept]

    def candidates(
        self, rules: Iterable[ApproverRule], left_out: list[LeftOut], group: str | None = None
    ) -> list[Candidate]:
        """Everybody these rules give who may decide, each once; the others go to `left_out`."""
        chosen: dict[str, Candidate] = {}
        for rule in rules:
            found = find(rule, self.question, self.directory)
            source = f"{rule.kind.value}:{code_of(rule, self.question) or ''}"
            if not found.people:
                left_out.append(self._nobody(rule, found.missing))
            for person_id, why in found.people:
                name, against = name_of(self.directory, person_id), self._barred(person_id)
                if person_id in chosen:
                    against = reason(Code.ASKED_ALREADY)
                if against:
                    left_out.append(LeftOut(person_id=person_id, name=name, reason=against))
                else:
                    chosen[person_id] = Candidate(
                        person_id=person_id, name=name, why=why, group=group, source=source
                    )
        return list(chosen.values())

    def _barred(self, person_id: str) -> Kept:
        person = self.directory.people.get(person_id)
        if person is None:
            return reason(Code.NOT_IN_DIRECTORY)
        if not person.is_active:
            return reason(Code.INACTIVE)
        if person.is_auditor:
            return reason(Code.AUDITOR)
        return self.excluded.get(person_id, "")

    def _nobody(self, rule: ApproverRule, missing: Kept) -> LeftOut:
        return LeftOut(person_id=None, name=title_of(rule, self.question), reason=missing)


# A workflow starts with all that is asked, which Temporal takes up to 2 MiB: see `MOST_HANDLED`.
MOST_ASKED = 500


def choose(chooser: ApproverSelector, stage: Stage, policy: Policy) -> ApproverChoice:
    """The people of a stage; where they are too few, with the stage's or the policy's fallback."""
    by_group = stage.mode is Mode.PER_GROUP
    choice = (_choose_by_group if by_group else _choose_together)(chooser, stage, policy)
    many = len(choice.people)
    if stage.kind is StageKind.APPROVAL and not choice.problem and many > MOST_ASKED:
        choice.problem = reason(Code.TOO_MANY_TO_ASK, stage=stage.name, count=many, most=MOST_ASKED)
    return choice


def _choose_together(chooser: ApproverSelector, stage: Stage, policy: Policy) -> ApproverChoice:
    choice = ApproverChoice()
    people = chooser.candidates(stage.rules, choice.left_out)
    for rules in (stage.fallback, policy.fallback):
        if rules and len(people) < votes_for(stage, len(people)):
            known = {each.person_id for each in people}
            more = chooser.candidates(rules, choice.left_out)
            people += [standing_in(each) for each in more if each.person_id not in known]
            choice.used_fallback = len(people) > len(known) or choice.used_fallback
    choice.people = tuple(people)
    choice.needed = votes_for(stage, len(people))
    if len(people) < choice.needed:
        choice.problem = _too_few(stage, choice, len(people))
    return choice


def votes_for(stage: Stage, people: int) -> int:
    """Votes needed when so many are asked: at least one. A share is rounded up."""
    if stage.mode is Mode.ALL:
        return max(1, people)
    if stage.mode is Mode.QUORUM:
        share = -(-(stage.quorum_percent or 0) * people // 100)
        return max(1, share if stage.quorum is None else stage.quorum)
    return 1


def group_names(rules: Sequence[ApproverRule], question: RouteQuestion) -> list[str]:
    """A name for each rule of a PER_GROUP stage, all different."""
    names: list[str] = []
    for rule in rules:
        name = title = title_of(rule, question)
        while name in names:
            name = f"{title} ({len(names) + 1})"
        names.append(name)
    return names


def _choose_by_group(chooser: ApproverSelector, stage: Stage, policy: Policy) -> ApproverChoice:
    choice = ApproverChoice()
    names = group_names(stage.rules, chooser.question)
    pools = {
        name: chooser.candidates([rule], choice.left_out, name)
        for name, rule in zip(names, stage.rules, strict=True)
    }
    shared, stand_ins = _share(pools), set[tuple[str, str | None]]()
    for rules in (stage.fallback, policy.fallback):
        for name in [name for name, people in shared.items() if rules and not people]:
            known = {each.person_id for each in pools[name]}
            more = chooser.candidates(rules, choice.left_out, name)
            more = [standing_in(each) for each in more if each.person_id not in known]
            pools[name] += more
            stand_ins |= {(each.person_id, each.group) for each in more}
        shared = _share(pools)
    choice.people = tuple(each for people in shared.values() for each in people)
    choice.used_fallback = any((each.person_id, each.group) in stand_ins for each in choice.people)
    choice.groups = tuple(names)
    choice.needed = max(1, len(names))
    empty = [name for name, people in shared.items() if not people]
    if empty:
        choice.problem = reason(
            Code.NOBODY_FOR_GROUPS,
            stage=stage.name,
            groups=_listed(empty),
            left_out=_because(choice),
        )
    return choice


def _share(pools: Mapping[str, list[Candidate]]) -> dict[str, list[Candidate]]:
    shared = share_out({name: [each.person_id for each in pool] for name, pool in pools.items()})
    return {
        name: [each for each in pool if each.person_id in shared[name]]
        for name, pool in pools.items()
    }


def standing_in(candidate: Candidate) -> Candidate:
    """The candidate, asked as a fallback."""
    return replace(candidate, why=reason(Code.FALLBACK, because=candidate.why))


def _too_few(stage: Stage, choice: ApproverChoice, people: int) -> Reason:
    if people == 0:
        return reason(Code.NOBODY_TO_ASK, stage=stage.name, left_out=_because(choice))
    return reason(
        Code.TOO_FEW_TO_ASK,
        stage=stage.name,
        needed=choice.needed,
        count=people,
        left_out=_because(choice),
    )


def _because(choice: ApproverChoice) -> Kept:
    """Who was left out and why, in brackets; nothing where nobody was."""
    listed: list[Reason] = []
    for each in choice.left_out:
        why = reason(Code.LEFT_OUT, name=each.name, because=each.reason)
        if why not in listed:
            listed.append(why)
    return reason(Code.LEFT_OUT_LIST, left_out=tuple(listed)) if listed else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def with_delegates(
    people: Sequence[Candidate],
    chooser: ApproverSelector,
    left_out: list[LeftOut],
    may: Callable[[Candidate, Absence], bool],
) -> tuple[Candidate, ...]:
    """The same people, those who are away with a stand-in; why some have none goes to `left_out`.
    `may`: whether an absence's delegate may take somebody's task of this stage.

    No chains: a delegate who is away too gets nothing, and it stays with whose it is.
    """
    taken = {each.person_id for each in people}
    found: list[Candidate] = []
    for candidate in people:
        stand_in = None
        for absence in absences_of(chooser.directory, candidate.person_id, chooser.question):
            problem = _problem(absence, chooser, taken)
            if not problem and not may(candidate, absence):
                problem = reason(Code.MAY_NOT_RECEIVE)
            if not problem:
                stand_in = _stand_in(absence, candidate, chooser.directory)
                taken.add(stand_in.person_id)
                break
            why = reason(Code.WOULD_ACT, name=candidate.name, because=problem)
            name = name_of(chooser.directory, absence.delegate_id)
            left_out.append(LeftOut(person_id=absence.delegate_id, name=name, reason=why))
        found.append(candidate if stand_in is None else replace(candidate, stand_in=stand_in))
    return tuple(found)


def absences_of(
    directory: Directory, person_id: str, question: RouteQuestion
) -> tuple[Absence, ...]:
    """The person's absences in force that are about such a request."""
    return tuple(
        each
        for each in directory.absences.get(person_id, ())
        if covers(each, question.type_code, question.amount, question.currency)
    )


def covers(absence: Absence, type_code: str, amount: int | None, currency: str | None) -> bool:
    """Whether an absence is about such a request. One without an amount is under every limit; one
    in another currency cannot be compared, and so is not covered."""
    if absence.type_codes is not None and type_code not in absence.type_codes:
        return False
    if absence.max_amount is None or amount is None:
        return True
    return currency == absence.currency and amount <= absence.max_amount


def until_kept(at: datetime, zone: str) -> str:
    """The end of an absence on the calendar of a zone as reasons keep it: its last day,
    `2026-01-09`, or a moment of it, `2026-01-09T23:00`."""
    try:
        local = at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        local = at
    if local.hour == local.minute == 0:
        return date.fromordinal(local.toordinal() - 1).isoformat()
    return f"{local:%Y-%m-%dT%H:%M}"


def _problem(absence: Absence, chooser: ApproverSelector, taken: set[str]) -> Kept:
    delegate = absence.delegate_id
    if delegate in taken:
        return reason(Code.ASKED_IN_STAGE)
    person = chooser.directory.people.get(delegate)
    if person is None or not person.is_active:
        return reason(Code.INACTIVE)
    if person.is_auditor:
        return reason(Code.AUDITOR)
    if absences_of(chooser.directory, delegate, chooser.question):
        return reason(Code.AWAY_TOO)
    return chooser.excluded.get(delegate, "")


def _stand_in(absence: Absence, candidate: Candidate, directory: Directory) -> StandIn:
    until = until_kept(absence.ends_at, absence.zone)
    return StandIn(
        person_id=absence.delegate_id,
        name=name_of(directory, absence.delegate_id),
        delegation_id=absence.id,
        until=absence.ends_at,
        why=reason(Code.ACTS_FOR, name=candidate.name, until=until),
    )
