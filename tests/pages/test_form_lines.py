"""Tables of lines: made by pages, filled in without JavaScript, checked, shown, found, exported."""

import io
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.domain.codec import encode
from portal.domain.policy.forms import Choice, FieldKind, FormField
from portal.extensions import db
from portal.models import Attachment
from tests.asking import CODE, PDF, insert_request, insert_type
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.web import People

TABLE = FormField(
    name="items", label="Items", kind=FieldKind.LINES, total_of="price", currency="EUR",
    is_amount=True, columns=(
        FormField(name="what", label="What"),
        FormField(name="price", label="Price", kind=FieldKind.MONEY, currency="EUR"),
        FormField(name="size", label="Size", kind=FieldKind.CHOICE, required=False,
                  choices=(Choice(value="s", label="Small"),)),
        FormField(name="receipt", label="Receipt", kind=FieldKind.ATTACHMENTS, required=False),
    ),
)  # fmt: skip
ROWS = [{"what": "Zweisitzer", "price": 1010, "size": "s", "receipt": []},
        {"what": "Desk", "price": 2000, "size": None, "receipt": []}]  # fmt: skip
NEW = f"/requests/new/{CODE}"


@pytest.fixture
def kind(app: Flask, people: People) -> dict[str, str]:
    with app.app_context():
        ids = insert_type(form=encode((TABLE,)))
        value = {"rows": ROWS, "count": 2, "total": 3010}
        insert_request(ids, people.ana, "CH-1", amount=3010, fields={"items": value})
        db.session.commit()
    return ids


def press(who: PageClient, page: Page, action: str, status: int = 200, **values: Any) -> Page:
    data = {**page.form(action).values, **values}
    answer = who.post(action, data=data, follow_redirects=True)
    assert answer.status_code == status, answer.text
    return Page(answer)


def pdf() -> tuple[io.BytesIO, str]:
    return io.BytesIO(PDF), "receipt.pdf"


def kept_files(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Attachment)) or 0


def test_lines_are_added_removed_and_checked_without_a_script(
    client: PageClient, people: People, kind: dict[str, str], app: Flask
) -> None:
    sign_in(client, people.ana)
    first = {"items-0-what": "Chair", "items-0-price": "10.10"}
    page = press(client, client.get_page(NEW), NEW, title="Chairs", **first, **{"items-add": "1"})
    assert "Line 2" in page.text
    assert "Total: €10.10" in page.text
    second = {"items-1-what": "Desk", "items-1-price": "20,x", "items-1-receipt": pdf()}
    page = press(client, page, NEW, 422, **second)
    assert "Line 2: Price must be a number" in page.text
    assert page.form(NEW).values["items-1-price"] == "20,x"
    assert "We kept receipt.pdf" in page.text
    page = press(client, page, NEW, **{"items-remove": "0"})
    assert "Line 2" not in page.text
    assert page.form(NEW).values["items-1-what"] == "Desk"
    assert "We kept receipt.pdf" in page.text
    page = press(client, page, NEW, **{"items-1-price": "20.05"})
    assert "Desk €20.05 – receipt.pdf" in page.text
    assert "Total: €20.05" in page.text
    page = press(client, client.get_page(NEW + "?draft=" + page.form(f"{NEW}/submit").values[
        "command_id"]), NEW, **{"items-remove": "1"})  # fmt: skip
    assert kept_files(app) == 0


def test_a_request_shows_its_lines_wherever_it_is_read(
    client: PageClient, people: People, kind: dict[str, str]
) -> None:
    sign_in(client, people.ana)
    page = client.get_page("/requests/CH-1")
    assert "Zweisitzer €10.10 Small –" in page.text
    assert "Total: €30.10" in page.text
    assert "1. Zweisitzer, €10.10, Small" in client.get("/history.csv").text
    assert "CH-1" in client.get_page("/search?q=zweisitz").text
    amend = "/requests/CH-1/amend"
    page = press(client, client.get_page(amend), amend, **{"items-add": "1"})
    assert "Line 3" in page.text
    page = press(client, page, amend, **{"items-remove": "0"})
    assert page.form(amend).values["items-rows"] == "1 2"
    sent = client.get_page(amend).form(amend).values | {"title": "Sofas"}
    for status in (303, 303):
        assert client.post(amend, data=sent).status_code == status
    assert client.post(amend, data=sent | {"items-rows": "0"}).status_code == 409


def test_a_table_is_made_by_pages(client: PageClient, people: People, kind: dict[str, str]) -> None:
    sign_in(client, people.adam)
    here = f"/admin/types/{CODE}"
    form = f"{here}/draft/form"
    press(client, client.get_page(here), f"{here}/draft")
    page = press(client, client.get_page(form), form, label="Costs", kind="lines")
    at = page.path
    page = press(client, page, at, 422, is_amount="y", total_of="")
    assert "Choose the column that is summed." in page.text
    press(client, page, at, is_amount="y", total_of="amount")
    page = press(client, client.get_page(at), f"{at}/columns", 422,
                 **{"new-label": "", "new-kind": "person"})  # fmt: skip
    page = press(client, client.get_page(at), f"{at}/columns",
                 **{"new-label": "Shop", "new-kind": "text"})  # fmt: skip
    column = page.path
    page = press(client, page, column, 422, max_length="0")
    press(client, page, column, max_length="40")
    press(client, client.get_page(at), f"{at}/columns", order="1", n_shop="0")
    text = client.get_page(f"{here}/draft/preview").text
    assert text.index("Shop") < text.index("Amount")
    condition = f"{here}/draft/route/manager/condition"
    row = {"r0_field": "costs_total", "r0_is": "at_least", "r0_value": "500.00"}
    page = press(client, client.get_page(condition), condition, more="1", **row)
    assert "Line manager is asked if Costs: total is at least €500.00." in page.text
    assert "Continue with Review" in client.get_page(f"{here}/draft/checks").text
    press(client, client.get_page(f"{at}/columns/amount"), f"{at}/columns/amount", remove="1")
    assert "“costs_total”" in client.get_page(f"{here}/draft/checks").text
