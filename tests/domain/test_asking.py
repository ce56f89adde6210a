"""Submitting, commenting, reminding; commands that come twice or are not known."""

from dataclasses import dataclass

from portal.domain.errors import Refusal
from portal.domain.request import commands
from portal.domain.request.events import ReminderDue, RequestSubmitted
from portal.domain.request.state import Priority
from tests.domain.story import MONDAY, REQUEST, Story, kinds, refusal


@dataclass(frozen=True, kw_only=True)
class Applaud(commands.Command):
    """A command of a later version."""


def test_a_submitted_request_wants_a_route() -> None:
    story = Story()
    (event,) = story.submits(on_behalf_of="bob", priority=Priority.HIGH)
    assert isinstance(event, RequestSubmitted)
    state = story.state
    assert (state.requester_id, state.on_behalf_of) == ("rita", "bob")
    assert (state.round, state.content_version, state.wants_route) == (1, 1, True)
    assert state.priority is Priority.HIGH
    assert state.submitted_at == MONDAY


def test_a_request_is_submitted_once_and_before_anything_else() -> None:
    story = Story()
    early = story.says(commands.Comment, "ana", comment="Too early.")
    assert refusal(early) == Refusal.NOT_ALLOWED
    assert kinds(story.submits()) == ["RequestSubmitted"]
    assert refusal(story.submits()) == Refusal.NOT_ALLOWED


def test_a_command_that_comes_twice_is_one() -> None:
    story = Story()
    story.submits()
    comment = commands.Comment(
        command_id="c", request_id=REQUEST, actor_id="ana", at=MONDAY, comment="Hello."
    )
    assert kinds(story.gives(comment)) == ["CommentAdded"]
    assert story.gives(comment) == []


def test_a_refused_command_stays_refused() -> None:
    story = Story()
    story.submits()
    withdraw = commands.Withdraw(command_id="w", request_id=REQUEST, actor_id="eve", at=MONDAY)
    assert kinds(story.gives(withdraw)) == ["CommandRefused"]
    assert story.gives(withdraw) == []
    assert "w" in story.state.handled


def test_a_command_of_another_version_or_request_is_refused() -> None:
    story = Story()
    story.submits()
    assert refusal(story.says(Applaud, "ana")) == Refusal.UNSUPPORTED
    other = story.says(commands.Withdraw, "rita", request_id="another")
    assert refusal(other) == Refusal.NOT_ALLOWED


def test_a_comment_says_something() -> None:
    story = Story()
    story.submits()
    assert refusal(story.says(commands.Comment, "ana", comment=" ")) == Refusal.COMMENT_REQUIRED


def test_the_requester_nudges_at_most_every_four_hours() -> None:
    story = Story()
    story.submits()
    assert refusal(story.says(commands.Remind, "rita")) == Refusal.NOT_ALLOWED
    story.opens("ana", "ben")
    assert refusal(story.says(commands.Remind, "ana")) == Refusal.NOT_ALLOWED
    (reminder,) = story.says(commands.Remind, "rita")
    assert isinstance(reminder, ReminderDue)
    assert (reminder.actor, len(reminder.task_ids)) == ("rita", 2)
    story.waits(minutes=239)
    assert refusal(story.says(commands.Remind, "rita")) == Refusal.TOO_SOON
    story.waits(minutes=1)
    assert kinds(story.says(commands.Remind, "rita")) == ["ReminderDue"]


def test_a_nudge_does_not_use_up_a_reminder_of_the_clock() -> None:
    story = Story()
    story.submits()
    story.opens("ana")
    story.says(commands.Remind, "rita")
    assert story.state.stage is not None
    assert story.state.stage.reminders_sent == 0
