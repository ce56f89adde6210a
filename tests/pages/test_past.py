"""People, departments, groups and types as they stood: to read only, and judged as of now."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from sqlalchemy import create_engine, delete, func, insert, select, text, update

from portal.config import Settings
from portal.domain.codec import encode
from portal.domain.people.organisation import UnitKind
from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage
from portal.extensions import db
from portal.forms.moment import in_address
from portal.models import (
    Delegation,
    Department,
    Group,
    GroupMember,
    PolicyVersion,
    RequestType,
    User,
)
from portal.models.columns import new_id
from portal.queries import organisation, staff, validity
from tests.asking import CODE, FORM, insert_type
from tests.clients import Page, PageClient, sign_in
from tests.pages.test_gaps import change
from tests.pages.test_then import UNKNOWN, acts_of
from tests.web import People


@pytest.fixture
def adam(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.adam)
    return client


def moment(app: Flask) -> str:
    """Now, by the clock of what is kept."""
    with app.app_context():
        return in_address(db.session.scalars(select(func.clock_timestamp())).one())


def only_to_read(client: PageClient, page: Page) -> bool:
    """Whether nothing can be posted from the page but what the frame of every page has."""
    return acts_of(page) <= acts_of(client.get_page("/profile"))


def changed_eve(app: Flask, people: People) -> str:
    """Much becomes of Eve, and then less; the moment between."""
    art, board = new_id(), new_id()
    change(
        app,
        insert(Department).values(id=art, code="ART", name="Art", head_id=people.eve),
        insert(Group).values(id=board, code="board", name="The Board"),
        insert(GroupMember).values(group_id=board, user_id=people.eve),
        insert(Delegation).values(
            delegator_id=people.eve, delegate_id=people.ben, created_by=people.eve,
            starts_at=func.now(), ends_at=func.now() + text("interval '3 days'"),
        ),
        update(User).where(User.id == people.eve).values(name="Eve Young", job_title="Curator"),
    )  # fmt: skip
    then = moment(app)
    change(
        app,
        delete(GroupMember).where(GroupMember.group_id == board),
        update(User).where(User.id == people.eve).values(name="Eve Old", is_active=False),
    )
    return then


def test_a_person_as_they_were(app: Flask, adam: PageClient, people: People) -> None:
    here, before, then = f"/admin/people/{people.eve}", moment(app), changed_eve(app, people)
    page = adam.get_page(f"{here}?at={then}")
    assert page.heading == "Eve Young"
    for words in ("As of", "Curator", "The Board", "Art", "Ben Example decides instead"):
        assert words in page.text
    assert "Inactive" not in page.text
    assert only_to_read(adam, page)
    assert here in page.links
    first = adam.get_page(f"{here}?at={before}")
    assert first.heading == "Eve Example"
    assert "Not in any group." in first.text
    assert "No absence was on or planned." in first.text
    newer = [link for link in first.links if link.startswith(f"{here}?at=")]
    assert any(adam.get_page(link).heading == "Eve Young" for link in newer)
    assert any(form.action == here for form in adam.get_page(here).document.forms)


def changed_units(app: Flask, people: People) -> tuple[str, str, str]:
    """A department and a group are made, and become less; their ids and the moment between."""
    art, board = new_id(), new_id()
    change(
        app,
        insert(Department).values(id=art, code="ART", name="Art", head_id=people.ben),
        insert(Group).values(id=board, code="board", name="The Board", purpose="Money."),
        insert(GroupMember).values(group_id=board, user_id=people.eve),
        update(User).where(User.id == people.eve).values(department_id=art),
    )
    then = moment(app)
    change(
        app,
        update(Department).values(name="Fine Art", head_id=None),
        delete(GroupMember).where(GroupMember.group_id == board),
        update(User).values(department_id=None),
    )
    return art, board, then


def test_units_as_they_were(app: Flask, adam: PageClient, people: People) -> None:
    before, (art, board, then) = moment(app), changed_units(app, people)
    for here, name, others in (
        (f"/admin/departments/{art}", "Art", ["Ben Example", "Eve Example", "1 person"]),
        (f"/admin/groups/{board}", "The Board", ["Eve Example", "Money.", "1 active person"]),
    ):
        page = adam.get_page(f"{here}?at={then}")
        assert page.heading == name
        assert all(words in page.text for words in ["As of", *others])
        assert only_to_read(adam, page)
        assert f"/admin/people/{people.eve}?at={then}" in page.links
        none = adam.get_page(f"{here}?at={before}", 404)
        assert none.heading == "It did not exist yet"
        ways = [link for link in none.links if link.startswith(f"{here}?at=")]
        assert [adam.get_page(link).heading for link in ways] == [name]
        assert any(form.action == here for form in adam.get_page(here).document.forms)


def changed_type(app: Flask, people: People) -> str:
    """A second version of a type goes into force; the moment before."""
    first, second = (
        Policy(stages=(Stage(key="k", name=name, rules=(rule,)),))
        for rule in [ApproverRule(kind=RuleKind.PEOPLE, people=(people.eve,))]
        for name in ("One desk", "Another desk")
    )
    with app.app_context():
        ids = insert_type(policy=first)
        db.session.commit()
    then = moment(app)
    version = {"id": new_id(), "version": 2, "request_type_id": ids["type"]}
    content = {"form": encode(FORM), "definition": encode(second)}
    now = {"policy_version_id": version["id"], "is_active": False, "target_minutes": 960}
    change(
        app,
        insert(PolicyVersion).values(**version, **content),
        update(RequestType).values(**now),
        update(User).where(User.id == people.eve).values(name="Eve Old"),
    )
    return then


def test_a_type_as_it_was_has_the_version_of_then(
    app: Flask, adam: PageClient, people: People
) -> None:
    here, then = f"/admin/types/{CODE}", changed_type(app, people)
    page, later = adam.get_page(f"{here}?at={then}"), adam.get_page(f"{here}?at={moment(app)}")
    assert all(words in page.text for words in ("One desk", "Live", "Eve Example"))
    assert "Another desk" not in page.text
    assert only_to_read(adam, page)
    assert all(words in later.text for words in ("Another desk", "Retired", "2 days", "Eve Old"))
    assert any(form.action == here for form in adam.get_page(here).document.forms)


def test_what_was_there_when_the_histories_began(
    app: Flask, adam: PageClient, people: People, settings: Settings
) -> None:
    owner = create_engine(settings.owner_sqlalchemy_url)
    with owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE portal.user_history SET known_since = now(), during = '(,)' WHERE id = :e"
            ),
            {"e": people.eve},
        )
    owner.dispose()
    here = f"/admin/people/{people.eve}"
    assert "It is taken to have been so before." in adam.get_page(f"{here}?at=2001-02-03").text
    assert "taken to have been" not in adam.get_page(f"{here}?at={moment(app)}").text


def test_moments_of_which_nothing_is_known(app: Flask, adam: PageClient, people: People) -> None:
    with app.app_context():
        insert_type()
        db.session.commit()
    for here in (f"/admin/people/{people.eve}", f"/admin/types/{CODE}"):
        for at, status, words in UNKNOWN:
            words = words if status == 400 else "was added later"
            answer = adam.get(here, query_string={"at": at})
            assert (here, at[:40], answer.status_code) == (here, at[:40], status)
            assert words in answer.text or at == "2000-01-01T00:00:00 01:00"


def test_whoever_may_not_see_it_now_may_not_see_it_then(
    app: Flask, client: PageClient, people: People
) -> None:
    sign_in(client, people.eve)
    at = moment(app)
    for here in (
        f"people/{people.eve}",
        f"groups/{new_id()}",
        f"departments/{new_id()}",
        "types/x",
    ):
        assert client.get(f"/admin/{here}?at={at}").status_code == 403


# What is done to a few people, a group and a department, one transaction each.
PERSON, OTHER, GROUP, UNIT = (str(UUID(int=n)) for n in (1, 2, 3, 4))
CHANGES: dict[str, Any] = {
    "join": insert(GroupMember).values(group_id=GROUP, user_id=PERSON),
    "leave": delete(GroupMember).where(GroupMember.user_id == PERSON),
    "rename": update(User).where(User.id == OTHER).values(name=User.name + "x"),
    "retire": update(User).where(User.id == PERSON).values(is_active=~User.is_active),
    "enter": update(User).where(User.id == PERSON).values(department_id=UNIT),
    "manage": update(User).where(User.id == PERSON).values(manager_id=OTHER),
    "free": update(User).where(User.id == PERSON).values(manager_id=None, department_id=None),
    "head": update(Department).values(head_id=OTHER),
    "call": update(Department).values(name=Department.name + "y"),
    "mean": update(Group).values(purpose=Group.purpose + "z"),
}


def now_of() -> dict[str, Any]:
    """What pages of now say."""
    person = staff.profile(PERSON)
    assert person is not None
    return {
        "person": [getattr(person, name) for name in SAME],
        "groups": list(person.groups.values()),
        "group": organisation.groups(GROUP)[0],
        "department": organisation.departments(UNIT)[0],
        "members": organisation.members(UnitKind.GROUP, GROUP),
        "people": organisation.members(UnitKind.DEPARTMENT, UNIT),
    }


def then_of(at: datetime) -> dict[str, Any]:
    person, _ = validity.person(PERSON, at)
    group, _ = validity.unit(UnitKind.GROUP, GROUP, at)
    department, _ = validity.unit(UnitKind.DEPARTMENT, UNIT, at)
    assert person is not None
    assert group is not None
    assert department is not None
    return {
        "person": [getattr(person, name) for name in SAME],
        "groups": person.groups,
        "group": group.unit,
        "department": department.unit,
        "members": tuple(group.members),
        "people": tuple(department.members),
    }


SAME = ("name", "email", "department", "job_title", "manager_id", "manager", "roles", "is_active",
        "place", "time_zone", "locale", "employee_no")  # fmt: skip


@trying(
    max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=8))
def test_the_past_is_what_the_pages_of_then_said(app: Flask, names: list[str]) -> None:
    with app.app_context():
        here = select(GroupMember.user_id).where(GroupMember.user_id == PERSON)
        if not staff.profile(PERSON):
            people = [{"id": PERSON, "name": "Ana"}, {"id": OTHER, "name": "Ben"}]
            db.session.execute(insert(User), people)
            db.session.execute(insert(Group).values(id=GROUP, code="g", name="Group"))
            db.session.execute(insert(Department).values(id=UNIT, code="d", name="Unit"))
            db.session.commit()
        seen = []
        for name in names:
            if name != "join" or db.session.scalar(here) is None:
                db.session.execute(CHANGES[name])
            db.session.commit()
            seen.append((db.session.scalars(select(func.clock_timestamp())).one(), now_of()))
            db.session.rollback()
        assert [then_of(at) for at, _ in seen] == [said for _, said in seen]
