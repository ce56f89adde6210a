"""What a provider may, what it may not, and how both are told."""

from typing import Any

from flask import Flask
from sqlalchemy import select, update

from portal.domain.people.tokens import OF_SERVICES, Scope
from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage
from portal.extensions import db
from portal.models import AuditAct, Department, PeopleReview, TypeDraft, User
from tests.api.conftest import make_program  # noqa: F401
from tests.asking import insert_type
from tests.clients import PageClient, sign_in
from tests.scim.bodies import ENTERPRISE, OKTA_USER
from tests.scim.conftest import Provider
from tests.scim.test_dialects import patch, row
from tests.web import People

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
OFF = patch({"op": "replace", "path": "active", "value": False})


def found(provider: Provider, asked: str, kind: str = "Users") -> set[str]:
    answer = provider("GET", f"/{kind}?filter={asked}")
    assert answer.status_code == 200, answer.text
    return {each["id"] for each in answer.get_json()["Resources"]}


def refusal(answer: Any) -> tuple[int, str | None]:
    body = answer.get_json()
    assert answer.mimetype == "application/scim+json"
    assert (body["schemas"], body["status"]) == ([ERROR], str(answer.status_code))
    return answer.status_code, body.get("scimType")


def test_who_leaves_is_treated_as_on_the_page(
    app: Flask, people: People, provider: Provider
) -> None:
    with app.app_context():
        headed = update(Department).where(Department.id.is_not(None)).values(head_id=people.ben)
        db.session.execute(headed)
        db.session.commit()
    client = PageClient(app)
    sign_in(client, people.ben)
    assert provider("PATCH", f"/Users/{people.ben}", OFF).status_code == 200
    # Dan stood above Ben: he manages Ana now and heads what Ben headed; Ben is signed out.
    assert row(app, people.ana).manager_id == people.dan
    assert client.get("/inbox").status_code == 302
    with app.app_context():
        assert set(db.session.scalars(select(Department.head_id))) == {people.dan}
        assert people.ben in set(db.session.scalars(select(PeopleReview.person_id)))
        acts = select(AuditAct.data).where(AuditAct.subject == people.ben)
        assert "deactivated" in {data.get("change") for data in db.session.scalars(acts)}
    # The last administrator stays, and an administrator's address is not a provider's to write.
    last = provider("DELETE", f"/Users/{people.adam}")
    assert refusal(last) == (403, None)
    stolen = patch({"op": "replace", "path": "emails", "value": [{"value": "eve@evil.example"}]})
    assert refusal(provider("PATCH", f"/Users/{people.adam}", stolen)) == (403, None)
    adam = row(app, people.adam)
    assert (adam.is_active, adam.email) == (True, "adam@example.org")
    with app.app_context():
        refused = select(AuditAct.id).where(AuditAct.kind == "refused")
        assert db.session.scalars(refused).first() is not None


def test_policies_that_name_who_leaves_get_a_draft(
    app: Flask, people: People, provider: Provider
) -> None:
    rules = (ApproverRule(kind=RuleKind.PEOPLE, people=(people.ben, people.eve)),)
    with app.app_context():
        insert_type("board", Policy(stages=(Stage(key="b", name="Board", rules=rules),)))
        db.session.commit()
    assert provider("DELETE", f"/Users/{people.ben}").status_code == 204
    with app.app_context():
        draft = db.session.scalars(select(TypeDraft)).one()
        (stage,) = draft.content["policy"]["stages"]
        assert stage["rules"][0]["people"] == [people.dan, people.eve]
        assert (draft.editors, draft.updated_by) == ([], None)
        acts = select(AuditAct.actor, AuditAct.data).where(AuditAct.kind == "type_changed")
        said = db.session.execute(acts).all()
    assert {(actor, data["change"], data["by"]) for actor, data in said} == {
        ("system", "drafted", "SCIM: Entra"), ("system", "edited", "SCIM: Entra"),
    }  # fmt: skip
    client = PageClient(app)
    sign_in(client, people.adam)
    assert "SCIM: Entra" in client.get_page("/admin/types/board").text
    assert client.get("/admin/types").status_code == 200


def test_filters_pages_and_versions(app: Flask, people: People, provider: Provider) -> None:
    ana, ben = people.ana, people.ben
    assert found(provider, 'userName eq "ANA@example.org" and active eq true') == {ana}
    assert found(provider, f'{ENTERPRISE}:manager.value eq "{ben}" or displayName sw "be"') == {
        ana,
        ben,
    }
    assert people.inga not in found(provider, "active eq true")
    assert found(provider, f'not (id ne "{ana}")') == {ana}
    assert found(provider, 'emails[type eq "work" and value eq "ana@example.org"]') == {ana}
    assert found(provider, 'externalId eq "x"') == found(provider, "externalId pr") == set()
    assert found(provider, f'members.value eq "{people.cleo}"', "Groups")
    for asked in ('locale eq "x"', "active eq 1", 'meta.created gt "never"', "userName eq", "((("):
        assert refusal(provider("GET", f"/Users?filter={asked}")) == (400, "invalidFilter")
    whole = provider("GET", "/Users?count=200&sortBy=displayName").get_json()
    names = [each["displayName"] for each in whole["Resources"]]
    assert (whole["totalResults"], names) == (9, sorted(names))
    part = provider("GET", "/Users?count=2&startIndex=3&sortBy=displayName").get_json()
    assert [each["displayName"] for each in part["Resources"]] == names[2:4]
    assert (part["totalResults"], part["startIndex"], part["itemsPerPage"]) == (9, 3, 2)
    there = f"/Users/{ana}"
    first = provider("GET", there)
    mark = first.headers["ETag"]
    assert provider("GET", there, If_None_Match=mark).status_code == 304
    title = patch({"op": "add", "path": "title", "value": "Head"})
    changed = provider("PATCH", there, title, If_Match=mark)
    assert (changed.status_code, changed.headers["ETag"] == mark) == (200, False)
    assert refusal(provider("PATCH", there, title, If_Match=mark)) == (412, None)
    assert changed.get_json()["meta"]["lastModified"] > first.get_json()["meta"]["lastModified"]


def test_errors_are_told_as_the_standard_has_them(
    app: Flask,
    people: People,
    provider: Provider,
    make_program: Any,  # noqa: F811
) -> None:
    visitor = PageClient(app).get("/scim/v2/Users")
    assert refusal(visitor) == (401, None)
    assert visitor.headers["WWW-Authenticate"].startswith("Bearer")
    assert refusal(PageClient(app).get("/scim/v2")) == (401, None)
    others = make_program("", *(OF_SERVICES - {Scope.PEOPLE_PROVISION}))
    owned = make_program("adam", Scope.PEOPLE_PROVISION)
    for program in (others, owned):
        headers = {"Authorization": f"Bearer {program.secret}"}
        assert refusal(PageClient(app).get("/scim/v2/Users", headers=headers)) == (403, None)
    assert refusal(provider("GET", "/Users/nobody")) == (404, None)
    assert refusal(provider("GET", "/Nothing")) == (404, None)
    assert refusal(provider("PUT", "/Users")) == (405, None)
    assert refusal(provider("POST", "/Bulk", {})) == (501, None)
    assert refusal(provider("GET", "/Me")) == (501, None)


def test_what_cannot_be_is_refused(app: Flask, people: People, provider: Provider) -> None:
    there = f"/Users/{people.ana}"
    for body in (
        {"userName": "x", "schemas": [], "displayName": "a\x00b"},
        OKTA_USER | {"userName": " "},
        OKTA_USER | {"userName": "x" * 400},
        OKTA_USER | {"title": "x" * 1_000},
        OKTA_USER | {"emails": [{"value": "no address", "primary": True}]},
        OKTA_USER | {"displayName": "x" * 400_000},
        OKTA_USER | {"active": 10**400},
        {}, [], "x", None,
    ):  # fmt: skip
        assert refusal(provider("POST", "/Users", body))[0] == 400
        assert refusal(provider("PUT", there, body))[0] == 400
    assert refusal(provider("POST", "/Users", {"x": "y" * 600_000}))[0] == 413
    manager = f"{ENTERPRISE}:manager"
    for wrong in ("nobody", people.inga, people.ana):
        change = patch({"op": "add", "path": manager, "value": wrong})
        assert refusal(provider("PATCH", there, change)) == (400, "invalidValue")
    members = patch({"op": "add", "path": "members", "value": [{"value": "nobody"}]})
    group = next(iter(found(provider, "displayName pr", "Groups")))
    assert refusal(provider("PATCH", f"/Groups/{group}", members)) == (400, "invalidValue")
    taken = OKTA_USER | {"emails": [{"value": "ANA@example.org", "primary": True}]}
    assert refusal(provider("POST", "/Users", taken)) == (409, "uniqueness")
    with app.app_context():
        assert db.session.scalar(select(User.name).where(User.id == people.ana)) == "Ana Example"


def test_a_page_says_who_keeps_somebody(app: Flask, people: People, provider: Provider) -> None:
    made = provider("POST", "/Users", OKTA_USER).get_json()
    client = PageClient(app)
    sign_in(client, people.adam)
    page = client.get(f"/admin/people/{made['id']}").text
    assert "Managed by Entra" in page
    assert page.count("From Entra") == 3  # name, address and language
    assert "Entra, by SCIM" in page
    assert "Managed by" not in client.get(f"/admin/people/{people.ana}").text
    assert "may write over" in client.get(f"/admin/people/{made['id']}/edit").text
    # What was changed by hand no longer comes from there, and stays where nothing new is written.
    with app.app_context():
        db.session.execute(update(User).where(User.id == made["id"]).values(name="Tess User"))
        db.session.commit()
    assert client.get(f"/admin/people/{made['id']}").text.count("From Entra") == 2
    there = f"/Users/{made['id']}"
    assert provider("GET", there).get_json()["displayName"] == "Tess User"
