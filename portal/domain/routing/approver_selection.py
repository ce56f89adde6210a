"""Who is asked in a stage: the people of its rules, without those who may not, or the fallback."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from portal.domain.people.directory import Directory
from portal.domain.policy.policy import ApproverRule, Mode, Policy, Stage
from portal.domain.request.reasons import Code, Kept, Reason, reason
from portal.domain.routing.approver_rules import code_of, find, name_of, title_of
from portal.domain.routing.group_matching import share_out
from portal.domain.routing.plan import Candidate, LeftOut, RouteQuestion


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


def choose(chooser: ApproverSelector, stage: Stage, policy: Policy) -> ApproverChoice:
    """The people of a stage; where they are too few, with the stage's or the policy's fallback."""
    if stage.mode is Mode.PER_GROUP:
        return _choose_by_group(chooser, stage, policy)
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
