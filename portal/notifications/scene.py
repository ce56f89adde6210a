"""What composing messages has to know, and the messages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from portal.domain.request.events import SYSTEM, Event


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One message for one person about one event."""

    user_id: str
    seq: int
    kind: str
    text: str
    created_at: datetime
    task_id: str | None = None


@dataclass(kw_only=True)
class Seat:
    """Whose task it is, in which round and stage, and whether it has a decision."""

    person_id: str
    place: tuple[int, int]
    decided: bool = False


@dataclass(kw_only=True)
class Scene:
    """What composing has to know beside the events.

    `names` by person id; `title` and `assignees` (person by id of each open task) are those before
    the events, and are kept up to date on the way; so is `seats`, of every task there ever was;
    `admins`: who hears that a request is stuck. `is_ending`: the events hold the outcome;
    `is_overridden`: an admin decided the whole request, and the owners were told.
    """

    title: str
    requester_id: str
    on_behalf_of: str | None = None
    names: dict[str, str] = field(default_factory=dict)
    assignees: dict[str, str] = field(default_factory=dict)
    seats: dict[str, Seat] = field(default_factory=dict)
    admins: Sequence[str] = ()
    is_ending: bool = False
    is_overridden: bool = False

    def name(self, person_id: str | None) -> str:
        """A person's name as far as it is known."""
        if person_id is None or person_id == SYSTEM:
            return "The portal"
        return self.names.get(person_id, "Somebody")

    def move(self, task_id: str, person_id: str) -> None:
        """The task is that person's from now on."""
        self.assignees[task_id] = person_id
        if task_id in self.seats:
            self.seats[task_id].person_id = person_id

    @property
    def others(self) -> tuple[str, ...]:
        """Everybody who was asked, but those whose own decision ended the last stage."""
        last = max((seat.place for seat in self.seats.values()), default=(0, 0))
        seats = (each for each in self.seats.values() if not each.decided or each.place != last)
        return tuple(dict.fromkeys(seat.person_id for seat in seats))

    @property
    def owners(self) -> tuple[str, ...]:
        """Who asked, and for whom."""
        return (self.requester_id, *filter(None, (self.on_behalf_of,)))


def notice(event: Event, person: str, kind: str, text: str, task_id: str | None = None) -> Notice:
    """A message about an event for a person."""
    return Notice(
        user_id=person, seq=event.seq, kind=kind, text=text, created_at=event.at, task_id=task_id
    )
