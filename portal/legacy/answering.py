"""What a person's answers make of one step whose people or votes the rules cannot settle."""

from dataclasses import dataclass, field

from portal.domain.legacy_choices import Counting, Question
from portal.domain.policy.policy import Mode
from portal.legacy.people import Asked, People
from portal.legacy.records import Finding, Step
from portal.legacy.seats import Count
from portal.legacy.setting import Answer


@dataclass(frozen=True)
class Chosen:
    """Whom the step asks, how it counts if that was chosen too, and what is still open."""

    asked: Asked
    counted: Count | None = None
    finding: Finding = field(default_factory=Finding)


def chosen_for(
    step: Step, asked: Asked, found: Finding, answer: Answer | None, people: People
) -> Chosen:
    """The step as answered; without reasons, or without an answer to them, as the rules have it."""
    if not found.reasons or answer is None:
        return Chosen(asked, finding=Finding(found.questions, found.reasons))
    choice = answer.choice
    only_votes = set(found.questions) == {Question.VOTES}
    if only_votes and choice.counting is not None:
        return _counted(step, asked, choice.counting, answer.by)
    if not choice.answers(Question.PEOPLE):
        return Chosen(asked, finding=Finding(found.questions, found.reasons))
    return _asked(step, answer, people)


def _counted(step: Step, asked: Asked, counting: Counting, by: str) -> Chosen:
    finding = Finding()
    enough = "one of them is enough" if counting is Counting.ONE else "all have to approve"
    finding.remark(f"{by} chose for “{step.name}” that {enough}.")
    if counting is Counting.ONE:
        return Chosen(asked, Count(Mode.ANY, 1), finding)
    return Chosen(asked, Count(Mode.ALL, max(1, len(asked.people))), finding)


def _asked(step: Step, answer: Answer, people: People) -> Chosen:
    finding = Finding()
    able = tuple(person for person in answer.people if people.can_be_asked(person))
    if not able:
        reason = f"Nobody of those chosen for “{step.name}” is active and somebody else than asked."
        finding.needs(reason, Question.PEOPLE)
        return Chosen(Asked(), finding=finding)
    names = ", ".join(people.directory.name(person) for person in able)
    finding.remark(f"{answer.by} chose {names} for “{step.name}”.")
    return Chosen(Asked(able, "An administrator chose you."), Count(Mode.ANY, 1), finding)
