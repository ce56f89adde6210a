"""Everything that goes by the kind of a command or an event has a place for each kind."""

from portal.domain.request import catalogue
from portal.domain.request.apply import HANDLERS
from portal.domain.request.commands import (
    COMMANDS,
    Command,
    DecisionCommand,
    EndDelegation,
    NamingCommand,
    StartDelegation,
    TaskCommand,
)
from portal.domain.request.events import EVENTS, Event
from portal.domain.request.evolve import CHANGES


def _kinds(base: type) -> set[type]:
    """The portal's own kinds below a class; other tests make some of theirs."""
    found = {kind for each in base.__subclasses__() for kind in ({each} | _kinds(each))}
    return {kind for kind in found if kind.__module__.startswith("portal.")}


def test_every_command_and_event_has_its_row_and_its_rule() -> None:
    made = _kinds(Command) - {TaskCommand, NamingCommand, DecisionCommand}
    assert set(COMMANDS.values()) == made
    assert set(catalogue.COMMAND_ENTRIES) == set(HANDLERS) == made
    assert set(EVENTS.values()) == _kinds(Event)
    assert set(catalogue.EVENT_ENTRIES) == set(CHANGES) == _kinds(Event)


def test_the_rows_say_what_the_kinds_are() -> None:
    for kind, entry in catalogue.COMMAND_ENTRIES.items():
        assert entry.label, kind
        assert entry.text is None or entry.text in kind.__dataclass_fields__, kind
    given_by_nobody = {kind for kind, entry in catalogue.COMMAND_ENTRIES.items() if not entry.needs}
    assert given_by_nobody == {StartDelegation, EndDelegation}
    for event, row in catalogue.EVENT_ENTRIES.items():
        assert row.label, event
        assert row.comment is None or row.comment.field in event.TEXTS, event
    tags = [entry.tag for entry in catalogue.EVENT_ENTRIES.values()]
    assert all(tag.count(":") in (1, 2) for tag in tags)
    assert len(set(tags)) == len(tags)
