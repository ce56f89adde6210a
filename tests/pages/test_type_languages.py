"""A type's texts in other languages: translated on one page, read by each in their own."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.domain.people.organisation import OrganisationPart
from portal.domain.policy.types import TypeContent
from portal.extensions import db
from portal.models import PolicyVersion, RequestType, User
from portal.pages.admin.type_languages import name_of
from portal.queries import own_texts, request_types
from portal.services import organisation_settings, type_files
from portal.translation import speaking, to_a_program
from tests.asking import CODE, insert_request, insert_type
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.web import People

CHAIRS = f"/admin/types/{CODE}"
HERE = f"{CHAIRS}/draft/languages"
GERMAN = {
    "Chairs": "Stühle", "Amount": "Betrag", "Reason": "Begründung", "Line manager": "Vorgesetzte",
    "from €1,000.00": "ab 1.000,00 €", "Offers": "Angebote",
}  # fmt: skip


@pytest.fixture
def adam(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.adam)
    return client


def press(who: PageClient, page: Page, action: str, status: int = 200, **values: Any) -> Page:
    form = [each for each in page.document.forms if each.action == action][-1]
    answer = who.post(action, data={**form.values, **values}, follow_redirects=True)
    found = Page(answer)
    assert answer.status_code == status, found.text
    return found


def inputs(words: dict[str, str]) -> dict[str, str]:
    return {name_of(text): said for text, said in words.items()}


def translated(adam: PageClient) -> Page:
    press(adam, adam.get_page(CHAIRS), f"{CHAIRS}/draft")
    return press(adam, adam.get_page(f"{HERE}?language=de"), HERE, **inputs(GERMAN))


def reader(app: Flask, person: str, locale: str) -> PageClient:
    with app.app_context():
        db.session.execute(update(User).where(User.id == person).values(locale=locale))
        db.session.commit()
    browser = PageClient(app)
    sign_in(browser, person)
    return browser


def content(app: Flask, code: str = CODE) -> TypeContent:
    with app.app_context():
        found = request_types.of_administrators(code)
        assert found is not None
        assert found.draft is not None
        return found.draft.content


def test_each_text_has_a_row_and_what_lacks_is_a_warning(
    adam: PageClient, app: Flask, kind: dict[str, str]
) -> None:
    page = translated(adam)
    assert "Draft saved." in page.text
    assert page.form(HERE).values[name_of("Amount")] == "Betrag"
    assert "Changed: translations" in adam.get_page(CHAIRS).text
    checks = adam.get_page(f"{CHAIRS}/draft/checks").text
    assert "texts have no translation into Deutsch: “line manager”, “Finance”." in checks
    page = press(adam, page, HERE, **inputs({"Amount": "", "Finance": "Finanzen"}))
    assert "Amount" not in content(app).translations
    assert content(app).translations["Finance"] == {"de": "Finanzen"}


def test_what_was_typed_stays_where_it_cannot_be_kept(
    adam: PageClient, app: Flask, kind: dict[str, str]
) -> None:
    translated(adam)
    page, older = adam.get_page(f"{HERE}?language=de"), adam.get_page(f"{HERE}?language=de")
    long = "ä" * 10_001
    refused = press(adam, page, HERE, 422, **inputs({"Amount": long, "Reason": "Grund"}))
    assert refused.form(HERE).values[name_of("Reason")] == "Grund"
    assert "Use at most 10,000 characters." in refused.text
    press(adam, page, HERE, **inputs({"Amount": "Summe"}))
    moved = press(adam, older, HERE, 409, **inputs({"Amount": "Preis\0"}))
    assert moved.form(HERE).values[name_of("Amount")] == "Preis"
    assert "changed this draft meanwhile" in moved.text
    press(adam, moved, HERE)
    assert content(app).translations["Amount"] == {"de": "Preis"}


def test_a_file_says_them_byte_for_byte(adam: PageClient, app: Flask, kind: dict[str, str]) -> None:
    translated(adam)
    made = content(app)
    text = type_files.written(made, CODE, "CH", {})
    assert "translations:\n  - text: Chairs\n    de: Stühle\n" in text
    again = type_files.read(text)
    assert again.content.translations == made.pruned().translations
    assert type_files.written(again.content, CODE, "CH", {}) == text
    with pytest.raises(type_files.FileRefused, match="the type has no text “Amuont”"):
        type_files.read(text.replace("text: Amount", "text: Amuont"))
    with pytest.raises(type_files.FileRefused, match="must be a language with its text"):
        type_files.read(text.replace("de: Betrag", "German: Betrag"))


def publish(adam: PageClient, app: Flask, people: People, kind: dict[str, str]) -> str:
    """The translated draft as version 2, and its id; a request of each version."""
    translated(adam)
    form = adam.get_page(f"{CHAIRS}/draft/checks").form(f"{CHAIRS}/draft/checks").values
    reasons = {f"reason_{n}": "Later." for n in range(9)}
    adam.post(f"{CHAIRS}/draft/checks", data={**form, **reasons})
    page = press(adam, adam.get_page(f"{CHAIRS}/draft/review"), f"{CHAIRS}/draft/publish")
    assert "Version 2 is live" in page.text
    with app.app_context():
        version = db.session.scalar(select(PolicyVersion.id).where(PolicyVersion.version == 2))
        new = {"type": kind["type"], "policy_version": str(version)}
        insert_request(kind, people.ana, "CH-1", stage_name="Line manager")
        insert_request(new, people.ana, "CH-2", stage_name="Line manager")
        db.session.commit()
    return str(version)


def test_everybody_reads_the_version_of_a_request_in_their_language(
    adam: PageClient, app: Flask, people: People, kind: dict[str, str]
) -> None:
    new = publish(adam, app, people, kind)
    ana = reader(app, people.ana, "de")
    assert "Stühle" in ana.get_page("/requests/new").text
    check = press(ana, ana.get_page(f"/requests/new/{CODE}"), f"/requests/new/{CODE}",
                  title="Ein Stuhl", amount="120,00", reason="Amount")  # fmt: skip
    for words in ("Begründung", "Vorgesetzte", "ab 1.000,00 €"):
        assert words in check.text
    page = ana.get_page("/requests/CH-2")
    assert "Stühle" in page.text
    assert "Begründung" in page.text
    assert "Begründung" not in ana.get_page("/requests/CH-1").text  # its version has none
    mine = ana.get_page("/requests").text
    assert mine.index("Stühle") < mine.index("Chairs")
    assert "Stühle" in ana.get_page("/history").text
    listed = ana.get("/history.csv").get_data(as_text=True)
    assert "Stühle" in listed
    assert CODE in listed
    with app.app_context(), speaking("de"):
        assert own_texts.told(new, "Chairs") == "Stühle"
        with to_a_program():  # the API speaks as its administrators wrote
            assert own_texts.told(new, "Chairs") == "Chairs"
    other = reader(app, people.ana, "en").get_page("/requests/CH-2").text
    assert "Stühle" not in other
    assert "Reason" in other


def test_types_stand_in_the_order_of_the_names_that_the_reader_reads(
    app: Flask, people: People, kind: dict[str, str]
) -> None:
    """By position the chairs would be first, by the originals the dishes second."""
    said = {"dishes": "Übrige Teller", "elms": "ulmen", "figs": "Äpfel", CODE: "Zühle"}
    with app.app_context():
        for place, code in enumerate(("dishes", "elms", "figs"), start=7):
            insert_type(code, position=place)
        for code, words in said.items():
            own = {code.title(): {"de": words}}
            theirs = (
                PolicyVersion.request_type_id
                == select(RequestType.id).where(RequestType.code == code).scalar_subquery()
            )
            db.session.execute(update(PolicyVersion).where(theirs).values(translations=own))
        db.session.commit()
    ana, adam = reader(app, people.ana, "de"), reader(app, people.adam, "de")
    places = ((ana, "/requests/new"), (adam, "/admin/types"), (adam, "/insights"),
              (adam, "/insights/targets"), (adam, "/admin/retention"), (adam, "/admin/calendars"),
              (ana, "/history"), (ana, "/away"))  # fmt: skip
    for who, path in places:
        text = who.get_page(path).text
        assert sorted(said.values(), key=text.find) == [
            "Äpfel", "Übrige Teller", "ulmen", "Zühle"], path  # fmt: skip
        assert all(words in text for words in said.values()), path
    english = reader(app, people.eve, "en").get_page("/requests/new").text
    assert sorted(("Chairs", "Dishes", "Elms", "Figs"), key=english.find) == [
        "Chairs", "Dishes", "Elms", "Figs"]  # fmt: skip


TRAVEL = "/admin/types/gallery/travel"


def organisation(app: Flask, locale: str) -> None:
    with app.app_context():
        before = organisation_settings.current(OrganisationPart.DEFAULTS)
        mark, values = organisation_settings.mark_of(before), {**before, "locale": locale}
        actor = db.session.scalar(select(User.id).limit(1))
        organisation_settings.change(OrganisationPart.DEFAULTS, values, mark, str(actor))


WRITTEN = {"en": ("Travel", "Expected cost"), "de": ("Reise", "Erwartete Kosten")}
AMOUNTS = {"de": "2.000,00 €", "id": "€2.000,00", "en": "€2,000.00"}


@pytest.mark.parametrize("usual", ["en", "de"])
def test_a_type_of_the_gallery_is_the_organisations_and_read_in_each_language(
    app: Flask, people: People, usual: str
) -> None:
    organisation(app, usual)
    adam = reader(app, people.adam, "de")
    assert "Eine Dienstreise, bevor sie gebucht wird." in adam.get_page("/admin/types/new").text
    page = adam.get_page(TRAVEL)
    assert all(words in page.text for words in ("Erwartete Kosten", AMOUNTS["de"]))
    name, cost = WRITTEN[usual]
    assert page.form(TRAVEL).values["name"] == name
    kept = [each for each in ("de", "en", "id") if each != usual]
    press(adam, page, TRAVEL, prefix="TR", group_finance="finance", languages=kept)
    draft = content(app, name.lower())
    (finance,) = [each for each in draft.policy.stages if each.when]
    assert finance.condition_text.startswith(cost)
    assert set(draft.translations[cost]) == set(kept)
    assert finance.condition_text not in {each.text for each in draft.texts}
    code = name.lower()
    review = adam.get_page(f"/admin/types/{code}/draft/review")
    press(adam, review, f"/admin/types/{code}/draft/publish")
    labels = {key: said for key, (_name, said) in WRITTEN.items()} | {"id": "Perkiraan biaya"}
    for locale, amount in AMOUNTS.items():
        checked = checked_journey(reader(app, people.ana, locale), f"/requests/new/{code}")
        assert labels[locale] in checked.text
        assert amount in checked.text


def checked_journey(ana: PageClient, ask: str) -> Page:
    """A request that is checked before it is sent."""
    answers = {"title": "X", "destination": "Y", "cost": "100", "purpose": "Z"}
    days = {"first_day": "2099-01-04", "last_day": "2099-01-05"}
    return press(ana, ana.get_page(ask), ask, **answers, **days)
