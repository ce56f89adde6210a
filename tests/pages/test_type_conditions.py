"""The builder of a condition: rows and a group of rows, added and taken away by submit buttons."""

import re

import pytest
from flask import Flask

from portal.extensions import db
from tests.asking import insert_request
from tests.clients import PageClient, sign_in
from tests.pages.test_type_languages import CHAIRS, press
from tests.pages_read import Page
from tests.web import People

HERE = f"{CHAIRS}/draft/route/finance/condition"


@pytest.fixture
def adam(client: PageClient, people: People, kind: dict[str, str]) -> PageClient:
    sign_in(client, people.adam)
    press(client, client.get_page(CHAIRS), f"{CHAIRS}/draft")
    return client


def inputs(page: object) -> set[str]:
    return {name for name in page.form(HERE).values if name[1:2].isdigit()}  # type: ignore[attr-defined]


def test_rows_are_added_where_they_are_wanted(adam: PageClient) -> None:
    page = adam.get_page(HERE)
    assert inputs(page) == {"r0_field", "r0_is", "r0_value"}
    amount = {"r0_field": "amount", "r0_is": "at_least", "r0_value": "1,000.00"}
    page = press(adam, page, HERE, **amount, more="r")
    assert inputs(page) == {f"r{n}_{part}" for n in (0, 1) for part in ("field", "is", "value")}
    page = press(adam, page, HERE, more="g")
    assert "g0_field" in inputs(page)
    assert "r1_field" not in inputs(page)
    reason = {"g0_field": "reason", "g0_is": "empty"}
    page = press(adam, page, HERE, **reason, more="g")
    assert {"g0_field", "g1_field"} < inputs(page)
    assert "g0_value" not in inputs(page)  # nothing to compare with
    assert "Amount is at least €1,000.00 and (Reason is empty)" in page.text
    page = press(
        adam, page, HERE, g1_field="amount", g1_is="is", g1_value="so", status=422, more="g"
    )
    assert page.form(HERE).values["g1_value"] == "so"
    assert "g2_field" in inputs(page)
    page = press(adam, page, HERE, remove="g")
    assert "g0_field" not in inputs(page)
    page = press(adam, page, HERE, remove="all")
    assert page.path == f"{CHAIRS}/draft/route"
    assert inputs(adam.get_page(HERE)) == {"r0_field", "r0_is", "r0_value"}


def test_newest_requests_say_where_the_live_version_says_otherwise(
    adam: PageClient, app: Flask, people: People, kind: dict[str, str]
) -> None:
    with app.app_context():
        insert_request(kind, people.ana, "CH-1", fields={"amount": 120000, "reason": "x"})
        db.session.commit()
    manager = HERE.replace("finance", "manager")
    given = {"r0_field": "amount", "r0_is": "at_least"}
    page = press(adam, adam.get_page(manager), manager, **given, r0_value="2,000", more="")
    assert "0 of 1 asked" in page.text
    assert "Other result in version 1" in page.text
    page = press(adam, page, manager, **given, r0_value="1,000", more="")
    assert "1 of 1 asked" in page.text
    assert "Other result" not in page.text


def test_an_option_is_chosen_from_a_list(adam: PageClient) -> None:
    page = adam.get_page(HERE)
    assert "Stage 2 of 2 in the draft of version 2, revision 1." in page.text
    level = {"r0_field": "priority", "r0_is": "is"}
    page = press(adam, page, HERE, 422, **level, r0_value="")
    assert "Choose an option of “Priority”." in page.text
    assert options(page) == ["", "LOW", "MEDIUM", "HIGH", "URGENT", "CRITICAL"]
    page = press(adam, page, HERE, 422, r0_value="Sudden")
    assert options(page) == ["", "Sudden", "LOW", "MEDIUM", "HIGH", "URGENT", "CRITICAL"]
    assert page.form(HERE).values["r0_value"] == "Sudden"
    page = press(adam, page, HERE, r0_value="URGENT", more="r")
    assert page.form(HERE).values["r0_value"] == "URGENT"
    page = press(adam, page, HERE, r0_value="low", more="r")
    assert page.form(HERE).values["r0_value"] == "LOW"
    assert "Priority is Low" in page.text
    page = press(adam, page, HERE, 422, r0_field="amount")
    assert options(page) == []


def options(page: Page) -> list[str]:
    found = re.search(r'<select id="r0_value".*?</select>', page.response.text, re.DOTALL)
    return re.findall(r'<option value="(.*?)"', found[0]) if found else []


def test_differences_say_what_was_and_what_is(adam: PageClient) -> None:
    route = f"{CHAIRS}/draft/route"
    assert "Changed" not in adam.get_page(route).text
    row = {"r0_field": "amount", "r0_is": "at_least", "r0_value": "2,000.00"}
    page = press(adam, adam.get_page(HERE), HERE, **row)
    assert page.path == route
    assert "Finance Changed" in page.text
    at = f"{route}/finance/clocks"
    press(adam, adam.get_page(at), at, expire="12d")
    at = f"{CHAIRS}/draft/form/amount"
    press(adam, adam.get_page(at), at, label="Price", max_value="90,000.00")
    page = press(adam, adam.get_page(route), route, name="Board", kind="approval", before="")
    assert "Board New" in adam.get_page(route).text
    for here in (f"{CHAIRS}/draft/review", CHAIRS):
        text = adam.get_page(here).text
        for words in (
            "Field Price label: Amount → Price largest value: none → €90,000.00",
            "→ Price is at least €2,000.00",
            "its deadline: none → 12 days",
            "Stage Board added",
        ):
            assert words in text, (here, words)
