"""A request's events as old rows. Pure: everything it has to know is given to it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from portal.domain.request.apply import evolve, fold, tick
from portal.domain.request.events import Event, RequestHeld, RequestImported, RequestResumed
from portal.domain.request.state import Approval
from portal.domain.request.values import Status
from portal.legacy.back import beginning, closing, seating
from portal.legacy.back.places import places_of, places_of_new
from portal.legacy.back.rows import OldRows
from portal.legacy.back.teller import Teller
from portal.legacy.back.telling import SILENT, tell
from portal.legacy.records import Definition, Instance
from portal.legacy.setting import Answer, Setting
from portal.legacy.tables import FINISHED_STATES

Profile = Callable[[str], str]


@dataclass(frozen=True)
class Given:
    """An instance as it is to be written. `problems`: what a person should know, or do.

    `lost`: it went through stages that the old workflow has not.
    """

    rows: OldRows
    state: Approval
    problems: list[str] = field(default_factory=list)
    lost: bool = False


def give_back(
    instance: Instance,
    events: list[Event],
    moved_to: int | None,
    profile: Profile,
    setting: Setting,
    answer: Answer | None = None,
) -> Given:
    """What was decided about a moved request since the move, in its old rows.

    `events` are all of its record, `moved_to` the number of the last one that the mover wrote.
    Rows of a request to which nothing happened stay as they are.
    """
    state = fold(events[0].request_id, events)
    settled = tick_settled(state)
    last = max(n for n, each in enumerate(events) if isinstance(each, RequestImported))
    told = [*events[last:], *settled]
    known = moved_to or _moved_to(told)
    rows = OldRows(instance)
    state = _after(state, settled)
    if instance.state in FINISHED_STATES:
        late = [each for each in told if each.seq > known and not isinstance(each, SILENT)]
        words = "It was finished in the old engine as well; what happened here is not written."
        return Given(rows, state, [words] if late else [])
    if state.is_open and not any(_matters(each) for each in told if each.seq > known):
        return Given(rows, state)
    places = places_of(instance, setting, answer)
    teller = Teller(rows, places, profile, state.number, known)
    return _told(teller, told, state)


def give_new(
    definition: Definition, events: list[Event], profile: Profile, setting: Setting
) -> Given:
    """A request that began here, as a new instance. What is `lost` is not to be written."""
    state = fold(events[0].request_id, events)
    settled = tick_settled(state)
    state = _after(state, settled)
    instance = beginning.begin(definition, events[0], state, profile)
    places = places_of_new(instance, definition, setting)
    teller = Teller(OldRows(instance), places, profile, state.number, 0)
    return _told(teller, [*events, *settled], state)


def _told(teller: Teller, events: list[Event], state: Approval) -> Given:
    for event in events:
        tell(teller, event)
    if state.is_open:
        seating.seat(teller)
        closing.go_on(teller, state, events[-1].at)
    else:
        closing.close(teller, state, events)
    return Given(teller.rows, state, teller.problems, teller.lost)


def tick_settled(state: Approval) -> list[Event]:
    """What follows when the undo window that is running ends: nobody can undo any more."""
    stage = state.stage
    if state.status is not Status.PENDING or stage is None or stage.settles_at is None:
        return []
    return tick(state, stage.settles_at)


def _after(state: Approval, events: list[Event]) -> Approval:
    for event in events:
        state = evolve(state, event)
    return state


def _matters(event: Event) -> bool:
    """Whether it leaves a trace in the old rows."""
    return not isinstance(event, SILENT)


def _moved_to(told: list[Event]) -> int:
    """The last event of the move, where it was not noted: those of one moment, up to the first
    that somebody caused."""
    arrived = told[0].at
    for event in told[1:]:
        if event.at > arrived or isinstance(event, RequestResumed):
            return event.seq - 1
        if isinstance(event, RequestHeld) and event.command_id is not None:
            return event.seq - 1
    return told[-1].seq
