"""A type with every kind of field, and two people to name."""

from dataclasses import dataclass
from datetime import date

import pytest

from portal.domain.policy.forms import Choice, FieldKind, FormField
from portal.forms.building import Surroundings

FIELDS = (
    FormField(name="supplier", label="Supplier", max_length=20),
    FormField(name="why", label="Why", kind=FieldKind.LONG_TEXT, required=False),
    FormField(name="sum", label="Sum", kind=FieldKind.MONEY, currency="EUR", is_amount=True,
              min_value=100, max_value=100_000),
    FormField(name="count", label="Count", kind=FieldKind.INTEGER, min_value=1, max_value=12),
    FormField(name="begin", label="Begin", kind=FieldKind.DATE),
    FormField(name="end", label="End", kind=FieldKind.DATE, required=False, not_before="begin"),
    FormField(name="spent", label="Spent on", kind=FieldKind.DATE, required=False,
              not_after="today"),
    FormField(name="needed", label="Needed by", kind=FieldKind.DATE, required=False,
              not_before="today", not_after="last"),
    FormField(name="last", label="Last day", kind=FieldKind.DATE, required=False),
    FormField(name="colour", label="Colour", kind=FieldKind.CHOICE,
              choices=(Choice(value="r", label="Red"), Choice(value="g", label="Green"))),
    FormField(name="cover", label="Cover", kind=FieldKind.PERSON, required=False),
    FormField(name="hours", label="Hours", kind=FieldKind.DECIMAL, required=False, places=1,
              min_value="0.5", max_value="999.5"),
    FormField(name="share", label="Share", kind=FieldKind.PERCENT, required=False, max_value="100"),
    FormField(name="new", label="New", kind=FieldKind.YES_NO, required=False),
    FormField(name="sizes", label="Sizes", kind=FieldKind.CHOICES, required=False,
              choices=(Choice(value="s", label="Small"), Choice(value="l", label="Large"))),
    FormField(name="unit", label="Unit", kind=FieldKind.DEPARTMENT, required=False),
    FormField(name="earlier", label="Earlier", kind=FieldKind.LINK, required=False),
    FormField(name="proof", label="Proof", kind=FieldKind.ATTACHMENTS, required=False),
)  # fmt: skip
RIGHT = {
    "title": "Paint", "supplier": "Malermeister", "why": "It is\npeeling", "sum": "12,50",
    "count": "3", "begin": "2026-10-08", "end": "2026-10-08", "colour": "g", "cover": "Ben Example",
}  # fmt: skip


@dataclass(frozen=True)
class Somebody:
    id: str
    label: str


class TwoBens:
    """One Ana, two Bens in different departments."""

    people = (
        Somebody("a", "Ana Example"),
        Somebody("b1", "Ben Example, Finance"),
        Somebody("b2", "Ben Example, IT"),
    )

    def called(self, text: str) -> list[Somebody]:
        return [each for each in self.people if each.label.startswith(text)]

    def find(self, person_id: str) -> Somebody | None:
        return next((each for each in self.people if each.id == person_id), None)


class OneRequest:
    """PR-7, and nothing else."""

    def number_of(self, text: str) -> str | None:
        return "PR-7" if "PR-7" in text else None

    def recent(self) -> list[tuple[str, str]]:
        return [("PR-7", "Paint")]


@pytest.fixture
def around() -> Surroundings:
    return Surroundings(
        person_id="a", today=date(2026, 10, 8), people=TwoBens(), names=("Ben Example, IT",),
        departments=lambda: {"it": "IT", "fin": "Finance"}, requests=OneRequest(),
    )  # fmt: skip
