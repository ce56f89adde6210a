"""A request's values in words, and what a new round changed."""

from datetime import date

import pytest
from flask import Flask

from portal.domain.policy.forms import Choice, FieldKind, FormField
from portal.domain.request.files import KeptFile
from portal.domain.request.state import Content
from portal.models.columns import new_id
from portal.presentation.parts import FieldChange
from portal.presenters import facts
from portal.presenters.facts import Fact

COST = FormField(
    name="amount", label="Amount", kind=FieldKind.MONEY, currency="EUR", is_amount=True
)
SUM = FormField(name="total", label="Total", kind=FieldKind.MONEY, currency="EUR", is_amount=True)
FORM = (
    FormField(name="day", label="Needed by", kind=FieldKind.DATE),
    FormField(name="kind", label="Kind", kind=FieldKind.CHOICE,
              choices=(Choice(value="a", label="Oak"), Choice(value="b", label="Beech"))),
    FormField(name="who", label="For", kind=FieldKind.PERSON),
    FormField(name="deposit", label="Deposit", kind=FieldKind.MONEY, currency="JPY"),
    FormField(name="offers", label="Offers", kind=FieldKind.ATTACHMENTS),
)  # fmt: skip
NAMES = {"p1": "Ana Example", "p2": "Ben Example"}


def changed(form: tuple[FormField, ...], old: Content, new: Content) -> tuple[FieldChange, ...]:
    return facts.changes(form, old, new, NAMES)


def content(title: str = "Chair", cents: int | None = None, **fields: object) -> Content:
    currency = "EUR" if cents else None
    return Content(title=title, fields=dict(fields), amount=cents, currency=currency)


def test_every_kind_is_read_as_people_write_it() -> None:
    values = {"day": "2026-12-01", "kind": "b", "who": ["p1", "p2"], "deposit": 9800, "loose": True}
    assert facts.facts(FORM, values, NAMES, changed=("kind",)) == (
        Fact("Needed by", date(2026, 12, 1)),
        Fact("Kind", "Beech", changed=True),
        Fact("For", "Ana Example, Ben Example"),
        Fact("Deposit", 9800, currency="JPY"),
        Fact("Loose", "Yes"),
    )


@pytest.mark.parametrize("value", ["2026-02-31", "soon", 7, None, "", []])
def test_odd_values_are_shown_or_left_out_and_never_fail(value: object) -> None:
    shown = facts.facts(FORM, {"day": value, "kind": value, "who": value}, NAMES)
    assert all(fact.value for fact in shown)


def test_an_amount_that_changed_is_told_once() -> None:
    told = (FieldChange("Amount", "€1.00", "€2.50"),)
    assert changed((COST,), content(cents=100, amount=100), content(cents=250, amount=250)) == told
    assert changed((), content(cents=100), content(cents=250)) == told
    old, new = content(cents=100, total=100), content(cents=250, total=250)
    assert changed((SUM,), old, new) == (FieldChange("Total", "€1.00", "€2.50"),)


def test_a_title_and_a_value_that_came_new() -> None:
    found = changed(FORM, content("Chair"), content("Table", kind="a"))
    assert set(found) == {FieldChange("Title", "Chair", "Table"), FieldChange("Kind", None, "Oak")}


def test_files_lead_to_their_download(app: Flask) -> None:
    kept = KeptFile(new_id(), "offer.pdf", "application/pdf", 184_000, "00")
    with app.test_request_context():
        (file,) = facts.files(FORM, {"offers": [kept.as_value()]})
    assert (file.name, file.kind, file.size) == ("offer.pdf", "PDF", 184_000)
    assert file.url == f"/attachments/{kept.id}"
