"""What to do with an old request that cannot move by itself: only what its reasons ask."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wtforms import BooleanField
from wtforms.form import BaseForm
from wtforms.widgets import ListWidget, RadioInput

from portal.domain.request.state import Status
from portal.forms.building import options, unbound
from portal.forms.fields import OptionsField, PersonField, Required
from portal.forms.people import PeopleSource
from portal.legacy.choices import OUTCOMES, Choice, Counting, Course, Question, courses_for

COURSES = {
    Course.GO_ON: "Move it, with the answers below",
    Course.CLOSE: "Import it as history, with an outcome",
    Course.LEAVE: "Leave it behind in the old system",
}
COUNTINGS = {Counting.ONE: "One approval is enough", Counting.ALL: "Everybody asked has to approve"}
CONDITIONS = {"yes": "Holds: what it guards is asked", "no": "Does not hold: that is left out"}
RESULTS = {"yes": "Approved", "no": "Rejected"}
MISSING = {
    Question.PEOPLE: "Who decides is missing: name a person or choose a group.",
    Question.VOTES: "How votes count is missing: choose it, or name who decides instead.",
    Question.STEP: "What is to be left out is not agreed: tick the box, or choose something else.",
    Question.CONDITION: "The condition is missing: choose what it counts as.",
    Question.BRANCHES: "The order is not agreed: tick the box, or choose something else.",
    Question.RESULT: "The decision is missing: choose what it was.",
    Question.OUTCOME: "The outcome is missing: choose one.",
}


class RadioField(OptionsField):
    """One of a few options, all of them in sight."""

    widget = ListWidget(prefix_label=False)
    option_widget = RadioInput()


@dataclass(frozen=True)
class Around:
    """What the form offers: people by name, groups by id, and the words for each outcome."""

    people: PeopleSource
    names: Sequence[str]
    groups: Mapping[str, str]
    outcomes: Mapping[Status, str]


class ChoiceForm(BaseForm):
    """Fields for the questions at hand; `choice` is what they say together."""

    def __init__(self, questions: Collection[str], others: int, around: Around) -> None:
        self.questions = list(questions)
        courses = [(each.value, COURSES[each]) for each in courses_for(self.questions)]
        fields: dict[str, Any] = {
            "kind": unbound(
                RadioField, "What is to become of it", [Required("choose one")], **_radio(courses)
            )
        }
        if Course.GO_ON in courses_for(self.questions):
            fields |= self._answers(around)
        outcomes = [(each.value, around.outcomes[each]) for each in OUTCOMES]
        fields["outcome"] = unbound(
            OptionsField, "Outcome", (), "Only for history.", **options(outcomes)
        )
        if others:
            fields["alike"] = unbound(
                BooleanField, "The same for all others with these reasons", ()
            )
        super().__init__(fields)

    def _answers(self, around: Around) -> dict[str, Any]:
        asked, fields = set(self.questions), dict[str, Any]()
        if asked & {Question.PEOPLE, Question.VOTES}:
            fields["person"] = unbound(
                PersonField, "Who decides", (), "One person, by name.",
                people=around.people, names=around.names,
            )  # fmt: skip
            fields["group"] = unbound(
                OptionsField, "Or a group", (), "Any one member decides.",
                **options(list(around.groups.items()), "No group"),
            )  # fmt: skip
        if Question.VOTES in asked:
            fields["counting"] = unbound(
                OptionsField, "Or how votes count", (), "Among the people whom the step names.",
                **options([(each.value, COUNTINGS[each]) for each in Counting]),
            )  # fmt: skip
        for question, name, label, offered in (
            (Question.CONDITION, "condition", "The condition", CONDITIONS),
            (Question.RESULT, "result", "The unclear decision was", RESULTS),
        ):
            if question in asked:
                chosen = options(list(offered.items()))
                fields[name] = unbound(OptionsField, label, (), **chosen)
        for question, name, label in (
            (Question.STEP, "skip", "Leave out the steps named above"),
            (Question.BRANCHES, "in_order", "Go on with every branch, one after the other"),
        ):
            if question in asked:
                fields[name] = unbound(BooleanField, label, ())
        return fields

    def value(self, name: str) -> Any:
        """A field's value; None where the form has no such field, or nothing is said."""
        return (self[name].data or None) if name in self else None

    @property
    def choice(self) -> Choice:
        """What the fields say; answers that belong to another course are left out."""
        kind = Course(self["kind"].data)
        if kind is Course.CLOSE:
            outcome = self.value("outcome")
            return Choice(kind=kind, outcome=Status(outcome) if outcome else None)
        if kind is Course.LEAVE:
            return Choice(kind=kind)
        person, counting = self.value("person"), self.value("counting")
        return Choice(
            kind=kind,
            people=(person,) if person else (),
            group=self.value("group"),
            counting=Counting(counting) if counting else None,
            skip=bool(self.value("skip")),
            condition=_yes_or_no(self.value("condition")),
            in_order=bool(self.value("in_order")),
            result=_yes_or_no(self.value("result")),
        )

    def complain(self, questions: Sequence[Question]) -> None:
        """Put an error beside the field of each question that has no answer."""
        for question in questions:
            field = self[_FIELDS[question]] if _FIELDS[question] in self else self["kind"]
            field.errors = [*field.errors, MISSING[question]]


_FIELDS = {
    Question.PEOPLE: "person",
    Question.VOTES: "counting",
    Question.STEP: "skip",
    Question.CONDITION: "condition",
    Question.BRANCHES: "in_order",
    Question.RESULT: "result",
    Question.OUTCOME: "outcome",
}


def _radio(courses: list[tuple[str, str]]) -> dict[str, Any]:
    return options(courses, "")


def _yes_or_no(value: str | None) -> bool | None:
    return None if value is None else value == "yes"
