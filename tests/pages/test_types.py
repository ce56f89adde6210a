"""Request types by pages: made, edited by two, checked, reviewed, published, asked for, retired."""

from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.background.back_tests import BackTestWatch
from portal.background.publications import PublicationWatch
from portal.extensions import db
from portal.models import PolicyVersion, RequestType, TypeChange, TypeDraft, User
from portal.queries import request_types
from portal.services import back_tests, type_checks, type_files
from tests.asking import CODE, insert_request
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.web import People

LIST = "/admin/types"
TRIP = "/admin/types/business_trip"
CHAIRS = f"/admin/types/{CODE}"


@pytest.fixture
def adam(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.adam)
    return client


@pytest.fixture
def cleo(app: Flask, people: People, adam: PageClient) -> PageClient:
    """A second administrator."""
    with app.app_context():
        db.session.execute(update(User).where(User.id == people.cleo).values(roles=["admin"]))
        db.session.commit()
    browser = PageClient(app)
    sign_in(browser, people.cleo)
    return browser


def one(app: Flask, statement: Any) -> Any:
    with app.app_context():
        return db.session.execute(statement).scalar()


def press(who: PageClient, page: Page, action: str, status: int = 200, **values: Any) -> Page:
    form = [each for each in page.document.forms if each.action == action][-1]
    answer = who.post(action, data={**form.values, **values}, follow_redirects=True)
    found = Page(answer)
    assert answer.status_code == status, found.text
    return found


def draft_of_chairs(who: PageClient) -> Page:
    return press(who, who.get_page(CHAIRS), f"{CHAIRS}/draft")


def add_field(who: PageClient, at: str, label: str, kind: str) -> Page:
    return press(who, who.get_page(f"{at}/draft/form"), f"{at}/draft/form", label=label, kind=kind)


def make_trip(adam: PageClient) -> None:
    page = press(adam, adam.get_page(f"{LIST}/new"), f"{LIST}/new", name="Business trip",
                 prefix="bt", description="Travel for work.")  # fmt: skip
    assert "Type added" in page.text
    page = add_field(adam, TRIP, "Cost", "money")
    press(adam, page, f"{TRIP}/draft/form/cost", currency="EUR", max_value="9,000.00")
    page = add_field(adam, TRIP, "Country", "choice")
    press(adam, page, f"{TRIP}/draft/form/country", choices="fr = France\nde = Germany")
    page = adam.get_page(f"{TRIP}/draft/route")
    page = press(adam, page, f"{TRIP}/draft/route", name="Finance")
    press(adam, page, f"{TRIP}/draft/route/finance", who_0="group:finance")


def add_manager(adam: PageClient) -> Page:
    """A stage before another, which is then moved down and up again."""
    here = f"{TRIP}/draft/route"
    page = adam.get_page(f"{here}?before=finance")
    assert "finance" in [each.values.get("before") for each in page.document.forms]
    page = press(adam, page, here, name="Manager")
    page = press(adam, page, f"{here}/manager", who_0="manager:1", fallback_0="group:finance")
    assert page.text.index("the requester's manager") < page.text.index("the group Finance")
    page = press(adam, page, here, down="manager")
    assert page.text.index("the requester's manager") > page.text.index("the group Finance")
    page = press(adam, page, here, up="manager")
    assert page.text.index("the requester's manager") < page.text.index("the group Finance")
    return page


def test_a_type_from_scratch_is_asked_for(
    adam: PageClient, app: Flask, people: People, kind: dict[str, str]
) -> None:
    make_trip(adam)
    page = adam.get_page(f"{TRIP}/draft/route/finance/condition")
    page = press(adam, page, f"{TRIP}/draft/route/finance/condition", r0_field="cost",
                 r0_is="at_least", r0_value="1,000.00", more="1")  # fmt: skip
    assert "Finance is asked if Cost is at least €1,000.00." in page.text
    add_manager(adam)
    assert "Nothing has to be fixed" in adam.get_page(f"{TRIP}/draft/checks").text
    assert "Country" in adam.get_page(f"{TRIP}/draft/preview").text
    page = press(adam, adam.get_page(f"{TRIP}/draft/review"), f"{TRIP}/draft/publish")
    assert "Version 1 is live" in page.text
    assert "published without a review, by the only administrator" in page.text
    ana = PageClient(app)
    sign_in(ana, people.ana)
    assert "Travel for work." in ana.get_page("/requests/new").text
    form = ana.get_page("/requests/new/business_trip")
    check = press(ana, form, "/requests/new/business_trip", title="Paris", cost="999.99",
                  country="fr")  # fmt: skip
    assert "Ben Example" in check.text
    assert "Skipped" in check.text
    check = press(ana, form, "/requests/new/business_trip", title="Paris", cost="1000",
                  country="fr")  # fmt: skip
    assert "Skipped" not in check.text


def test_the_list_says_what_is_live_drafted_and_retired(
    adam: PageClient, kind: dict[str, str]
) -> None:
    make_trip(adam)
    text = adam.get_page(LIST).text
    assert text.index("Live") < text.index("Chairs") < text.index("Not published yet")
    assert text.index("Not published yet") < text.index("Business trip")
    page = press(adam, adam.get_page(f"{CHAIRS}/retire"), f"{CHAIRS}/retire")
    assert "Chairs is retired." in page.text
    assert adam.get("/requests/new/" + CODE).status_code == 404
    text = adam.get_page(LIST).text
    assert text.index("Retired") < text.index("Chairs")
    press(adam, adam.get_page(f"{CHAIRS}/retire"), f"{CHAIRS}/retire", again="1")
    adam.get_page("/requests/new/" + CODE)


def test_a_draft_changes_nothing_before_it_is_published(
    adam: PageClient, kind: dict[str, str], app: Flask
) -> None:
    draft_of_chairs(adam)
    page = add_field(adam, CHAIRS, "Colour of the seat", "text")
    assert page.form(f"{CHAIRS}/draft/form/colour_of_the_seat").values["label"]
    assert "Colour" not in adam.get_page("/requests/new/" + CODE).text
    assert "Field Colour of the seat added" in adam.get_page(CHAIRS).text
    page = adam.get_page(f"{CHAIRS}/versions/1")
    assert "Line manager" in page.text
    page = press(adam, adam.get_page(f"{CHAIRS}/draft/discard"), f"{CHAIRS}/draft/discard")
    assert "Draft discarded." in page.text
    assert one(app, select(func.count()).select_from(TypeDraft)) == 0
    assert one(app, select(func.count()).select_from(PolicyVersion)) == 1


def test_two_edit_the_same_draft_and_nothing_is_lost(
    adam: PageClient, cleo: PageClient, kind: dict[str, str], app: Flask
) -> None:
    draft_of_chairs(adam)
    here = f"{CHAIRS}/draft/form/reason"
    seen = adam.get_page(here)
    press(cleo, cleo.get_page(here), here, label="Why", hint="In a sentence.")
    page = press(adam, seen, here, 409, label="Business case", hint="")
    assert (
        "Cleo Example changed this draft meanwhile: Field Why changed: label “Why”, hint “In a"
        in page.text
    )
    assert page.form(here).values["label"] == "Business case"
    press(adam, page, here)
    content = one(app, select(TypeDraft.content))
    assert [each["label"] for each in content["form"]] == ["Amount", "Business case", "Offers"]
    # Another part of the draft goes in beside theirs.
    stage = f"{CHAIRS}/draft/route/manager"
    seen = adam.get_page(stage)
    press(cleo, cleo.get_page(here), here, label="Cause")
    page = press(adam, seen, stage, 409, name="Boss")
    press(adam, page, stage)
    content = one(app, select(TypeDraft.content))
    assert content["form"][1]["label"] == "Cause"
    assert content["policy"]["stages"][0]["name"] == "Boss"


def test_the_same_form_twice_is_one_change(
    adam: PageClient, kind: dict[str, str], app: Flask
) -> None:
    draft_of_chairs(adam)
    page = adam.get_page(f"{CHAIRS}/draft/form")
    for _each in range(2):
        press(adam, page, f"{CHAIRS}/draft/form", label="Colour", kind="text")
    content = one(app, select(TypeDraft.content))
    assert [each["name"] for each in content["form"]][3:] == ["colour"]
    new = adam.get_page(f"{LIST}/new")
    for _each in range(2):
        press(adam, new, f"{LIST}/new", name="Lamps", prefix="LA")
    assert one(app, select(func.count()).select_from(RequestType)) == 2


def test_what_was_typed_stays_where_something_is_wrong(
    adam: PageClient, kind: dict[str, str]
) -> None:
    page = press(adam, adam.get_page(f"{LIST}/new"), f"{LIST}/new", 422, name="Lamps", prefix="L4")
    assert "must be 2 to 5 letters" in page.text
    page = press(adam, page, f"{LIST}/new", 422, prefix="CH")
    assert "begin with CH already" in page.text
    assert page.form(f"{LIST}/new").values["name"] == "Lamps"
    draft_of_chairs(adam)
    page = add_field(adam, CHAIRS, "Size", "choice")
    here = f"{CHAIRS}/draft/form/size"
    page = press(adam, page, here, 422, choices="s = Small\ns = Tiny")
    assert "line 2 repeats the value “s”" in page.text
    page = press(adam, adam.get_page(f"{CHAIRS}/draft/form/amount"), f"{CHAIRS}/draft/form/amount",
                 422, min_value="5.00", max_value="4.00")  # fmt: skip
    assert "Largest value must not be below Smallest value" in page.text
    here = f"{CHAIRS}/draft/route/finance/condition"
    page = press(adam, adam.get_page(here), here, 422, r0_field="amount", r0_is="contains",
                 r0_value="x")  # fmt: skip
    assert "“Amount” can be compared by: is, is not" in page.text
    page = press(adam, page, here, 422, r0_is="at_least", r0_value="a lot")
    assert page.form(here).values["r0_value"] == "a lot"
    here = f"{CHAIRS}/draft/route/manager/clocks"
    page = press(adam, adam.get_page(here), here, 422, remind="soon")
    assert "must be a time such as 1d" in page.text
    here = f"{CHAIRS}/draft/route/manager"
    page = press(adam, adam.get_page(here), here, 422, who_0="people:", who_people_0="Nobody Known")
    assert "“Nobody Known” is no active colleague" in page.text


def test_clocks_and_people_are_kept_as_typed(
    adam: PageClient, kind: dict[str, str], app: Flask, people: People
) -> None:
    draft_of_chairs(adam)
    here = f"{CHAIRS}/draft/route/manager/clocks"
    page = press(adam, adam.get_page(here), here, remind="1d, 2d", after_0="3d",
                 to_0_0="manager:2", expire="10d")  # fmt: skip
    assert "Reminder after 1 day and 2 days" in page.text
    assert "After 3 days to the manager 2 levels up" in page.text
    here = f"{CHAIRS}/draft/route/finance"
    press(adam, adam.get_page(here), here, who_0="people:",
          who_people_0="Ben Example; carl@example.org", mode="quorum", quorum="2")  # fmt: skip
    content = one(app, select(TypeDraft.content))
    manager, finance = content["policy"]["stages"]
    assert manager["remind_after"] == [480, 960]
    assert manager["escalate"][0]["after"] == 1440
    assert finance["rules"][0]["people"] == [people.ben, people.carl]
    assert (finance["mode"], finance["quorum"]) == ("quorum", 2)
    # What no page shows of a stage stays as it was.
    assert finance["receivers"] == "anyone"


def test_somebody_else_reviews_what_is_published(
    adam: PageClient, cleo: PageClient, app: Flask, kind: dict[str, str]
) -> None:
    draft_of_chairs(adam)
    here, review = f"{CHAIRS}/draft/form/reason", f"{CHAIRS}/draft/review"
    press(adam, adam.get_page(here), here, label="Why")
    page = press(adam, adam.get_page(f"{CHAIRS}/draft/checks"), f"{CHAIRS}/draft/checks",
                 reason_0="Everybody has a manager here.")  # fmt: skip
    page = adam.get_page(review)
    assert f"{CHAIRS}/draft/publish" not in page.response.text
    old = press(adam, page, review)
    assert f"{CHAIRS}/draft/approve" not in old.response.text
    # An edit voids the review.
    press(adam, adam.get_page(here), here, label="Reason, in short")
    assert "asks you to review" not in cleo.get_page(review).text
    press(adam, adam.get_page(review), review)
    page = press(cleo, cleo.get_page(review), f"{CHAIRS}/draft/approve")
    assert "Approved by Cleo Example." in page.text
    page = press(adam, adam.get_page(review), f"{CHAIRS}/draft/publish")
    assert "Version 2 is live" in page.text
    assert "published without a review" not in page.text
    assert one(app, select(PolicyVersion.form).where(PolicyVersion.version == 2))[1]["label"] == (
        "Reason, in short"
    )
    assert "Reason, in short" in adam.get_page("/requests/new/" + CODE).text


def test_nobody_approves_their_own_change(
    adam: PageClient, cleo: PageClient, kind: dict[str, str], app: Flask
) -> None:
    draft_of_chairs(adam)
    here, review = f"{CHAIRS}/draft/form/reason", f"{CHAIRS}/draft/review"
    press(cleo, cleo.get_page(here), here, label="Why")
    press(adam, adam.get_page(f"{CHAIRS}/draft/checks"), f"{CHAIRS}/draft/checks", reason_0="So.")
    press(adam, adam.get_page(review), review)
    values = cleo.get_page(review).form(f"{CHAIRS}/draft/return").values
    page = Page(cleo.post(f"{CHAIRS}/draft/approve", data=values, follow_redirects=True))
    assert "Someone who did not change this draft has to approve it." in page.text
    assert one(app, select(TypeDraft.approved_by)) is None
    values = adam.get_page(review).form(f"{CHAIRS}/draft/return").values
    page = Page(adam.post(f"{CHAIRS}/draft/publish", data=values, follow_redirects=True))
    assert "Someone else has to review this draft" in page.text
    assert one(app, select(func.count()).select_from(PolicyVersion)) == 1


def test_who_made_a_draft_of_a_file_does_not_approve_it(
    adam: PageClient, cleo: PageClient, kind: dict[str, str], app: Flask
) -> None:
    review = f"{CHAIRS}/draft/review"
    text = adam.get(f"{CHAIRS}/versions/1.yaml").text.replace("label: Reason", "label: Why")
    press(adam, adam.get_page(f"{LIST}/import"), f"{LIST}/import", text=text)
    checks = f"{CHAIRS}/draft/checks"
    press(cleo, cleo.get_page(checks), checks, reason_0="So.")
    press(cleo, cleo.get_page(review), review)
    for author in (adam, cleo):
        values = author.get_page(review).form(f"{CHAIRS}/draft/return").values
        page = Page(author.post(f"{CHAIRS}/draft/approve", data=values, follow_redirects=True))
        assert "Someone who did not change this draft has to approve it." in page.text
    assert one(app, select(TypeDraft.approved_by)) is None


def test_a_file_names_people_who_are_there(adam: PageClient, kind: dict[str, str]) -> None:
    text = adam.get(f"{CHAIRS}/versions/1.yaml").text
    text += "policy:\n  stand_ins:\n    - {kind: people, people: [%s]}\n"
    for wrong in ("nobody@example.org", "0192", "urn:uuid:" + "0" * 32):
        page = press(adam, adam.get_page(f"{LIST}/import"), f"{LIST}/import", 422,
                     text=text % f'"{wrong}"')  # fmt: skip
        assert f"nobody has the address {wrong}" in page.text
    press(adam, adam.get_page(f"{LIST}/import"), f"{LIST}/import", text=text % "BEN@example.org")


def test_a_condition_is_shown_as_its_rows_say_it(
    adam: PageClient, kind: dict[str, str], app: Flask
) -> None:
    text = adam.get(f"{CHAIRS}/versions/1.yaml").text
    when = 'when: {all: [[amount, ">=", "2000.00"], [department, "!=", nowhere]]}'
    text = text.replace("condition: amount >= 100000", when)
    press(adam, adam.get_page(f"{LIST}/import"), f"{LIST}/import", text=text)
    told = "Amount is at least €2,000.00 and Requester's department is not nowhere"
    stage = TypeDraft.content["policy"]["stages"][1]
    assert one(app, select(stage["condition_text"])) == told
    with app.app_context():
        content = one(app, select(TypeDraft.content))
        content["policy"]["stages"][1]["condition_text"] = "never"
        db.session.execute(update(TypeDraft).values(content=content))
        db.session.commit()
    assert told in adam.get_page(f"{CHAIRS}/draft/route").text


def test_another_reason_for_a_warning_voids_the_review(
    adam: PageClient, cleo: PageClient, kind: dict[str, str], app: Flask
) -> None:
    draft_of_chairs(adam)
    checks, review = f"{CHAIRS}/draft/checks", f"{CHAIRS}/draft/review"
    press(adam, adam.get_page(checks), checks, reason_0="So.")
    press(adam, adam.get_page(review), review)
    press(cleo, cleo.get_page(review), f"{CHAIRS}/draft/approve")
    assert one(app, select(TypeDraft.approved_by)) is not None
    press(adam, adam.get_page(checks), checks, reason_0="Otherwise.")
    row = select(TypeDraft.approved_by, TypeDraft.sent_by, TypeDraft.reviewed_mark)
    with app.app_context():
        assert tuple(db.session.execute(row).one()) == (None, None, None)


def test_numbers_of_any_length_are_taken_for_an_order(
    adam: PageClient, kind: dict[str, str]
) -> None:
    draft_of_chairs(adam)
    here = f"{CHAIRS}/draft/form"
    values = {"n_amount": "9" * 5000, "n_reason": "1"}
    press(adam, adam.get_page(here), f"{here}/order", **values)


def test_a_field_called_order_has_its_own_page(
    adam: PageClient, kind: dict[str, str], app: Flask
) -> None:
    draft_of_chairs(adam)
    with app.app_context():
        draft = db.session.execute(select(TypeDraft.content)).scalar_one()
        form = [{**draft["form"][1], "name": "order"}, *draft["form"]]
        db.session.execute(update(TypeDraft).values(content={**draft, "form": form}))
        db.session.commit()
    here = f"{CHAIRS}/draft/form/order"
    press(adam, adam.get_page(here), here, label="Order form")
    page = adam.get_page(f"{CHAIRS}/draft/form")
    assert "Order form" in page.text
    press(adam, page, here, n_order="9", n_reason="1")
    assert one(app, select(TypeDraft.content))["form"][0]["name"] == "reason"
    press(adam, adam.get_page(here), here, remove="1")
    assert "Order form" not in adam.get_page(f"{CHAIRS}/draft/form").text


def test_errors_block_and_warnings_need_a_reason(
    adam: PageClient, kind: dict[str, str], app: Flask
) -> None:
    draft_of_chairs(adam)
    amount = f"{CHAIRS}/draft/form/amount"
    press(adam, adam.get_page(amount), amount, remove="1")
    here = f"{CHAIRS}/draft/route/finance"
    press(adam, adam.get_page(here), here, who_0="", fallback_0="")
    page = adam.get_page(f"{CHAIRS}/draft/checks")
    assert "needs a rule that says who is asked" in page.text
    assert "“Line manager” has no fallback" in page.text
    assert "Cannot start yet" in adam.get_page(CHAIRS).text
    assert f"{CHAIRS}/draft/publish" not in adam.get_page(f"{CHAIRS}/draft/review").response.text
    press(adam, adam.get_page(here), here, who_0="group:nobody", status=422)
    press(adam, adam.get_page(here), here, who_0="group:finance")
    page = adam.get_page(f"{CHAIRS}/draft/checks")
    page = press(adam, page, f"{CHAIRS}/draft/checks", reason_0="An administrator decides then.")
    assert page.form(f"{CHAIRS}/draft/checks").values["reason_0"].startswith("An administrator")
    assert f"{CHAIRS}/draft/publish" in adam.get_page(f"{CHAIRS}/draft/review").response.text


def test_everything_is_noted_for_ever(
    adam: PageClient, app: Flask, people: People, kind: dict[str, str]
) -> None:
    draft_of_chairs(adam)
    here = f"{CHAIRS}/draft/form/reason"
    press(adam, adam.get_page(here), here, label="Why")
    with app.app_context():
        kinds = db.session.scalars(select(TypeChange.kind).order_by(TypeChange.at)).all()
        assert kinds == ["drafted", "edited"]
        with pytest.raises(Exception, match="permission denied"):
            db.session.execute(update(TypeChange).values(kind="x"))
        db.session.rollback()


@pytest.mark.parametrize("name", type_files.gallery())
def test_a_type_of_the_gallery_is_added_and_has_no_errors(
    adam: PageClient, name: str, app: Flask
) -> None:
    file = type_files.gallery()[name]
    here = f"{LIST}/gallery/{name}"
    assert here in adam.get_page(f"{LIST}/new").links
    page = press(adam, adam.get_page(here), here, 422, prefix="4")
    assert "must be 2 to 5 letters" in page.text
    groups = {f"group_{code}": "finance" for code in file.groups}
    page = press(adam, page, here, prefix="GA", **groups)
    assert "Type added" in page.text
    page = adam.get_page(f"{page.path}/draft/review")
    assert "Checks has" not in page.text
    page = press(adam, page, page.path.replace("/review", "/publish"))
    assert "Version 1 is live" in page.text
    assert file.content.form[0].label in adam.get_page(f"/requests/new/{name}").text


def test_what_was_exported_imports_to_the_same(
    adam: PageClient, kind: dict[str, str], app: Flask
) -> None:
    text = adam.get(f"{CHAIRS}/versions/1.yaml").text
    assert text.startswith("schema: gloria/type/1\ncode: chairs\n")
    page = press(adam, adam.get_page(f"{LIST}/import"), f"{LIST}/import", text=text)
    assert page.path == CHAIRS
    assert "No differences." in page.text
    page = press(adam, adam.get_page(f"{LIST}/import"), f"{LIST}/import", 422, text=text)
    assert "has a draft already" in page.text
    other = text.replace("code: chairs", "code: lamps").replace("prefix: CH", "prefix: LA")
    page = press(adam, page, f"{LIST}/import", text=other)
    assert page.path == f"{LIST}/lamps"
    with app.app_context():
        chairs, lamps = db.session.scalars(select(TypeDraft.content)).all()
        assert chairs == lamps


def test_a_mistake_in_a_file_is_named_and_the_text_stays(adam: PageClient) -> None:
    text = "schema: gloria/type/1\ncode: x\nprefix: XX\nname: X\nform:\n  - colour: red\n"
    page = press(adam, adam.get_page(f"{LIST}/import"), f"{LIST}/import", 422, text=text)
    assert "line 6: form[0] knows no “colour”" in page.text
    assert "colour: red" in page.response.text


def test_a_condition_is_tried_on_the_newest_requests(
    adam: PageClient, app: Flask, kind: dict[str, str], people: People
) -> None:
    with app.app_context():
        insert_request(kind, people.ana, "CH-1", amount=99999,
                       fields={"amount": 99999, "reason": "x", "offers": []})  # fmt: skip
        insert_request(kind, people.ana, "CH-2", amount=100000,
                       fields={"amount": 100000, "reason": "x", "offers": []})  # fmt: skip
        db.session.commit()
    draft_of_chairs(adam)
    here = f"{CHAIRS}/draft/route/finance/condition"
    page = adam.get_page(here)
    assert "This condition was written by hand: amount >= 100000." in page.text
    page = press(adam, page, here, r0_field="amount", r0_is="at_least", r0_value="1000", more="1")
    assert "Chair CH-1 Skipped CH-1 · €999.99 Not true: Amount is at least €1,000.00" in page.text
    assert "Chair CH-2 Asked CH-2 · €1,000.00" in page.text
    shown_for_examples(adam, f"{CHAIRS}/draft/route")


def shown_for_examples(adam: PageClient, here: str) -> None:
    """The drawn route says what becomes of each stage, and the drawing says the same."""
    page = adam.get_page(f"{here}?try_as=Ana+Example&amount=999.99")
    assert "Skipped: Amount is €999.99" in page.text
    assert "Now: Ben Example" in page.text
    assert "1 person is asked, 1 stage is skipped." in page.text
    drawing = adam.get(f"{here}.svg?try_as=Ana+Example&amount=1000")
    assert drawing.mimetype == "image/svg+xml"
    root = fromstring(drawing.text)
    assert "Asked: Amount is €1,000.00" in "".join(root.itertext())
    assert "Choose the person below" in adam.get_page(f"{here}?try_as=Ana&amount=", 422).text
    odd = adam.get_page(f"{here}?try_as=&amount=1e400&try_priority=x", 422)
    assert "Amount must be" in odd.text
    assert "Skipped:" not in adam.get_page(here).text


def test_a_field_is_shown_by_a_whole_condition(adam: PageClient, kind: dict[str, str]) -> None:
    draft_of_chairs(adam)
    add_field(adam, CHAIRS, "Other offers", "text")
    here = f"{CHAIRS}/draft/form/other_offers/condition"
    page = press(adam, adam.get_page(here), here, r0_field="amount", r0_is="at_least",
                 r0_value="500")  # fmt: skip
    assert page.path == f"{CHAIRS}/draft/form/other_offers"
    assert "Only if Amount is at least €500.00." in page.text
    assert "“Other offers” is shown if Amount is at least €500.00." in adam.get_page(here).text
    assert "Only if Amount is at least €500.00." in adam.get_page(f"{CHAIRS}/draft/preview").text


def test_nobody_else_may(client: PageClient, people: People, kind: dict[str, str]) -> None:
    for person in (people.olga, people.ben):
        sign_in(client, person)
        assert client.get(LIST).status_code == 403
        assert client.get(CHAIRS).status_code == 403


def test_checks_say_who_would_be_stuck(
    adam: PageClient, kind: dict[str, str], people: People
) -> None:
    draft_of_chairs(adam)
    text = adam.get_page(f"{CHAIRS}/draft/checks").text
    tabs = ("Form : Done", "Checks : 1 warning", "Review : Cannot start yet")
    assert [each for each in tabs if each not in text] == []
    assert "3 of 7 people would be stuck at Line manager: they have no manager" in text
    assert "(Adam Example, Dan Example, Eve Example)" in text
    assert "tried for 7 active people" in text
    page = adam.get_page(f"{CHAIRS}/draft/policy")
    page = press(adam, page, f"{CHAIRS}/draft/policy", fallback_0="people:",
                 fallback_people_0="Adam Example")  # fmt: skip
    checks = adam.get_page(f"{CHAIRS}/draft/checks")
    assert "1 of 7 people would be stuck at Line manager: too few others" in checks.text
    assert "Save reasons" not in checks.text
    assert "Nothing stands in the way" not in checks.text
    assert "Checks : Done" in checks.text
    page = adam.get_page(f"{CHAIRS}/draft/policy")
    press(adam, page, f"{CHAIRS}/draft/policy", fallback_0="group:finance", decide_by_token="y")
    assert "whether programs may decide" in adam.get_page(f"{CHAIRS}/draft/review").text
    assert "would be stuck at Line manager" not in adam.get_page(f"{CHAIRS}/draft/checks").text


def test_only_checks_try_the_route_for_more_people_than_a_glance_takes(
    adam: PageClient, kind: dict[str, str], people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft_of_chairs(adam)
    assert "Checks : 1 warning" in adam.get_page(f"{CHAIRS}/draft/form").text
    monkeypatch.setattr(type_checks, "MOST_AT_A_GLANCE", 3)
    page = adam.get_page(f"{CHAIRS}/draft/form")  # whoever may be stuck, with a reason or without
    assert "Checks : " not in page.text
    assert "Review : Cannot start" not in page.text
    page = adam.get_page(f"{CHAIRS}/draft/policy")
    page = press(adam, page, f"{CHAIRS}/draft/policy", fallback_0="people:",
                 fallback_people_0="Adam Example")  # fmt: skip
    assert "Checks : " not in page.text
    assert "Tries the route for everybody who could ask." in adam.get_page(CHAIRS).text
    assert "Checks : Done" in adam.get_page(f"{CHAIRS}/draft/checks").text


def past_requests(
    app: Flask, kind: dict[str, str], who: str, amounts: list[int], target: int | None = None
) -> None:
    with app.app_context():
        db.session.execute(update(RequestType).values(target_minutes=target))
        for n, amount in enumerate(amounts):
            fields = {"amount": amount, "reason": "It broke.", "offers": []}
            insert_request(kind, who, f"CH-{n}", amount=amount, fields=fields)
        db.session.commit()


def test_past_requests_are_tried_by_the_draft(
    adam: PageClient, app: Flask, kind: dict[str, str], people: People
) -> None:
    past_requests(app, kind, people.ana, [5_000, 20_000, 60_000, 150_000], target=720)
    draft_of_chairs(adam)
    here = f"{CHAIRS}/draft/past"
    assert "not tried on past requests yet" in adam.get_page(here).text
    page = adam.get_page(f"{CHAIRS}/draft/route/finance/condition")
    press(adam, page, f"{CHAIRS}/draft/route/finance/condition", r0_field="amount",
          r0_is="at_least", r0_value="500.00")  # fmt: skip
    page = press(adam, adam.get_page(here), here, days="30")
    assert "4 requests submitted" in page.text
    assert "live version 1 against revision 2" in page.text
    text = " ".join(page.text.split())
    assert "Same route 3 75% of 4 More stages 1 1: Finance" in text
    assert "Stuck 0" in text
    assert "Within the target (1.5)" in text
    assert "CH-2" in page.text
    assert "CH-3" not in page.text
    assert "CH-2,Chair CH-2,Ana Example,600.00,EUR,1 more" in adam.get(f"{here}.csv").text
    page = adam.get_page(f"{here}?fate=more&from=7")
    assert "CH-2" in page.text
    add_field(adam, CHAIRS, "Colour", "text")
    assert "Out of date" in adam.get_page(here).text
    assert one(app, select(RequestType.next_number)) == 1001


def test_a_large_back_test_is_left_to_the_worker(
    adam: PageClient, app: Flask, kind: dict[str, str], people: People,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(back_tests, "AT_ONCE", 1)
    past_requests(app, kind, people.ana, [5_000, 150_000])
    draft_of_chairs(adam)
    here = f"{CHAIRS}/draft/past"
    page = press(adam, adam.get_page(here), here, days="365")
    assert "Back-test under way" in page.text
    assert "0 of 2 requests" in page.text
    assert adam.get(f"{here}/state").json["done"] is False
    with app.app_context():
        watch = BackTestWatch(db.engine)
        assert watch.next()
        assert not watch.next()
    assert adam.get(f"{here}/state").json["done"] is True
    assert "Every request would have gone the same way." in adam.get_page(here).text


def test_stages_are_made_from_amounts(adam: PageClient, kind: dict[str, str]) -> None:
    draft_of_chairs(adam)
    here = f"{CHAIRS}/draft/bands"
    rows = {
        "name_0": "Lead", "who_0": "manager:1",
        "least_1": "1,000.00", "name_1": "Money", "who_1": "group:finance", "votes_1": "2",
    }  # fmt: skip
    page = press(adam, adam.get_page(here), here, 422, **{**rows, "least_0": "1.00"})
    assert "Nobody is asked below €1.00" in page.text
    page = press(adam, page, here, 422, **{**rows, "least_0": "1,000.00"})
    assert "Two bands begin at €1,000.00" in page.text
    page = press(adam, page, here, 422, **{**rows, "least_0": "", "who_1": ""})
    assert "choose who is asked" in page.text
    page = press(adam, page, here, **{**rows, "least_0": ""})
    assert "Draft saved." in page.text
    assert "2 people of: the group Finance" in page.text
    assert "Amount is at least €1,000.00" in page.text
    values = adam.get_page(here).form(here).values
    assert (values["least_1"], values["votes_1"]) == ("1000.00", "2")
    page = adam.get_page(here)
    press(adam, page, here, least_2="5,000.00", name_2="Top", who_2="role:admin", adding="")
    text = adam.get_page(f"{CHAIRS}/draft/route").text
    assert "Amount is less than €1,000.00 or Amount is empty" in text
    assert "Amount is at least €1,000.00 and Amount is less than €5,000.00" in text


def test_an_invented_request_shows_its_route(
    adam: PageClient, app: Flask, kind: dict[str, str]
) -> None:
    draft_of_chairs(adam)
    here = f"{CHAIRS}/draft/try"
    page = adam.get_page(here)
    assert "Number of files in Offers" in page.text
    page = press(adam, page, here, 422, amount="much", reason="x")
    assert "There is a problem" in page.text
    page = press(adam, page, here, try_as="Ana Example", amount="1,000.00", reason="Broken",
                 offers="2")  # fmt: skip
    assert "Ben Example" in page.text
    assert "Cleo Example" in page.text
    page = press(adam, page, here, try_as="Ana Example", amount="999.99", reason="Broken")
    assert "Skipped" in page.text
    assert one(app, select(RequestType.next_number)) == 1001


def test_only_some_may_ask(
    adam: PageClient, app: Flask, kind: dict[str, str], people: People
) -> None:
    draft_of_chairs(adam)
    here = f"{CHAIRS}/draft/askers"
    page = press(adam, adam.get_page(here), here, 422, whom="some")
    assert "Tick at least one group or department." in page.text
    page = press(adam, page, here, whom="some", groups="finance")
    assert "Only Finance." in page.text
    checks = adam.get_page(f"{CHAIRS}/draft/checks")
    assert "tried for 2 active people" in checks.text
    text = press(adam, adam.get_page(f"{CHAIRS}/draft/try"), f"{CHAIRS}/draft/try",
                 try_as="Ana Example", amount="9", reason="x").text  # fmt: skip
    assert "This person may not ask for it" in text
    warned = {name: "So be it." for name in checks.form(f"{CHAIRS}/draft/checks").values
              if name.startswith("reason_")} if "Save reasons" in checks.text else {}  # fmt: skip
    if warned:
        press(adam, checks, f"{CHAIRS}/draft/checks", **warned)
    press(adam, adam.get_page(f"{CHAIRS}/draft/review"), f"{CHAIRS}/draft/publish")
    ana, cleo = PageClient(app), PageClient(app)
    sign_in(ana, people.ana)
    sign_in(cleo, people.cleo)
    assert "Chairs" not in ana.get_page("/requests/new").text
    assert ana.get(f"/requests/new/{CODE}?form=x").status_code == 403
    assert "Chairs" in cleo.get_page("/requests/new").text
    cleo.get_page(f"/requests/new/{CODE}")
    version = one(app, select(RequestType.policy_version_id))
    with app.app_context():
        assert not request_types.may_ask_by(version, people.ana)
        assert request_types.may_ask_by(version, people.cleo)


def test_a_draft_is_published_from_a_day_on(
    adam: PageClient, app: Flask, kind: dict[str, str]
) -> None:
    draft_of_chairs(adam)
    page = press(adam, adam.get_page(f"{CHAIRS}/draft/policy"), f"{CHAIRS}/draft/policy",
                 fallback_0="group:finance")  # fmt: skip
    to, review = f"{CHAIRS}/draft/publish", f"{CHAIRS}/draft/review"
    page = press(adam, adam.get_page(review), to, 422, when="later", day="2001-02-03")
    assert "Enter a day after today." in page.text
    page = press(adam, page, to, when="later", day="2099-02-03")
    assert "Version 2 goes live on" in page.text
    assert "Scheduled" in adam.get_page(CHAIRS).text
    page = press(adam, adam.get_page(review), f"{CHAIRS}/draft/unschedule")
    assert "The day is taken back." in page.text
    page = press(adam, page, to, when="later", day="2099-02-03")
    add_field(adam, CHAIRS, "Colour", "text")
    assert one(app, select(TypeDraft.publish_at)) is None
    press(adam, adam.get_page(review), to, when="later", day="2099-02-03")
    with app.app_context():
        watch = PublicationWatch(db.engine)
        assert not watch.next()
        past = func.now() - timedelta(minutes=1)
        db.session.execute(update(TypeDraft).values(publish_at=past))
        db.session.commit()
        assert watch.next()
        assert not watch.next()
    assert one(app, select(func.max(PolicyVersion.version))) == 2
    assert "Version 2 published" in adam.get_page(CHAIRS).text
    assert "Colour" in adam.get_page("/requests/new/" + CODE).text


def export(who: PageClient, number: int) -> str:
    return str(who.get(f"{CHAIRS}/versions/{number}.yaml").text)


def publish_with_reasons(adam: PageClient) -> None:
    checks = adam.get_page(f"{CHAIRS}/draft/checks")
    if "Save reasons" in checks.text:
        names = checks.form(f"{CHAIRS}/draft/checks").values
        reasons = {each: "Known." for each in names if each.startswith("reason_")}
        press(adam, checks, f"{CHAIRS}/draft/checks", **reasons)
    page = press(adam, adam.get_page(f"{CHAIRS}/draft/review"), f"{CHAIRS}/draft/publish")
    assert "is live" in page.text


def test_what_was_exported_imports_to_the_same_version(
    adam: PageClient, app: Flask, kind: dict[str, str]
) -> None:
    draft_of_chairs(adam)
    page = adam.get_page(f"{CHAIRS}/draft/route/finance/condition")
    press(adam, page, f"{CHAIRS}/draft/route/finance/condition", r0_field="amount",
          r0_is="at_least", r0_value="500.00", g0_field="reason", g0_is="contains",
          g0_value="“seat”: #1")  # fmt: skip
    page = adam.get_page(f"{CHAIRS}/draft/askers")
    press(adam, page, f"{CHAIRS}/draft/askers", whom="some", groups="finance")
    publish_with_reasons(adam)
    text = export(adam, 2)
    assert "groups:" in text
    press(adam, adam.get_page(f"{LIST}/import"), f"{LIST}/import", text=text)
    publish_with_reasons(adam)
    assert export(adam, 3) == text
    same = select(PolicyVersion.form, PolicyVersion.definition).order_by(PolicyVersion.version)
    with app.app_context():
        rows = db.session.execute(same).all()
    assert tuple(rows[1]) == tuple(rows[2])
