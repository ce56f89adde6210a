"""Forms with every kind of field: drawn, filled in, checked, shown, listed, compared."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.codec import encode
from portal.domain.policy.forms import Choice, FieldKind, FormField, ShownIf
from portal.extensions import db
from portal.models import Draft
from tests.asking import CODE, insert_request, insert_type
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.web import People

FORM = (
    FormField(name="hours", label="Hours", kind=FieldKind.DECIMAL),
    FormField(name="share", label="Share", kind=FieldKind.PERCENT),
    FormField(name="new", label="New staff", kind=FieldKind.YES_NO, required=False),
    FormField(name="sizes", label="Sizes", kind=FieldKind.CHOICES, required=False,
              choices=(Choice(value="s", label="Small"), Choice(value="l", label="Large"))),
    FormField(name="unit", label="Unit", kind=FieldKind.DEPARTMENT, required=False),
    FormField(name="earlier", label="Earlier request", kind=FieldKind.LINK, required=False),
)  # fmt: skip
GIVEN = {"hours": "1234.5", "share": "12.5", "new": False, "sizes": ["s", "l"], "unit": "fin",
         "earlier": "CH-1"}  # fmt: skip
NEW = f"/requests/new/{CODE}"


@pytest.fixture
def kind(app: Flask, people: People) -> dict[str, str]:
    with app.app_context():
        ids = insert_type(form=encode(FORM))
        insert_request(ids, people.ana, "CH-1", fields=GIVEN)
        db.session.commit()
    return ids


@pytest.fixture
def ana(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.ana)
    return client


def send(who: PageClient, page: Page, status: int = 200, **values: Any) -> Page:
    data = {**page.form(NEW).values, "title": "Chairs", **values}
    answer = who.post(NEW, data=data, follow_redirects=True)
    assert answer.status_code == status, answer.text
    return Page(answer)


def test_every_kind_is_asked_kept_and_checked(
    ana: PageClient, kind: dict[str, str], app: Flask
) -> None:
    page = ana.get_page(NEW)
    assert "CH-1 Chair CH-1" in page.response.text
    page = send(ana, page, 422, hours="1,5", share="101", new="no", sizes=["s", "l"],
                earlier="CH-9")  # fmt: skip
    assert "Earlier request must be the number of a request that you may see" in page.text
    with app.app_context():
        kept = db.session.execute(select(Draft.values)).scalar_one()
    assert (kept["sizes"], kept["new"]) == ("s\nl", "no")
    page = send(ana, page, share="99.5", new="no", sizes=["l"], earlier="ch-1")
    for words in ("Hours 1.5", "Share 99.5%", "New staff No", "Sizes Large", "Unit Empty"):
        assert words in page.text, words


def test_a_request_shows_each_kind_in_words(ana: PageClient, kind: dict[str, str]) -> None:
    page = ana.get_page("/requests/CH-1")
    for words in ("Hours 1,234.5", "Share 12.5%", "New staff No", "Sizes Small, Large"):
        assert words in page.text, words
    assert '<a href="/requests/CH-1">CH-1</a>' in page.response.text
    text = ana.get("/history.csv").text
    assert '1234.5,12.5,No,"Small, Large"' in text, text


KINDS = {"Time": "decimal", "Part": "percent", "Staff": "yes_no", "Shapes": "choices",
         "Team": "department", "Before": "link"}  # fmt: skip
ROWS = {
    "time": ("at_least", "7,5", "Time is at least 7.5"),
    "part": ("more_than", "12.5 %", "Part is more than 12.5%"),
    "staff": ("is", "yes", "Staff is Yes"),
    "shapes": ("lacks", "Small", "Shapes does not contain “Small”"),
    "team": ("is", "Finance", "Team is Finance"),
    "before": ("filled", "", "Before is filled in"),
}


SECTIONED = (
    FormField(name="away", label="Travel abroad", kind=FieldKind.YES_NO),
    FormField(name="trip", label="The trip", kind=FieldKind.SECTION, hint="As planned today.",
              shown_if=ShownIf(field="away", values=("yes",))),
    FormField(name="country", label="Country"),
)  # fmt: skip


def test_sections_are_asked_only_where_they_apply(
    client: PageClient, people: People, app: Flask
) -> None:
    with app.app_context():
        ids = insert_type(form=encode(SECTIONED))
        insert_request(ids, people.ana, "CH-2", fields={"away": True, "country": "Norway"})
        db.session.commit()
    sign_in(client, people.ana)
    page = client.get_page(NEW)
    assert "Only if “Travel abroad” is Yes. Country" in page.text
    page = send(client, page, 422, away="yes")
    assert "Country is missing" in page.text
    page = send(client, page, away="no", country="Norway")
    assert "Travel abroad No" in page.text
    assert "Country" not in page.text
    page = send(client, client.get_page(NEW), away="yes", country="Norway")
    assert "The trip Country Norway" in page.text
    assert "The trip Country Norway" in client.get_page("/requests/CH-2").text
    text = client.get("/history.csv").text
    assert "Travel abroad,Country" in text


def test_a_section_is_made_by_pages(
    client: PageClient, people: People, kind: dict[str, str]
) -> None:
    sign_in(client, people.adam)
    here = f"/admin/types/{CODE}"
    form = f"{here}/draft/form"
    press(client, client.get_page(here), f"{here}/draft")
    page = press(client, client.get_page(form), form, label="Staff only", kind="section")
    at = page.path
    page = press(client, page, at, 422, shown_field="new")
    assert "Enter at least one option of “New staff”: Yes, No." in page.text
    page = press(client, page, at, 422, shown_values="Perhaps")
    assert "“New staff” has no option “Perhaps”." in page.text
    press(client, page, at, shown_values="yes")
    assert client.get_page(at).form(at).values["shown_values"].strip() == "Yes"
    assert "Only if “New staff” is Yes." in client.get_page(f"{here}/draft/preview").text
    press(client, client.get_page(form), f"{form}/order", n_new="99")
    assert "no choice further up" in client.get_page(f"{here}/draft/checks").text
    press(client, client.get_page(at), at, remove="1")


def press(who: PageClient, page: Page, action: str, status: int = 200, **values: Any) -> Page:
    data = {**page.form(action).values, **values}
    answer = who.post(action, data=data, follow_redirects=True)
    assert answer.status_code == status, answer.text
    return Page(answer)


def add_kinds(client: PageClient, here: str) -> None:
    for name in ("hours", "share", "new", "sizes", "unit", "earlier"):
        at = f"{here}/draft/form/{name}"
        press(client, client.get_page(at), at, remove="1")
    for label, each in KINDS.items():
        add = f"{here}/draft/form"
        page = press(client, client.get_page(add), add, label=label, kind=each)
        at = page.path
        page = press(
            client,
            client.get_page(at),
            at,
            **({"choices": "s = Small"} if each == "choices" else {}),
        )


def test_every_kind_is_made_and_compared_by_pages(
    client: PageClient, people: People, kind: dict[str, str]
) -> None:
    sign_in(client, people.adam)
    here = f"/admin/types/{CODE}"
    press(client, client.get_page(here), f"{here}/draft")
    add_kinds(client, here)
    at = f"{here}/draft/form/time"
    page = press(client, client.get_page(at), at, 422, places="7", min_value="2", max_value="1,5")
    assert "Largest value must not be below Smallest value" in page.text
    press(client, page, at, places="1", max_value="24")
    at = f"{here}/draft/route/manager/condition"
    for begin in (0, 3):
        given = {}
        for number, (name, (comparison, value, _words)) in enumerate(
            list(ROWS.items())[begin:][:3]
        ):
            row = {"field": name, "is": comparison, "value": value}
            given |= {f"r{number}_{part}": text for part, text in row.items()}
        page = press(client, client.get_page(at), at, more="1", **given)
        for _comparison, _value, words in list(ROWS.values())[begin:][:3]:
            assert words in page.text, words
    checks = client.get_page(f"{here}/draft/checks").text
    assert "Continue with Review" in checks, checks
    text = client.get_page(f"{here}/draft/preview").text
    for label in KINDS:
        assert label in text
