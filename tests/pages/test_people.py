"""People and groups: found, changed after a look at what it does, and noted for ever."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from portal.background.people_reviews import PeopleWatch
from portal.domain.codec import encode
from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import (
    Calendar,
    Department,
    Group,
    GroupMember,
    Message,
    NotificationPreference,
    PeopleChange,
    PolicyVersion,
    RequestType,
    Task,
    TypeDraft,
    User,
    UserSession,
)
from portal.models.columns import new_id
from portal.notifications.outbox import hand_over
from portal.queries import staff
from portal.services import people as service
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess
from tests.pages_read import Page
from tests.web import People

HERE = "/admin/people"


@pytest.fixture
def adam(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.adam)
    return client


def looked_at(client: PageClient, whom: str, act: str, status: int = 200, **given: str) -> Page:
    query = urlencode({"act": act, **given})
    return client.get_page(f"{HERE}/{whom}/change?{query}", status)


def changed(client: PageClient, whom: str, act: str, **given: str) -> Page:
    page = looked_at(client, whom, act, **given)
    return client.post_form(page, f"{HERE}/{whom}/change", reason="New year.")


def one(app: Flask, statement: Any) -> Any:
    with app.app_context():
        return db.session.execute(statement).scalar_one()


def test_people_are_found_by_name_and_address(adam: PageClient, people: People) -> None:
    page = adam.get_page(HERE)
    assert "Ana Example" in page.text
    assert "Inga Example" not in page.text
    assert "Inga Example" in adam.get_page(f"{HERE}?show=inactive").text
    page = adam.get_page(f"{HERE}?q=cleo@")
    assert f"{HERE}/{people.cleo}" in page.links
    assert f"{HERE}/{people.ana}" not in page.links
    assert "No people match" in adam.get_page(f"{HERE}?q=100%25_").text


def test_a_person_who_leaves_is_signed_out_and_open_tasks_go_on(
    adam: PageClient, app: Flask, people: People, process: InProcess, asked: Approval
) -> None:
    sign_in(app.test_client(), people.ben)
    page = looked_at(adam, people.ben, "deactivate")
    assert f"{NUMBER} A chair: goes to Dan Example." in page.text
    assert one(app, select(User.is_active).where(User.id == people.ben))
    page = adam.post_form(page, f"{HERE}/{people.ben}/change", reason="Retired.")
    assert "Ben Example was deactivated." in page.text
    assert "Deactivated: Retired." in page.text
    assert one(app, select(UserSession.ended_at).where(UserSession.user_id == people.ben))
    PeopleWatch(process.engine, 1).turn()
    process.take_up()
    assert one(app, select(Task.assignee_id).where(Task.status == "OPEN")) == people.dan
    sign_in(adam, people.ana)
    told = adam.get_page("/notifications").text
    assert "Dan Example decides “A chair” instead of Ben Example." in told


def test_groups_managers_and_roles(adam: PageClient, app: Flask, people: People) -> None:
    page = changed(adam, people.eve, "join", value="finance")
    assert "Eve Example was added to Finance." in page.text
    page = changed(adam, people.eve, "leave", value="finance")
    assert "Not in any group." in page.text
    page = changed(adam, people.eve, "manager", person="Dan Example")
    assert one(app, select(User.manager_id).where(User.id == people.eve)) == people.dan
    assert "Manager changed from nobody to Dan Example: New year." in page.text
    page = changed(adam, people.eve, "roles", value="auditor")
    assert "Roles changed from none to Auditor" in page.text
    assert one(app, select(User.roles).where(User.id == people.eve)) == ["auditor"]


def test_a_role_that_nobody_knows_is_an_error(adam: PageClient, app: Flask, people: People) -> None:
    url = f"{HERE}/{people.eve}/change"
    token = adam.csrf_token()
    data = {"csrf_token": token, "act": "roles", "value": ["auditor", "king"], "reason": "x"}
    answer = adam.post(url, data=data)
    assert (answer.status_code, "There is no such role: king." in answer.text) == (422, True)
    assert adam.get(f"{url}?act=roles&value=king").status_code == 422
    assert one(app, select(User.roles).where(User.id == people.eve)) == []


def test_whoever_moves_gets_another_clock_and_deadlines_stay(
    adam: PageClient, app: Flask, people: People, asked: Approval
) -> None:
    due = one(app, select(Task.due_at).where(Task.status == "OPEN"))
    with app.app_context():
        place = new_id()
        row = {"id": place, "name": "Kathmandu", "time_zone": "Asia/Kathmandu", "hours": {}}
        db.session.execute(insert(Calendar).values(row))
        db.session.commit()
    page = changed(adam, people.ben, "place", value=place)
    assert "Ben Example's location is now Kathmandu." in page.text
    assert "Location changed from no location to Kathmandu, time zone from" in page.text
    assert " to Asia/Kathmandu: New year." in page.text
    assert one(app, select(User.time_zone).where(User.id == people.ben)) == "Asia/Kathmandu"
    assert one(app, select(Task.due_at).where(Task.status == "OPEN")) == due
    assert quiet_until_an_hour_from_now(app, people.ben, "Asia/Kathmandu")
    sign_in(ben := PageClient(app), people.ben)
    assert "All times are Kathmandu time (UTC+5:45)." in ben.get_page(f"/requests/{NUMBER}").text
    page = changed(adam, people.ben, "place", value="")
    assert "Location changed from Kathmandu to no location: New year." in page.text
    assert looked_at(adam, people.ben, "place", 404, value=new_id())


def quiet_until_an_hour_from_now(app: Flask, person: str, zone: str) -> bool:
    """Whether messages wait where it is quiet an hour before and after now in that zone."""
    with app.app_context():
        now = datetime.now(ZoneInfo(zone))
        ends = [(now + timedelta(hours=hours)).time() for hours in (-1, 1)]
        wish = {"user_id": person, "quiet_from": ends[0], "quiet_until": ends[1]}
        db.session.execute(insert(NotificationPreference).values(wish))
        hand_over(db.session.connection(), ["mail"])
        statement = select(Message.due_at).where(Message.user_id == person)
        waits = [at - now for at in db.session.scalars(statement)]
        db.session.commit()
    hour = timedelta(hours=1)
    return bool(waits) and all(hour - timedelta(minutes=5) < each <= hour for each in waits)


def test_a_new_manager_is_asked_in_place_of_the_old(
    adam: PageClient, people: People, asked: Approval
) -> None:
    page = looked_at(adam, people.ana, "manager", person="Eve Example")
    assert f"{NUMBER} A chair: goes to Eve Example." in page.text


@pytest.mark.parametrize(
    ("person", "act", "given", "why"),
    [
        ("adam", "deactivate", {}, "You cannot deactivate yourself. Ask another administrator."),
        ("adam", "roles", {}, "You cannot remove your own administrator role."),
        ("dan", "manager", {"person": "Ana Example"}, "Dan Example manages Ana Example already"),
        ("dan", "manager", {"person": "Nobody Known"}, "no colleague with that name"),
    ],
)
def test_what_cannot_be_is_said_before(
    adam: PageClient, people: People, person: str, act: str, given: dict[str, str], why: str
) -> None:
    assert why in looked_at(adam, getattr(people, person), act, 422, **given).text


@pytest.mark.parametrize(
    "query", ["", "?act=fire", "?act=join&value=nowhere", "?act=manager&value=x"]
)
def test_what_is_not_offered_is_not_there(adam: PageClient, people: People, query: str) -> None:
    assert adam.get(f"{HERE}/{people.eve}/change{query}").status_code == 404


def test_the_same_change_twice_is_noted_once(adam: PageClient, app: Flask, people: People) -> None:
    page = looked_at(adam, people.eve, "join", value="finance")
    for _ in range(2):
        adam.post_form(page, f"{HERE}/{people.eve}/change")
    assert one(app, select(PeopleChange.kind)) == "group_joined"
    with app.app_context(), pytest.raises(DBAPIError, match="permission denied"):
        db.session.execute(text("DELETE FROM portal.people_changes"))


def test_names_are_only_words(adam: PageClient, app: Flask, people: People) -> None:
    with app.app_context():
        named = update(User).where(User.id == people.eve).values(name="{name} <b>Eve</b> {0}")
        db.session.execute(named)
        db.session.commit()
    page = looked_at(adam, people.eve, "deactivate")
    assert page.heading == "Deactivate {name} <b>Eve</b> {0}?"


def test_the_list_goes_on_on_a_second_page(
    adam: PageClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff, "PAGE", 2)
    first = adam.get_page(HERE)
    onward = next(link for link in first.links if "after=" in link)
    second = adam.get_page(onward)
    assert f"{HERE}/{people.adam}" in first.links
    assert f"{HERE}/{people.ben}" not in first.links
    assert f"{HERE}/{people.adam}" not in second.links
    assert f"{HERE}/{people.ben}" in second.links
    assert HERE in second.links


def test_of_two_administrators_who_end_each_other_one_stays(
    adam: PageClient, people: People, app: Flask
) -> None:
    both = User.id.in_([people.adam, people.ben])
    ben = PageClient(app)
    sign_in(ben, people.ben)
    for _ in range(5):
        with app.app_context():
            db.session.execute(update(User).where(both).values(roles=["admin"]))
            db.session.commit()
        given = [(adam, people.ben, adam.csrf_token()), (ben, people.adam, ben.csrf_token())]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(end_roles, *zip(*given, strict=True)))
        assert answers.count(303) == 1
        assert set(answers) <= {303, 403, 422}
        with app.app_context():
            assert sorted(db.session.scalars(select(User.roles).where(both))) == [[], ["admin"]]


def test_the_last_administrator_becomes_no_auditor(app: Flask, people: People) -> None:
    give_roles(app, people.ben, ["admin", "auditor"])
    for actor, why in ((people.adam, "You cannot remove your own"), (None, "last administrator")):
        with app.app_context(), pytest.raises(service.PeopleRefused, match=why):
            service.change(also_auditor(people.adam, actor))
    give_roles(app, people.ben, ["admin"])
    with app.app_context():
        assert service.change(also_auditor(people.adam, None))


def give_roles(app: Flask, person_id: str, roles: list[str]) -> None:
    with app.app_context():
        db.session.execute(update(User).where(User.id == person_id).values(roles=roles))
        db.session.commit()


def also_auditor(person_id: str, actor_id: str | None) -> service.PersonChange:
    roles = ("admin", "auditor")
    return service.PersonChange(
        person_id=person_id, act=service.PersonAct.ROLES, value=roles, actor_id=actor_id
    )


def end_roles(client: PageClient, whom: str, token: str) -> int:
    data = {"csrf_token": token, "act": "roles", "reason": "New year."}
    return client.post(f"{HERE}/{whom}/change", data=data).status_code


NIA = {"name": "Nia  New", "email": "Nia@Example.org", "employee_no": "E-9", "job_title": "Clerk"}


def test_a_new_person_has_all_that_was_given(adam: PageClient, app: Flask, people: People) -> None:
    page = adam.get_page(f"{HERE}/new")
    given = {**NIA, "manager": "Dan Example", "roles": "auditor", "locale": "en"}
    told = adam.post_form(page, f"{HERE}/new", **given)
    assert "Nia New was added. No message was sent." in told.text
    assert "Added" in told.text
    with app.app_context():
        nia = db.session.scalars(select(User).where(User.employee_no == "E-9")).one()
        assert (nia.name, nia.email, nia.manager_id) == ("Nia New", "Nia@example.org", people.dan)
        assert (nia.roles, nia.password_hash, nia.time_zone) == (["auditor"], None, "Europe/Berlin")
    again = adam.post_form(page, f"{HERE}/new", **given)
    assert again.heading == "Nia New"
    assert one(app, select(func.count()).where(User.name == "Nia New")) == 1


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": ""}, "Full name is missing: enter a name."),
        ({"email": "nia@"}, "This email address cannot be used"),
        ({"email": "ANA@example.org"}, "Ana Example has it already."),
        ({"manager": "Nobody Known"}, "no colleague with that name"),
        ({"manager": "Inga Example"}, "no colleague with that name"),
        ({"time_zone": "Mars/Base"}, "Time zone: choose one of the options shown."),
    ],
)
def test_a_record_that_cannot_be_keeps_what_was_typed(
    adam: PageClient, app: Flask, given: dict[str, str], why: str
) -> None:
    page = adam.get_page(f"{HERE}/new")
    page = adam.post_form(page, f"{HERE}/new", 422, **{**NIA, **given})
    assert why in page.text
    assert page.form(f"{HERE}/new").values["job_title"] == "Clerk"
    assert one(app, select(func.count()).where(User.job_title == "Clerk")) == 0


def test_a_record_is_changed_with_before_and_after(
    adam: PageClient, app: Flask, people: People
) -> None:
    url = f"{HERE}/{people.eve}/edit"
    stale, page = adam.get_page(url), adam.get_page(url)
    page = adam.post_form(page, url, job_title="Head of Art", time_zone="Asia/Tokyo")
    assert "Record changed: job title from – to Head of Art; time zone from" in page.text
    page = adam.post_form(stale, url, 409, name="Eve Elder")
    assert "Adam Example changed this record meanwhile: Record changed: job title" in page.text
    assert one(app, select(User.name).where(User.id == people.eve)) == "Eve Example"
    page = adam.post_form(page, url)
    assert page.heading == "Eve Elder"
    assert one(app, select(User.job_title).where(User.id == people.eve)) is None
    assert "Nothing was changed." in adam.post_form(adam.get_page(url), url).text


def test_who_keeps_people_is_no_administrator(
    client: PageClient, app: Flask, people: People, asked: Approval
) -> None:
    give_roles(app, people.eve, ["people_admin"])
    sign_in(client, people.eve)
    url = f"{HERE}/{people.ana}/edit"
    assert "Changes saved." in client.post_form(client.get_page(url), url, name="Ana Ruiz").text
    told = looked_at(client, people.ben, "deactivate").text
    assert "goes to Dan Example." in told
    assert "A chair" not in told
    page = client.get_page(f"{HERE}/{people.adam}/edit")
    page = client.post_form(page, f"{HERE}/{people.adam}/edit", 422, email="eve2@example.org")
    assert "Only an administrator can do this." in page.text
    give_roles(app, people.carl, ["auditor"])
    page = client.get_page(f"{HERE}/{people.carl}/edit")
    page = client.post_form(page, f"{HERE}/{people.carl}/edit", 422, email="eve2@example.org")
    assert "Only an administrator can do this." in page.text
    for person, act, value in ((people.adam, "deactivate", ""), (people.eve, "roles", "admin")):
        trouble = looked_at(client, person, act, 422, value=value)
        assert "Only an administrator can do this." in trouble.text
    assert client.get("/admin/attention").status_code == 403


def test_the_chart_names_circles_and_those_without_a_manager(
    adam: PageClient, app: Flask, people: People
) -> None:
    page = adam.get_page(f"{HERE}/chart")
    order = [f"{name} Example" for name in ("Dan", "Ben", "Ana", "Cleo", "Carl")]
    places = [page.text.index(name) for name in order]
    assert places == sorted(places)
    with app.app_context():
        for one_of, other in ((people.eve, people.adam), (people.adam, people.eve)):
            circle = update(User).where(User.id == one_of).values(manager_id=other)
            db.session.execute(circle)
        db.session.commit()
    page = adam.get_page(f"{HERE}/chart")
    assert "manage each other in a circle" in page.text
    assert adam.get_page(f"{HERE}/chart?top={people.cleo}").heading == "Cleo Example"
    assert adam.get(f"{HERE}/chart?top={new_id()}").status_code == 404


def test_a_successor_takes_over_what_depends_on_a_leaver(
    adam: PageClient, app: Flask, people: People, process: InProcess, asked: Approval
) -> None:
    page = looked_at(adam, people.ben, "deactivate", person="Eve Example")
    assert f"{NUMBER} A chair: goes to Eve Example." in page.text
    assert "Eve Example manages 1 person who reported to them." in page.text
    page = adam.post_form(page, f"{HERE}/{people.ben}/change", reason="Retired.")
    assert "Ben Example was deactivated." in page.text
    PeopleWatch(process.engine, 1).turn()
    process.take_up()
    assert one(app, select(Task.assignee_id).where(Task.status == "OPEN")) == people.eve
    assert (
        "Manager changed from Ben Example to Eve Example: Retired."
        in adam.get_page(f"{HERE}/{people.ana}").text
    )


def test_a_successor_may_be_one_of_the_reports(
    adam: PageClient, app: Flask, people: People
) -> None:
    page = looked_at(adam, people.dan, "deactivate", person="Cleo Example")
    adam.post_form(page, f"{HERE}/{people.dan}/change")
    with app.app_context():
        managers = dict(db.session.execute(select(User.id, User.manager_id)).all())
        head = db.session.scalar(select(Department.head_id))
    assert (managers[people.cleo], managers[people.ben], head) == (None, people.cleo, people.cleo)


def with_much_to_hand_over(app: Flask, people: People) -> str:
    """Ben heads Finance, is alone in a group, and is named by the policy of a type: its code."""
    stage = Stage(key="a", name="A", rules=(
        ApproverRule(kind=RuleKind.PEOPLE, people=(people.ben, people.eve)),))  # fmt: skip
    with app.app_context():
        db.session.execute(update(Department).values(head_id=people.ben))
        group = {"id": new_id(), "code": "keys", "name": "Keys"}
        db.session.execute(insert(Group).values(group))
        db.session.execute(insert(GroupMember).values(group_id=group["id"], user_id=people.ben))
        chairs = db.session.scalars(select(PolicyVersion)).one()
        chairs.definition = encode(Policy(stages=(stage,)))
        db.session.commit()
    return str(one(app, select(RequestType.code)))


def test_each_part_goes_to_whom_it_is_given(
    adam: PageClient, app: Flask, people: People, process: InProcess, asked: Approval
) -> None:
    code, task = with_much_to_hand_over(app, people), f"task.{asked.open_tasks[0].id}"
    heirs = {"person": "Dan Example", "group.keys": "Carl Example", "head.FIN": "Cleo Example",
             f"type.{code}": "Eve Example"}  # fmt: skip
    page = looked_at(adam, people.ben, "deactivate", 422, **heirs | {"group.keys": "C"})
    assert "several people match" in page.text
    wrong = looked_at(adam, people.ben, "deactivate", 422, **heirs, **{task: "Ana Example"})
    assert f"{NUMBER}: " in wrong.text
    page = looked_at(adam, people.ben, "deactivate", **heirs, **{task: "Carl Example"})
    for words in (
        "Dan Example manages 1 person", "Cleo Example heads Finance",
        "Carl Example joins the group Keys", "A draft of Chairs names Eve Example.",
        f"Carl Example gets the task of {NUMBER}.",
    ):  # fmt: skip
        assert words in page.text
    adam.post_form(page, f"{HERE}/{people.ben}/change", reason="Retired.")
    process.take_up()
    assert one(app, select(Task.assignee_id).where(Task.status == "OPEN")) == people.carl
    assert one(app, select(User.manager_id).where(User.id == people.ana)) == people.dan
    assert one(app, select(Department.head_id)) == people.cleo
    joined = select(GroupMember.user_id).join(Group).where(Group.code == "keys")
    with app.app_context():
        assert set(db.session.scalars(joined)) == {people.ben, people.carl}
        content = db.session.scalars(select(TypeDraft.content)).one()
    assert content["policy"]["stages"][0]["rules"][0]["people"] == [people.eve]


def test_who_cannot_succeed_is_said_before(adam: PageClient, people: People) -> None:
    page = looked_at(adam, people.dan, "deactivate", 422, person="Ana Example")
    assert "Ben Example manages Ana Example already" in page.text
    page = looked_at(adam, people.dan, "deactivate", 422, person="Nobody Known")
    assert "no colleague with that name" in page.text
