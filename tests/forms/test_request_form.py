"""The form of a request type: what it takes, what it says, what it adds up to."""

from dataclasses import replace
from datetime import date

import pytest
from werkzeug.datastructures import MultiDict

from portal.domain.policy.forms import FieldKind, FormField, ShownIf
from portal.domain.request.files import KeptFile
from portal.domain.request.state import Content
from portal.forms.building import Surroundings
from portal.forms.request_form import RequestForm, own_files
from tests.forms.conftest import FIELDS, RIGHT

FILE = KeptFile("f", "a.pdf", "application/pdf", 3, "00")
ONE_BEN = RIGHT | {"cover": "Ben Example, IT"}


def test_right_answers_become_content(around: Surroundings) -> None:
    form = RequestForm(FIELDS, around).read(ONE_BEN, {"proof": [FILE]})
    assert form.validate(), form.errors
    assert form.content() == Content(
        title="Paint", amount=1250, currency="EUR",
        fields={
            "supplier": "Malermeister", "why": "It is\npeeling", "sum": 1250, "count": 3,
            "begin": "2026-10-08", "end": "2026-10-08", "colour": "g", "cover": "b2",
            "proof": [FILE.as_value()], "spent": None, "needed": None, "last": None,
            "hours": None, "share": None, "new": None, "sizes": None, "unit": None, "earlier": None,
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("title", "  \u200b ", "Title is missing"),
        ("title", "x" * 151, "at most 150 characters; it has 151"),
        ("title", "a\x00b", "cannot be stored"),
        ("title", "a\u202eb", "change the text direction"),
        ("supplier", "x" * 21, "at most 20 characters"),
        ("sum", "", "Sum is missing: enter an amount"),
        ("sum", "NaN", "must be a number, such as 6,336.00"),
        ("sum", "1e99", "must be a number"),
        ("sum", "-1", "must not be negative"),
        ("sum", "0.99", "must be €1.00 or more"),
        ("sum", "1,000.01", "must be €1,000.00 or less"),
        ("count", "1.5", "whole number"),
        ("count", "13", "must be 12 or less"),
        ("count", "9" * 400, "at most 15 digits"),
        ("begin", "2026-02-31", "a real date"),
        ("begin", "0001-01-01", "between 1900 and 2200"),
        ("end", "2026-10-07", "End must not be before Begin"),
        ("spent", "2026-10-09", "Spent on must be today or earlier"),
        ("needed", "2026-10-07", "Needed by must be today or later"),
        ("colour", "", "Colour is missing: choose an option"),
        ("colour", "b", "one of the options shown"),
        ("hours", "0.4", "Hours must be 0.5 or more"),
        ("hours", "999.6", "Hours must be 999.5 or less"),
        ("hours", "1.25", "at most 1 digit after the point"),
        ("hours", "1e3", "must be a number, such as 12.5"),
        ("hours", "9" * 400, "at most 15 digits"),
        ("share", "100.01", "Share must be 100% or less"),
        ("new", "perhaps", "one of the options shown"),
        ("sizes", "s\nxl", "choose from the options shown"),
        ("unit", "hr", "one of the options shown"),
        ("earlier", "PR-8", "the number of a request that you may see"),
        ("cover", "Nobody", "No colleague with that name"),
        ("cover", "Ben Example", "Enter one of: Ben Example, Finance; Ben Example, IT"),
    ],
)
def test_a_wrong_answer_says_how_to_put_it_right(
    around: Surroundings, name: str, text: str, words: str
) -> None:
    form = RequestForm(FIELDS, around).read(ONE_BEN | {name: text}, {})
    assert not form.validate()
    assert list(form.errors) == [name]
    assert words in " ".join(form.errors[name])


def test_days_by_nature_and_by_another_field(around: Surroundings) -> None:
    days = {"spent": "2026-10-08", "needed": "2026-10-08", "last": "2026-10-08"}
    assert RequestForm(FIELDS, around).read(ONE_BEN | days, {}).validate()
    late = RequestForm(FIELDS, around).read(ONE_BEN | days | {"last": "2026-10-07"}, {})
    assert not late.validate()
    assert late.errors == {"needed": ["Needed by must not be after Last day."]}
    # What was right when the request was submitted does not become wrong while it is changed.
    changed = replace(around, today=date(2026, 11, 2), submitted_on=date(2026, 10, 8))
    assert RequestForm(FIELDS, changed).read(ONE_BEN | days, {}).validate()


@pytest.mark.parametrize(
    ("name", "text"), [("sum", "12,x"), ("count", "1.5"), ("begin", "2026-02-31"), ("cover", "No")]
)
def test_what_was_typed_is_shown_again(around: Surroundings, name: str, text: str) -> None:
    form = RequestForm(FIELDS, around).read(ONE_BEN | {name: text}, {})
    form.validate()
    assert f'value="{text}"' in form[name]()
    assert 'type="text"' in form[name]()


def test_a_request_is_shown_as_it_was_asked(around: Surroundings) -> None:
    asked = RequestForm(FIELDS, around).read(ONE_BEN, {"proof": [FILE]}).content()
    shown = RequestForm(FIELDS, around).fill(asked)
    assert 'value="12.50"' in shown["sum"]()
    assert 'value="Ben Example, IT"' in shown["cover"]()
    assert shown["proof"].data == [FILE]
    assert shown.content() == asked
    assert shown.changed_from(asked) == frozenset()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("hours", "7,5", "7.5"),
        ("hours", "007.0 ", "7"),
        ("share", "12.50 %", "12.5"),
        ("new", "yes", True),
        ("new", "no", False),
        ("new", "", None),
        ("sizes", "l\ns", ["s", "l"]),
        ("unit", "it", "it"),
        ("earlier", "https://x/requests/PR-7", "PR-7"),
        ("earlier", "PR-7 Paint", "PR-7"),
    ],
)
def test_a_value_is_kept_as_its_kind_has_it(
    around: Surroundings, name: str, text: str, value: object
) -> None:
    form = RequestForm(FIELDS, around).read(ONE_BEN | {name: text}, {"proof": [FILE]})
    assert form.validate(), form.errors
    content = form.content()
    assert content.fields[name] == value
    again = RequestForm(FIELDS, around).fill(content)
    assert again.content() == content
    assert again.changed_from(content) == frozenset()
    assert again[name]()


def test_no_is_an_answer(around: Surroundings) -> None:
    fields = (FormField(name="new", label="New", kind=FieldKind.YES_NO),)
    assert RequestForm(fields, around).read({"title": "A", "new": "no"}, {}).validate()
    form = RequestForm(fields, around).read({"title": "A"}, {})
    assert not form.validate()
    assert form.errors["new"] == ["New is missing: choose yes or no."]
    asked = Content(title="A", fields={"new": None})
    assert RequestForm(fields, around).read({"title": "A", "new": "no"}, {}).changed_from(asked)


def test_changes_are_known_by_field(around: Surroundings) -> None:
    asked = RequestForm(FIELDS, around).read(ONE_BEN, {"proof": [FILE]}).content()
    now = RequestForm(FIELDS, around).read(ONE_BEN | {"title": "P", "why": ""}, {})
    assert now.changed_from(asked) == {"title", "why", "proof"}


def test_a_field_may_be_called_like_one_of_the_page(around: Surroundings) -> None:
    fields = (FormField(name="title", label="Job title"),)
    form = RequestForm(fields, around).read({"title": "Raise", "field_title": "Teacher"}, {})
    assert form.validate()
    assert form.content() == Content(title="Raise", fields={"title": "Teacher"})


DEPENDENT = (
    FormField(name="new", label="New", kind=FieldKind.YES_NO),
    FormField(name="begin", label="Begin", kind=FieldKind.DATE,
              shown_if=ShownIf(field="new", values=("yes",))),
    FormField(name="end", label="End", kind=FieldKind.DATE, not_before="begin", required=False),
    FormField(name="part", label="Part", kind=FieldKind.SECTION,
              shown_if=ShownIf(field="new", values=("no",))),
    FormField(name="sum", label="Sum", kind=FieldKind.MONEY, is_amount=True),
    FormField(name="proof", label="Proof", kind=FieldKind.ATTACHMENTS),
)  # fmt: skip


def test_what_is_not_asked_is_not_required_and_holds_nothing(around: Surroundings) -> None:
    typed = {"title": "A", "begin": "2026-10-09", "end": "2026-10-08", "sum": "12,x"}
    form = RequestForm(DEPENDENT, around).read(typed | {"new": "yes"}, {"proof": [FILE]})
    assert not form.validate()
    assert form.errors == {"end": ["End must not be before Begin."]}
    assert form.unasked_files() == ["f"]
    form = RequestForm(DEPENDENT, around).read(typed | {"new": "no"}, {})
    assert not form.validate()
    assert set(form.errors) == {"sum", "proof"}
    form = RequestForm(DEPENDENT, around).read(typed | {"new": "no", "sum": "5"}, {"proof": [FILE]})
    assert form.validate(), form.errors
    content = form.content()
    assert (content.fields["begin"], content.amount) == (None, 500)
    assert "part" not in content.fields
    changed = RequestForm(DEPENDENT, around).read(typed | {"new": "yes", "end": ""}, {})
    assert changed.validate(), changed.errors
    assert changed.content().amount is None
    assert changed.changed_from(content) == {"new", "begin", "end", "sum", "proof"}


def test_a_form_is_drawn_in_its_sections(around: Surroundings) -> None:
    form = RequestForm(DEPENDENT, around).read({}, {})
    first, second = form.sections()
    assert [part.field.name for part in first.fields] == ["title", "new", "begin", "end"]
    assert first.fields[2].shown_if is not None
    assert first.fields[2].shown_if.words == "Only if “New” is Yes."
    assert second.heading is not None
    assert [part.field.name for part in second.fields] == ["sum", "proof"]


LEAVE = FormField(name="leave", label="Leave", kind=FieldKind.DAY_RANGE, not_before="today")
WEEK = {"title": "A", "leave-first": "2026-10-08", "leave-last": "2026-10-14"}


def test_days_are_counted_with_their_halves(around: Surroundings) -> None:
    form = RequestForm((LEAVE,), around)
    typed = form.posted(MultiDict(WEEK | {"leave-last_half": "y", "other": "x"}))
    assert typed == WEEK | {"leave-last_half": "y"}
    assert form.read(typed, {}).validate(), form.errors
    content = form.content()
    assert content.fields["leave"] == {
        "first": "2026-10-08", "last": "2026-10-14", "first_half": False, "last_half": True,
        "days": "4.5", "off": {},
    }  # fmt: skip
    again = RequestForm((LEAVE,), around).fill(content)
    assert again.content() == content
    assert again.changed_from(content) == frozenset()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"leave-first": ""}, "Leave: enter both days. They may be the same."),
        ({"leave-first": "", "leave-last": ""}, "Leave is missing: enter the first and the last"),
        ({"leave-last": "2026-10-07"}, "the last day must not be before the first"),
        ({"leave-last": "2028-10-07"}, "can have at most 366 days"),
        ({"leave-first": "2026-10-07"}, "Leave must begin today or later."),
        ({"leave-first": "soon"}, "Leave: first day must be a real date"),
        (
            {"leave-last": "2026-10-08", "leave-first_half": "y", "leave-last_half": "y"},
            "one day cannot begin and end at midday",
        ),
    ],
)
def test_days_that_make_no_sense(around: Surroundings, typed: dict[str, str], words: str) -> None:
    form = RequestForm((LEAVE,), around).read(WEEK | typed, {})
    assert not form.validate()
    assert words in form.errors["leave"][0]


LINES = FormField(
    name="items", label="Items", kind=FieldKind.LINES, total_of="price", currency="EUR",
    is_amount=True, columns=(
        FormField(name="what", label="What", max_length=20),
        FormField(name="price", label="Price", kind=FieldKind.MONEY, currency="EUR"),
        FormField(name="on", label="On", kind=FieldKind.DATE, required=False),
        FormField(name="receipt", label="Receipt", kind=FieldKind.ATTACHMENTS, required=False),
    ),
)  # fmt: skip
TWO = {
    "title": "A", "items-rows": "0 3 7", "items-0-what": "Chair", "items-0-price": "10.10",
    "items-3-what": "Desk", "items-3-price": "1.234,56", "items-3-on": "2026-10-08",
}  # fmt: skip


def test_lines_are_kept_with_their_sum(around: Surroundings) -> None:
    form = RequestForm((LINES,), around).read(TWO, {"items-3-receipt": [FILE]})
    assert form.validate(), form.errors
    content = form.content()
    first = {"what": "Chair", "price": 1010, "on": None, "receipt": []}
    second = {"what": "Desk", "price": 123456, "on": "2026-10-08", "receipt": [FILE.as_value()]}
    rows = {"rows": [first, second], "count": 2, "total": 124466}
    assert (content.fields["items"], content.amount) == (rows, 124466)
    again = RequestForm((LINES,), around).fill(content)
    assert again.content() == content
    assert again.changed_from(content) == frozenset()
    assert again.tables()[0].rows == "0 1"
    assert own_files((LINES,), content) == {"items-0-receipt": [], "items-1-receipt": [FILE]}


def test_each_line_says_what_is_wrong_with_it(around: Surroundings) -> None:
    typed = TWO | {"items-0-price": "", "items-3-what": "x" * 21}
    form = RequestForm((LINES,), around).read(typed, {})
    assert not form.validate()
    assert form.errors["items"] == [
        "Line 1: Price is missing: enter an amount, such as 6,336.00.",
        "Line 2: What must have at most 20 characters; it has 21.",
    ]
    form = RequestForm((LINES,), around).read({"title": "A", "items-rows": "0"}, {})
    assert not form.validate()
    assert form.errors["items"] == ["Items: enter at least one line."]
    many = {f"items-{n}-what": "Chair" for n in range(60)}
    many |= {f"items-{n}-price": "1" for n in range(60)}
    rows = " ".join(map(str, range(60)))
    form = RequestForm((LINES,), around).read({"title": "A", "items-rows": rows, **many}, {})
    assert not form.validate()
    assert form.errors["items"] == ["Items can have at most 50 lines."]


def test_buttons_add_and_remove_lines_and_nothing_else(around: Surroundings) -> None:
    form = RequestForm((LINES,), around)
    added = form.posted(MultiDict(TWO | {"items-add": "1"}))
    assert added == TWO | {"items-rows": "0 3 7 8"}
    removed = form.posted(MultiDict(TWO | {"items-remove": "0"}))
    assert removed["items-rows"] == "3 7"
    assert "items-0-what" not in removed
    assert [place for place, _name in form.file_places(removed)] == [
        "items-3-receipt", "items-7-receipt",
    ]  # fmt: skip
    assert form.pressed({"items-add": "1"}) == "items"
    assert not form.pressed(TWO)
    odd = form.posted(MultiDict(TWO | {"items-rows": "x -1 99999999999 2", "items-remove": "\x00"}))
    assert odd["items-rows"] == "2"


def test_files_can_be_compulsory(around: Surroundings) -> None:
    fields = (FormField(name="proof", label="Proof", kind=FieldKind.ATTACHMENTS),)
    form = RequestForm(fields, around).read({"title": "Proof"}, {})
    assert not form.validate()
    assert "attach at least one file" in form.errors["proof"][0]
    assert RequestForm(fields, around).read({"title": "Proof"}, {"proof": [FILE]}).validate()
