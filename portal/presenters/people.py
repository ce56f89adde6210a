"""Changes to people in words: what is asked before one, and what was done."""

from dataclasses import dataclass

from portal.domain.people.absence import ChangeKind
from portal.presentation.labels import words_of
from portal.queries.staff import ChangeRecord, StaffRecord
from portal.services.people import Act


@dataclass(frozen=True, slots=True)
class Question:
    """What the page of a change says: its heading, what follows, the button, and the word after."""

    title: str
    text: str
    label: str
    done: str


# Of somebody who has no calendar of their own.
NO_PLACE = "no place of their own"

_QUESTIONS: dict[Act, Question] = {
    Act.DEACTIVATE: Question(
        "Deactivate {name}?",
        "They are signed out everywhere and cannot sign in, and their delegations end. The record"
        " keeps their name. They can be activated again.",
        "Deactivate {name}", "{name} is deactivated.",
    ),
    Act.ACTIVATE: Question(
        "Activate {name}?",
        "They can sign in again, and can be asked. Tasks that went to others stay there.",
        "Activate {name}", "{name} is active again.",
    ),
    Act.JOIN: Question(
        "Add {name} to {value}?",
        "From now on they are asked wherever the group is. What is open stays with those who are"
        " asked already.",
        "Add to the group", "{name} is in {value} now.",
    ),
    Act.LEAVE: Question(
        "Take {name} out of {value}?",
        "What they are asked as a member of the group is routed anew.",
        "Take out of the group", "{name} is not in {value} any more.",
    ),
    Act.MANAGER: Question(
        "Make {value} the manager of {name}?",
        "Open requests of theirs that ask the manager before are routed anew.",
        "Change the manager", "The manager of {name} is {value} now.",
    ),
    Act.PLACE: Question(
        "Move {name} to {value}?",
        "Where a policy goes by the approvers' places, what they are asked from now on is due by"
        " these working hours. Their times and quiet hours follow the place's time zone. Deadlines"
        " that stand already do not move.",
        "Change the place", "The place of {name} is {value} now.",
    ),
    Act.ROLES: Question(
        "Change the roles of {name} to {value}?",
        "Rights change at once, and what they are asked by a role they no longer hold is routed"
        " anew.",
        "Change the roles", "The roles of {name} are {value} now.",
    ),
}  # fmt: skip


def question(act: Act, person: StaffRecord, value: str) -> Question:
    """The words before a change; `value`: the group's, the manager's or the roles' name."""
    words = _QUESTIONS[act]
    parts = (words.title, words.text, words.label, words.done)
    return Question(*(part.format(name=person.name, value=value) for part in parts))


KINDS: dict[str, str] = {
    ChangeKind.DEACTIVATED: "Deactivated",
    ChangeKind.ACTIVATED: "Activated",
    ChangeKind.MANAGER: "Manager changed",
    ChangeKind.ROLES: "Roles changed",
    ChangeKind.PLACE: "Place changed",
    ChangeKind.GROUP_JOINED: "Joined the group",
    ChangeKind.GROUP_LEFT: "Left the group",
    ChangeKind.AWAY: "Delegation set",
    ChangeKind.BACK: "Delegation ended",
}


def done(change: ChangeRecord, names: dict[str, str]) -> str:
    """What was changed, in a line. `names` by id."""
    words, data = KINDS.get(change.kind, words_of(change.kind)), change.data
    match change.kind:
        case ChangeKind.GROUP_JOINED | ChangeKind.GROUP_LEFT:
            return f"{words} {data.get('group', '')}"
        case ChangeKind.MANAGER:
            sides = (names.get(data.get(side) or "", "nobody") for side in ("before", "after"))
            return f"{words} from {' to '.join(sides)}"
        case ChangeKind.PLACE:
            places = (data.get(side) or NO_PLACE for side in ("place_before", "place_after"))
            return f"{words} from {' to '.join(places)}{_zones(data)}"
        case ChangeKind.ROLES:
            before, after = (", ".join(data.get(side) or ["none"]) for side in ("before", "after"))
            return f"{words} from {before} to {after}"
        case ChangeKind.AWAY:
            return f"{words}: {names.get(data.get('delegate_id') or '', 'somebody')} decides"
    return words


def _zones(data: dict[str, str]) -> str:
    before, after = (data.get(side, "").replace("_", " ") for side in ("zone_before", "zone_after"))
    return "" if before == after else f", time zone from {before} to {after}"


def people_in(changes: tuple[ChangeRecord, ...]) -> set[str]:
    """Ids of everybody whom the lines name."""
    found = (each.data.get(key) for each in changes for key in ("before", "after", "delegate_id"))
    return {each for each in found if isinstance(each, str)}
