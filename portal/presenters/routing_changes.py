"""What routing knew of groups and managers when it chose people, and what changed since."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from portal.domain.policy.policy import RuleKind
from portal.domain.routing.plan import RoutingEvidence
from portal.domain.routing.routing_evidence import MOST_KEPT
from portal.queries.asked import MEMBERS, Meant, MeantNow

NAMED = 12
BEGINNINGS = {
    RuleKind.GROUP: "In the group {}",
    RuleKind.ROLE: "With the role {}",
    RuleKind.DEPARTMENT_HEAD: "Head of {}",
    RuleKind.PEOPLE: "Named in the policy",
    RuleKind.CHOSEN: "Chosen on the form",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """Sentences about the directory as it was, and about what is different now."""

    then: tuple[str, ...]
    since: tuple[str, ...]


def kept(basis: Iterable[RoutingEvidence], now: MeantNow, me: str) -> Kept:
    """The sentences, to this reader."""
    stored = tuple(basis)
    changes = (words for each in stored for words in _changes(each, now, me))
    return Kept(tuple(_then(each, me) for each in stored), tuple(dict.fromkeys(changes)))


def _then(basis: RoutingEvidence, me: str) -> str:
    if basis.kind is RuleKind.MANAGER:
        return _chain(basis, me)
    beginning = BEGINNINGS[basis.kind].format(basis.name)
    names = ["you" if each.id == me else each.name for each in basis.people[:NAMED]]
    hidden = basis.count - len(names)
    more = f" and {hidden} more" if hidden > 0 else ""
    return f"{beginning}: {', '.join(names)}{more}." if names else f"{beginning}: nobody."


def _chain(basis: RoutingEvidence, me: str) -> str:
    """ "Tom reports to Marta, who reports to Sofia." """
    first, *above = basis.people
    if not above:
        return f"No manager was entered for {_object(first.id, first.name, me)}."
    names = [_object(each.id, each.name, me) for each in above]
    return f"{_reports(first.id, first.name, me)} to {', who reports to '.join(names)}."


def _reports(person: str, name: str, me: str) -> str:
    return "You report" if person == me else f"{name} reports"


def _object(person: str, name: str, me: str) -> str:
    return "you" if person == me else name


def _changes(basis: RoutingEvidence, now: MeantNow, me: str) -> Iterator[str]:
    match basis.kind:
        case RuleKind.MANAGER:
            yield from _other_managers(basis, now, me)
        case RuleKind.GROUP | RuleKind.ROLE if basis.count <= MOST_KEPT:
            yield from _other_members(basis, now.of(basis.kind, basis.code), me)
        case RuleKind.DEPARTMENT_HEAD:
            heads = now.of(basis.kind, basis.code)
            if [each.id for each in heads] != [each.id for each in basis.people]:
                name = _object(heads[0].id, heads[0].name, me) if heads else "nobody"
                yield f"The head of {basis.name} is {name} now."


def _other_managers(basis: RoutingEvidence, now: MeantNow, me: str) -> Iterator[str]:
    for below, above in zip(basis.people, basis.people[1:], strict=False):
        managers = now.of(basis.kind, below.id)
        if not managers:
            yield f"No manager is entered for {_object(below.id, below.name, me)} any more."
        elif managers[0].id != above.id:
            name = _object(managers[0].id, managers[0].name, me)
            yield f"{_reports(below.id, below.name, me)} to {name} now."


def _other_members(basis: RoutingEvidence, members: tuple[Meant, ...], me: str) -> Iterator[str]:
    if len(members) >= MEMBERS:
        return  # cut off there, so that nobody can be said to be missing
    then, today = {each.id for each in basis.people}, {each.id for each in members}
    place = "joined" if basis.kind is RuleKind.GROUP else "was given the role"
    gone = "left" if basis.kind is RuleKind.GROUP else "lost the role"
    for each in members:
        if each.id not in then:
            yield f"{_subject(each.id, each.name, me)} {place} {basis.name} later."
    for known in basis.people:
        if known.id not in today:
            yield f"{_subject(known.id, known.name, me)} {gone} {basis.name} since."


def _subject(person: str, name: str, me: str) -> str:
    return "You" if person == me else name
