"""What a person may answer where an old request cannot move by itself.

Every reason that the mover gives asks one of the questions; an answer to each of them lets the
request move with the next run. Where there is nothing to go on with, and wherever a person wants
to, the request becomes history with an outcome, or stays behind in the old system.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from portal.domain.request.state import Status


class ReasonQuestion(StrEnum):
    """What a reason asks."""

    PEOPLE = "people"
    VOTES = "votes"
    STEP = "step"
    CONDITION = "condition"
    BRANCHES = "branches"
    RESULT = "result"
    OUTCOME = "outcome"


class RequestCourse(StrEnum):
    """What becomes of the request."""

    GO_ON = "go_on"
    CLOSE = "close"
    LEAVE = "leave"


class Counting(StrEnum):
    """How the votes of a step are counted that no one understands."""

    ONE = "one"
    ALL = "all"


DRY_RUN = "dry-run.json"
"""The file that a dry run leaves in the folder for reports."""

OUTCOMES = (Status.APPROVED, Status.REJECTED, Status.CANCELLED, Status.FAILED)


@dataclass(frozen=True, kw_only=True)
class PersonsChoice:
    """A person's answers. `people` and `group` are ids of ours: any one of them decides.

    `skip`: leave out what has no counterpart or failed. `condition`: what a condition that cannot
    be read counts as. `in_order`: go on with every branch, in the order of the steps. `result`:
    whether a decided step that does not say so was approved.
    """

    kind: RequestCourse
    outcome: Status | None = None
    people: tuple[str, ...] = ()
    group: str | None = None
    counting: Counting | None = None
    skip: bool = False
    condition: bool | None = None
    in_order: bool = False
    result: bool | None = None

    @property
    def closes_as(self) -> Status | None:
        """The outcome with which the request becomes history; None where it does not."""
        return self.outcome if self.kind is RequestCourse.CLOSE else None

    def answers(self, question: ReasonQuestion) -> bool:
        """Whether it says enough for this question, for a request that goes on."""
        given = {
            ReasonQuestion.PEOPLE: bool(self.people or self.group),
            ReasonQuestion.VOTES: bool(self.people or self.group or self.counting),
            ReasonQuestion.STEP: self.skip,
            ReasonQuestion.CONDITION: self.condition is not None,
            ReasonQuestion.BRANCHES: self.in_order,
            ReasonQuestion.RESULT: self.result is not None,
        }
        return given.get(question, False)


def courses_for(questions: Collection[str]) -> tuple[RequestCourse, ...]:
    """What may become of a request with these questions; without any nothing can be said."""
    known = {question.value for question in ReasonQuestion}
    if not questions or ReasonQuestion.OUTCOME in questions or set(questions) - known:
        return (RequestCourse.CLOSE, RequestCourse.LEAVE)
    return (RequestCourse.GO_ON, RequestCourse.CLOSE, RequestCourse.LEAVE)


def unanswered(choice: PersonsChoice, questions: Iterable[str]) -> tuple[ReasonQuestion, ...]:
    """The questions to which the choice gives no answer; none if it is complete."""
    if choice.kind is RequestCourse.LEAVE:
        return ()
    if choice.kind is RequestCourse.CLOSE:
        return () if choice.outcome in OUTCOMES else (ReasonQuestion.OUTCOME,)
    asked = [ReasonQuestion(each) for each in questions]
    return tuple(each for each in asked if not choice.answers(each))
