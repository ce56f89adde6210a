"""Who is told what about the events of a request."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from portal.domain.notices.composers import ComposeContext, Notice
from portal.domain.notices.wording import reason, say, spoken, typed
from portal.domain.policy.policy import Decision, StageKind
from portal.domain.request import commands
from portal.domain.request.events import Event
from portal.domain.routing.plan import PlannedEscalation, RoutePlan
from portal.notifications.compose import compose
from portal.translation import PSEUDO, _, speaking
from portal.translation.pseudo import pseudo
from tests.domain.story import Story, asked, at

NAMES = {"rita": "Rita", "ana": "Ana", "ben": "Ben", "bob": "Bob", "admin": "Adam"}


def told(events: Sequence[Event], **values: object) -> list[tuple[str, str, str]]:
    """Person, kind and text of each notice."""
    given = {"title": "", "requester_id": "rita", "names": NAMES, "admins": ["admin"], **values}
    notices = compose(events, ComposeContext(**given))  # type: ignore[arg-type]
    return [(each.user_id, each.kind, each.text) for each in notices]


def opened(*people: str, **values: object) -> Story:
    story = Story()
    story.submits()
    story.opens(*people, **values)
    return story


def test_who_is_asked() -> None:
    story = opened("ana", "ben")
    text = "Rita asks for your approval: “Chairs”."
    assert told(story.log) == [("ana", "assigned", text), ("ben", "assigned", text)]


def test_who_is_only_told() -> None:
    (notice,) = told(opened("ana", kind=StageKind.NOTIFY, key="told").log)
    assert notice[:2] == ("ana", "told")


@pytest.mark.parametrize("owner", ["rita", "bob"])
def test_the_outcome_goes_to_who_asked_and_for_whom(owner: str) -> None:
    story = opened("ana", undo_seconds=0)
    story.approves("ana")
    events = story.routed(RoutePlan(total=1))
    assert (owner, "approved", "“Chairs” is approved.") in told(
        events, title="Chairs", on_behalf_of="bob"
    )


def test_everybody_reads_it_in_their_own_language() -> None:
    context = ComposeContext(title="", requester_id="rita", names={"ana": "Ana"})
    (notice,) = compose(opened("ana").log, context)
    kept = json.loads(json.dumps(notice.said))
    assert spoken(kept) == notice.text == "Somebody asks for your approval: “Chairs”."
    with speaking(PSEUDO):
        sentence = pseudo("%(who)s asks for your approval: “%(title)s”.")
        assert spoken(kept, _) == sentence % {"who": pseudo("Somebody"), "title": "Chairs"}


def test_what_people_wrote_is_in_no_catalogue() -> None:
    words = say("Saved %(name)s", name="100%") + typed("Save 5% now") + reason("")
    with speaking(PSEUDO):
        assert spoken(words.parts, _) == f"{pseudo('Saved %(name)s')} Save 5% now".replace(
            "%(name)s", "100%"
        )
    assert spoken(None) == spoken("nonsense") == ""


def test_nobody_is_told_what_they_did() -> None:
    story = opened("ana")
    events = story.says(commands.Withdraw, "rita")
    assert told(events, title="Chairs", on_behalf_of="bob") == [
        ("bob", "withdrawn", "Rita withdrew “Chairs”.")
    ]


def test_sent_back() -> None:
    story = opened("ana", undo_seconds=0)
    events = story.sends_back("ana")
    assert told(events, title="Chairs") == [
        ("rita", "returned", "Ana returned “Chairs” to you for changes.")
    ]


def test_an_escalation_is_told_on_both_sides() -> None:
    level = PlannedEscalation(level=1, at=at(60), to=asked("ben"), message="Please look.")
    events = opened("ana", escalations=(level,)).waits(minutes=60)
    notices = told(events, title="Chairs", assignees={"t": "ana"})
    assert [(person, kind) for person, kind, _ in notices] == [
        ("ben", "escalated"),
        ("ana", "moved"),
    ]
    assert notices[0][2].endswith("Please look.")


def test_reminders_go_to_who_is_asked_then() -> None:
    story = opened("ana", "ben", mode="all")
    task = {each.assignee_id: each.id for each in story.state.open_tasks}
    story.waits(minutes=1)
    events = story.says(commands.Remind, "rita")
    assert told(events, title="Chairs", assignees={task["ana"]: "ana"}) == [
        ("ana", "reminder", "Rita reminds you: “Chairs” needs your approval.")
    ]


def test_a_comment_reaches_the_others() -> None:
    story = opened("ana", "ben")
    events = story.says(commands.Comment, "ana", comment="Why?")
    people = [person for person, _, _ in told([*story.log[:-1], *events])][2:]
    assert people == ["rita", "ben"]


def test_a_change_reaches_those_still_asked_and_those_asked_anew() -> None:
    story = opened("ana", "ben", mode="all", reads=("colour",))
    assignees = {each.id: each.assignee_id for each in story.state.open_tasks}
    blue, content = {"seats": 4, "colour": "blue"}, story.state.content
    events = story.says(commands.Amend, "rita", content=replace(content, title="Stools"))
    story.opens("ana", "ben", mode="all", reads=("colour",))
    text = "Rita changed “Stools”, which needs your approval."
    assert told(events, assignees=dict(assignees)) == [
        ("ana", "amended", text), ("ben", "amended", text),
    ]  # fmt: skip
    change = replace(content, fields=blue)
    events = story.says(commands.Amend, "rita", content=change, content_version=2)
    events += story.opens("ana", index=0, reads=("colour",))
    anew = ("ana", "assigned", "Rita asks for your approval: “Chairs”.")
    assert told(events, assignees=assignees) == [anew]


def test_an_override_is_told_to_those_passed_over_and_to_the_owners_once() -> None:
    story = opened("ana", "ben", mode="all")
    events = story.says(
        commands.Override, "admin", decision=Decision.APPROVE, reason="Ana is away."
    )
    said = "Adam, an administrator, approved “Chairs”"
    instead = f"{said} by override. Reason: Ana is away."
    assert told(events, title="Chairs") == [
        ("ana", "overridden", instead),
        ("ben", "overridden", instead),
        ("rita", "overridden", f"{said}."),
    ]


def test_attention_is_told_once_for_each_reason() -> None:
    story = Story()
    story.submits()
    first = story.routed(RoutePlan(attention="Nobody can be asked."))
    assert told(first, title="Chairs") == [
        ("admin", "attention", "“Chairs” needs attention: Nobody can be asked.")
    ]
    story.waits(minutes=60)
    assert told(story.routed(RoutePlan(attention="Nobody can be asked."))) == []


def test_titles_and_names_are_taken_as_they_are() -> None:
    context = ComposeContext(title="{title} <b>", requester_id="rita")
    story = opened("ana")
    (notice,) = compose(story.says(commands.Hold, "admin", reason="Wait."), context)
    assert isinstance(notice, Notice)
    assert notice.text == "Somebody put “{title} <b>” on hold."


def test_a_task_handed_over_is_told_on_both_sides_with_the_reason() -> None:
    story = opened("ana")
    given = {"task_id": story.task_of("ana").id, "to_id": "ben", "to_name": "Ben"}
    events = story.says(commands.Reassign, "admin", **given, as_admin=True, comment="Ana is ill.")
    assert told(events, title="Chairs") == [
        ("ben", "reassigned", "Adam reassigned “Chairs” to you. Reason: Ana is ill."),
        ("ana", "moved", "Adam reassigned “Chairs” to Ben. Reason: Ana is ill."),
        ("rita", "moved", "Ben decides “Chairs” instead of Ana."),
    ]


def test_a_question_goes_to_who_asked_for_it_and_the_answer_to_who_has_the_task() -> None:
    story = opened("ana")
    task = story.task_of("ana").id
    events = story.says(commands.AskInformation, "ana", task_id=task, comment="Which colour?")
    text = "Ana asked about “Chairs”: Which colour?"
    given = {"title": "Chairs", "on_behalf_of": "bob"}
    assert told(events, **given) == [("rita", "question", text), ("bob", "question", text)]
    events = story.says(commands.AnswerInformation, "rita", task_id=task, comment="Blue.")
    assert told(events, **given, assignees={task: "ben"}) == [
        ("ben", "answer", "Rita answered your question about “Chairs”: Blue.")
    ]
