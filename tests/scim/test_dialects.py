"""What Entra and Okta send, as their documents have it, and what becomes of it here."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.people.absence import ChangeKind
from portal.extensions import db
from portal.models import Group, GroupMember, PeopleChange, User
from tests.scim.bodies import ENTERPRISE, ENTRA_USER, OKTA_USER, PATCH, at_entra
from tests.scim.conftest import Provider
from tests.web import People


def row(app: Flask, person_id: str) -> User:
    with app.app_context():
        return db.session.get_one(User, person_id)


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}


def test_entra_provisions_changes_and_takes_away_somebody(
    app: Flask, people: People, provider: Provider
) -> None:
    asked = provider("GET", '/Users?filter=externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"')
    assert (asked.status_code, asked.get_json()["totalResults"]) == (200, 0)
    made = provider("POST", "/Users", ENTRA_USER)
    assert made.status_code == 201, made.text
    body, there = made.get_json(), f"/Users/{made.get_json()['id']}"
    assert made.headers["Location"].endswith(there)
    assert made.headers["ETag"] == body["meta"]["version"]
    person = row(app, body["id"])
    assert (person.name, person.email) == ("lennay", "anna33@gmail.com")
    assert_entra_changes(app, there, people.ben, provider)


def assert_entra_changes(app: Flask, there: str, manager_id: str, provider: Provider) -> None:
    # The manager as a bare id; the address by a filter that fits none; a boolean as text.
    changed = provider(
        "PATCH", there,
        patch(
            {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": manager_id},
            {"op": "Replace", "path": 'emails[type eq "home"].value', "value": "anna@example.org"},
            {"op": "Replace", "path": "title", "value": "Buyer"},
            {"op": "Replace", "path": "name.familyName", "value": "Lee"},
            {"op": "Add", "value": {f"{ENTERPRISE}:employeeNumber": "E-77", "phoneNumbers": []}},
        ),
    )  # fmt: skip
    assert changed.status_code == 200, changed.text
    person = row(app, changed.get_json()["id"])
    assert (person.manager_id, person.job_title) == (manager_id, "Buyer")
    assert person.employee_no == "E-77"
    # Where none is of that kind it is added: the one for work stays, and is where mails go.
    kept = {each["type"]: each["value"] for each in changed.get_json()["emails"]}
    assert kept == {"work": "anna33@gmail.com", "home": "anna@example.org"}
    assert person.email == "anna33@gmail.com"
    new = {"op": "Replace", "path": 'emails[type eq "work"].value'}
    for gone in ((), ({"op": "Remove", "path": "emails"},)):
        value = f"lee{len(gone)}@example.org"
        moved = provider("PATCH", there, patch(*gone, new | {"value": value}))
        assert row(app, moved.get_json()["id"]).email == value
    assert changed.get_json()["name"]["familyName"] == "Lee"


def test_entra_takes_somebody_away_who_comes_back(
    app: Flask, people: People, provider: Provider
) -> None:
    body = provider("POST", "/Users", ENTRA_USER).get_json()
    there = f"/Users/{body['id']}"
    left = provider("PATCH", there, patch({"op": "Replace", "path": "active", "value": "False"}))
    assert left.get_json()["active"] is False
    assert not row(app, body["id"]).is_active
    assert provider("DELETE", there).status_code == 204
    assert provider("GET", there).status_code == 404
    # The same person comes back under the same id: the record knows them.
    again = provider("POST", "/Users", ENTRA_USER)
    assert (again.status_code, again.get_json()["id"]) == (201, body["id"])
    assert row(app, body["id"]).is_active
    with app.app_context():
        kinds = select(PeopleChange.kind).where(PeopleChange.person_id == body["id"])
        wanted = {ChangeKind.ADDED, ChangeKind.DEACTIVATED, ChangeKind.ACTIVATED}
        assert wanted <= set(db.session.scalars(kinds))
        notes = select(PeopleChange.note).where(PeopleChange.person_id == body["id"])
        assert set(db.session.scalars(notes)) == {"SCIM: Entra"}


def test_entra_keeps_a_group(app: Flask, people: People, provider: Provider) -> None:
    made = provider("POST", "/Groups", at_entra("Buyers", "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159"))
    assert made.status_code == 201, made.text
    there = f"/Groups/{made.get_json()['id']}"
    found = provider("GET", '/Groups?excludedAttributes=members&filter=displayName eq "buyers"')
    assert found.get_json()["Resources"][0]["id"] == made.get_json()["id"]
    assert "members" not in found.get_json()["Resources"][0]
    assert members_of(app, "Buyers") == set()
    both = [{"value": people.ana}, {"value": people.ben}]
    joined = provider("PATCH", there, patch({"op": "Add", "path": "members", "value": both}))
    assert joined.status_code == 204
    assert members_of(app, "Buyers") == {people.ana, people.ben}
    one = f'/Groups?filter=id eq "{made.get_json()["id"]}" and members eq "{people.ana}"'
    assert provider("GET", one).get_json()["totalResults"] == 1
    gone = patch({"op": "Remove", "path": "members", "value": [{"value": people.ana}]})
    assert provider("PATCH", there, gone).status_code == 204
    assert members_of(app, "Buyers") == {people.ben}
    named = patch({"op": "Replace", "path": "displayName", "value": "Purchasing"})
    assert provider("PATCH", there, named).status_code == 204
    assert provider("DELETE", there).status_code == 204
    assert provider("GET", there).status_code == 404
    assert members_of(app, "Purchasing") == set()


def members_of(app: Flask, name: str) -> set[str]:
    with app.app_context():
        joined = select(GroupMember.user_id).join(Group, Group.id == GroupMember.group_id)
        return set(db.session.scalars(joined.where(Group.name == name)))


def test_okta_provisions_and_deactivates_somebody(
    app: Flask, people: People, provider: Provider
) -> None:
    wanted = '/Users?filter=userName eq "test.user@okta.example.org"&startIndex=1&count=100'
    assert provider("GET", wanted).get_json()["Resources"] == []
    made = provider("POST", "/Users", OKTA_USER)
    assert made.status_code == 201, made.text
    body = made.get_json()
    assert "password" not in made.text
    assert row(app, body["id"]).password_hash is None
    assert provider("POST", "/Users", OKTA_USER).get_json()["scimType"] == "uniqueness"
    there = f"/Users/{body['id']}"
    renamed = OKTA_USER | {"name": {"givenName": "Another", "familyName": "User"}}
    del renamed["displayName"]
    put = provider("PUT", there, renamed | {"id": body["id"]})
    assert put.status_code == 200, put.text
    assert row(app, body["id"]).name == "Another User"
    off = provider("PATCH", there, patch({"op": "replace", "value": {"active": False}}))
    assert (off.status_code, off.get_json()["active"]) == (200, False)
    on = provider("PUT", there, renamed | {"active": True})
    assert on.get_json()["active"] is True


def test_okta_pushes_a_group(app: Flask, people: People, provider: Provider) -> None:
    body = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Test SCIMv2",
        "members": [{"value": people.eve, "display": "eve@example.org"}],
    }
    made = provider("POST", "/Groups", body)
    assert made.status_code == 201, made.text
    there = f"/Groups/{made.get_json()['id']}"
    rename = {"op": "replace", "value": {"id": made.get_json()["id"], "displayName": "Push"}}
    assert provider("PATCH", there, patch(rename)).status_code == 204
    swapped = patch(
        {"op": "remove", "path": f'members[value eq "{people.eve}"]'},
        {"op": "add", "path": "members", "value": [{"value": people.dan, "display": "dan"}]},
    )
    assert provider("PATCH", there, swapped).status_code == 204
    assert members_of(app, "Push") == {people.dan}
    assert provider("GET", there).get_json()["members"][0]["value"] == people.dan


@pytest.mark.parametrize("name", ["ana", "adam"])
def test_who_is_here_already_is_found_and_adopted(
    app: Flask, people: People, provider: Provider, name: str
) -> None:
    found = provider("GET", f'/Users?filter=userName eq "{name.upper()}@example.org"').get_json()
    assert [each["id"] for each in found["Resources"]] == [getattr(people, name)]
    there = f"/Users/{getattr(people, name)}"
    before = row(app, getattr(people, name))
    linked = provider("PATCH", there, patch({"op": "Add", "path": "externalId", "value": "x-1"}))
    assert (linked.status_code, linked.get_json()["externalId"]) == (200, "x-1")
    after = row(app, getattr(people, name))
    assert (after.name, after.email, after.roles) == (before.name, before.email, before.roles)
