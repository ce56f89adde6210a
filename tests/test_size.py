"""One request stays small enough to start a workflow from, however long people go on with it."""

from dataclasses import replace
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.app import LARGEST_FORM
from portal.domain.errors import Refusal
from portal.domain.people.directory import Person
from portal.domain.request import commands
from portal.domain.request.apply import FINISHING, MOST_HANDLED
from portal.domain.request.catalogue import COMMAND_ENTRIES
from portal.domain.request.state import Approval, Content, OpenStage, Task
from portal.domain.routing.approvers import MOST_ASKED
from portal.legacy.outcome import bytes_of
from tests.domain.office import ask, directory, named, people_of, stage
from tests.domain.story import Story, at, kinds
from tests.domain.story import stage as planned

TEMPORAL_TAKES = 2 * 1024 * 1024
IDS = tuple(str(UUID(int=10**9 + number)) for number in range(MOST_HANDLED))


def person(name: str) -> Person:
    return Person(id=name, name=name.title())


def full() -> Story:
    story = Story()
    story.submits()
    story.opens("ana", "ben")
    story.state = replace(story.state, handled=IDS)
    return story


def test_a_full_request_takes_what_ends_it_and_nothing_else() -> None:
    story = full()
    said = story.says(commands.Comment, "rita", comment="Once more.")
    assert [getattr(each, "reason", None) for each in said] == [Refusal.FULL.value]
    assert story.approves("ana")
    assert "RequestWithdrawn" in kinds(full().says(commands.Withdraw, "rita"))


def test_what_ends_a_request_is_given_by_people() -> None:
    assert [kind for kind in FINISHING if COMMAND_ENTRIES[kind].needs is None] == []


@settings(max_examples=10, deadline=None)
@given(st.sampled_from('aé😀"\\\n\u3042'))
def test_the_largest_request_starts_a_workflow(letter: str) -> None:
    text = letter * (LARGEST_FORM // len(letter.encode()))
    people = [f"{number:08}-person-of-a-large-group-by-its-id" for number in range(MOST_ASKED)]
    plan = planned(*people)
    tasks = tuple(Task(id=str(UUID(int=at_)), assignee_id=who) for at_, who in enumerate(people))
    state = Approval(
        request_id=IDS[0],
        content=Content(title="t" * 200, fields={"why": text}),
        stage=OpenStage(plan=plan, opening=1, opened_at=at(), tasks=tasks),
        handled=IDS,
    )
    assert bytes_of(state) < TEMPORAL_TAKES


def test_a_stage_asks_so_many_and_no_more() -> None:
    crowd = {f"p{number}": person(f"p{number}") for number in range(MOST_ASKED + 1)}
    known = replace(directory(), people={**directory().people, **crowd})
    one_too_many = ask(stage(named(*crowd)), known=known)
    assert one_too_many.stage is None
    words = f"would ask {MOST_ASKED + 1} people; at most {MOST_ASKED} can be asked"
    assert words in str(one_too_many.attention)
    assert len(people_of(ask(stage(named(*list(crowd)[1:])), known=known))) == MOST_ASKED
