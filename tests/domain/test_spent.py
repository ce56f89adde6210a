"""Where a request's time went, by a few stories; what holds always stands in `always`."""

from datetime import UTC, datetime

from portal.domain.request import commands
from portal.domain.time.spent import Use, decision_minutes, life_of, share, working_minutes
from portal.domain.time.working_time import Calendar
from tests.domain.story import REQUEST, Story, at

DAYS = Calendar(time_zone="UTC", hours=(((540, 1020),),) * 5 + ((), ()))  # 9:00 to 17:00


def test_a_hold_and_a_return_are_nobodys_working_time() -> None:
    story = Story()
    story.submits()
    story.opens("ana", due_at=at(90), undo_seconds=0)
    story.waits(minutes=60)
    story.says(commands.Hold, "admin", reason="Wait.")
    story.waits(minutes=600)
    story.says(commands.Resume, "admin")
    story.waits(minutes=30)
    story.sends_back("ana")
    story.waits(minutes=120)
    life = life_of(REQUEST, story.log, story.now)
    assert (life.minutes(Use.REVIEW), life.minutes(Use.HELD)) == (90, 600)
    assert (life.minutes(Use.RETURNED), life.sent_back) == (120, 1)
    assert working_minutes(life, lambda _person: None) == 90
    (taken,) = life.decisions
    assert decision_minutes(life, taken, None) == 90
    assert not taken.is_late  # the hold moved the due time


def test_nights_and_weekends_do_not_count() -> None:
    story = Story()  # Monday 9:00
    story.submits()
    story.opens("ana", undo_seconds=0, is_last=True)
    story.waits(minutes=4 * 24 * 60 + 7 * 60)  # Friday 16:00
    story.waits(minutes=65 * 60 + 30)  # Monday 9:30
    story.approves("ana")
    life = life_of(REQUEST, story.log)
    assert not story.state.is_open
    (taken,) = life.decisions
    assert decision_minutes(life, taken, DAYS) == 5 * 480 + 30
    assert working_minutes(life, lambda person: DAYS if person == "ana" else None) == 5 * 480 + 30


def test_who_got_the_task_later_was_asked_later() -> None:
    story = Story()
    story.submits()
    story.opens("ana", undo_seconds=0)
    story.waits(minutes=50)
    task = story.task_of("ana").id
    story.says(commands.Reassign, "ana", task_id=task, to_id="ben", to_name="Ben")
    story.waits(minutes=10)
    story.approves("ben")
    (taken,) = life_of(REQUEST, story.log).decisions
    assert (taken.asked_at, taken.decided_at, taken.person_id) == (at(50), at(60), "ben")


def test_shares_are_rounded_half_up_and_of_nothing_there_is_none() -> None:
    assert [share(1, 8), share(1, 200), share(0, 3), share(3, 3), share(0, 0)] == [
        13, 1, 0, 100, None,
    ]  # fmt: skip


def test_before_the_first_event_there_is_nothing() -> None:
    life = life_of(REQUEST, (), datetime(2026, 1, 5, tzinfo=UTC))
    assert (life.spent, life.decisions) == ((), ())
