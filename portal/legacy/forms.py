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
from portal.legacy.choices import (
    OUTCOMES,
    Counting,
    PersonsChoice,
    ReasonQuestion,
    RequestCourse,
    courses_for,
)

COURSES = {
    RequestCourse.GO_ON: "Move it, with the answers below",
    RequestCourse.CLOSE: "Import it as history, with an outcome",
    RequestCourse.LEAVE: "Leave it behind in the old system",
}
COUNTINGS = {Counting.ONE: "One approval is enough", Counting.ALL: "Everybody asked has to approve"}
CONDITIONS = {"yes": "Holds: what it guards is asked", "no": "Does not hold: that is left out"}
RESULTS = {"yes": "Approved", "no": "Rejected"}
MISSING = {
    ReasonQuestion.PEOPLE: "Who decides is missing: name a person or choose a group.",
    ReasonQuestion.VOTES: "How votes count is missing: choose it, or name who decides instead.",
    ReasonQuestion.STEP: (
        "What is to be left out is not agreed: tick the box, or choose something else."
    ),
    ReasonQuestion.CONDITION: "The condition is missing: choose what it counts as.",
    ReasonQuestion.BRANCHES: "The order is not agreed: tick the box, or choose something else.",
    ReasonQuestion.RESULT: "The decision is missing: choose what it was.",
    ReasonQuestion.OUTCOME: "The outcome is missing: choose one.",
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
        if RequestCourse.GO_ON in courses_for(self.questions):
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
        if asked & {ReasonQuestion.PEOPLE, ReasonQuestion.VOTES}:
            fields["person"] = unbound(
                PersonField, "Who decides", (), "One person, by name.",
                people=around.people, names=around.names,
            )  # fmt: skip
            fields["group"] = unbound(
                OptionsField, "Or a group", (), "Any one member decides.",
                **options(list(around.groups.items()), "No group"),
            )  # fmt: skip
        if ReasonQuestion.VOTES in asked:
            fields["counting"] = unbound(
                OptionsField, "Or how votes count", (), "Among the people whom the step names.",
                **options([(each.value, COUNTINGS[each]) for each in Counting]),
            )  # fmt: skip
        for question, name, label, offered in (
            (ReasonQuestion.CONDITION, "condition", "The condition", CONDITIONS),
            (ReasonQuestion.RESULT, "result", "The unclear decision was", RESULTS),
        ):
            if question in asked:
                chosen = options(list(offered.items()))
                fields[name] = unbound(OptionsField, label, (), **chosen)
        for question, name, label in (
            (ReasonQuestion.STEP, "skip", "Leave out the steps named above"),
            (ReasonQuestion.BRANCHES, "in_order", "Go on with every branch, one after the other"),
        ):
            if question in asked:
                fields[name] = unbound(BooleanField, label, ())
        return fields

    def value(self, name: str) -> Any:
        """A field's value; None where the form has no such field, or nothing is said."""
        return (self[name].data or None) if name in self else None

    @property
    def choice(self) -> PersonsChoice:
        """What the fields say; answers that belong to another course are left out."""
        kind = RequestCourse(self["kind"].data)
        if kind is RequestCourse.CLOSE:
            outcome = self.value("outcome")
            return PersonsChoice(kind=kind, outcome=Status(outcome) if outcome else None)
        if kind is RequestCourse.LEAVE:
            return PersonsChoice(kind=kind)
        person, counting = self.value("person"), self.value("counting")
        return PersonsChoice(
            kind=kind,
            people=(person,) if person else (),
            group=self.value("group"),
            counting=Counting(counting) if counting else None,
            skip=bool(self.value("skip")),
            condition=_yes_or_no(self.value("condition")),
            in_order=bool(self.value("in_order")),
            result=_yes_or_no(self.value("result")),
        )

    def complain(self, questions: Sequence[ReasonQuestion]) -> None:
        """Put an error beside the field of each question that has no answer."""
        for question in questions:
            field = self[_FIELDS[question]] if _FIELDS[question] in self else self["kind"]
            field.errors = [*field.errors, MISSING[question]]


_FIELDS = {
    ReasonQuestion.PEOPLE: "person",
    ReasonQuestion.VOTES: "counting",
    ReasonQuestion.STEP: "skip",
    ReasonQuestion.CONDITION: "condition",
    ReasonQuestion.BRANCHES: "in_order",
    ReasonQuestion.RESULT: "result",
    ReasonQuestion.OUTCOME: "outcome",
}


def _radio(courses: list[tuple[str, str]]) -> dict[str, Any]:
    return options(courses, "")


def _yes_or_no(value: str | None) -> bool | None:
    return None if value is None else value == "yes"
