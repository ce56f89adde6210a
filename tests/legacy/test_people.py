"""Whom a step asks at the move: one example for each rule."""

from typing import Any

import psycopg
import pytest

from portal.legacy.accounts import Accounts
from portal.legacy.setting import Setting
from portal.legacy.values import name_in
from portal.models.columns import new_id
from tests.legacy.old import LEFT, NOW, asked, at, directory, moved, step

HEAD, FREE, ALONE = ({"assigneePosition": code} for code in ("HEAD", "FREE", "ALONE"))


@pytest.mark.parametrize(
    ("assignee", "rule", "people"),
    [
        ("ann", {}, {"ann"}),
        (" ", {"assigneeId": "dan"}, {"dan"}),
        (None, {"assigneeRole": "FIN"}, {"bob", "cat"}),
        (None, {"assigneePosition": "LEAD"}, {"ann"}),
        (None, HEAD, {"boss"}),
        (None, FREE, {"boss"}),
        (None, ALONE, {"maker"}),
        (None, {"assigneeRole": "GONE"}, {"maker"}),
        (None, {"assigneeRole": "EMPTY"}, {"maker"}),
        (None, {"assigneeRole": "OWN"}, {"boss"}),
        ("gus", {}, {"boss"}),
        ("liz", {}, {"maker"}),
        ("nobody-knows", {}, {"maker"}),
        ("req", {}, {"boss"}),
    ],
)
def test_who_is_asked(assignee: str | None, rule: dict[str, Any], people: set[str]) -> None:
    assert asked(moved(step(0, "IN_PROGRESS", to=assignee, rule=rule))) == people


@pytest.mark.parametrize(
    ("delegation", "people"),
    [
        ({}, {"ann"}),
        ({"expires_at": at(1)}, {"ann"}),
        ({"expires_at": at(-1)}, {"dan"}),
        ({"is_active": False}, {"dan"}),
        ({"revoked_at": at(-1)}, {"dan"}),
    ],
)
def test_a_delegation_counts_while_it_is_in_force(delegation: Any, people: set[str]) -> None:
    assert asked(moved(step(0, "DELEGATED", to="ann", delegation=delegation))) == people


def test_work_of_an_inactive_delegate_goes_back() -> None:
    assert asked(moved(step(0, "DELEGATED", to="liz", delegation={}))) == {"dan"}


def test_work_delegated_to_the_requester_goes_back() -> None:
    assert asked(moved(step(0, "DELEGATED", to="req", delegation={}))) == {"dan"}


def test_only_the_link_that_made_the_present_assignee_counts() -> None:
    link = {"delegated_to_id": "eve", "expires_at": at(-1)}
    mapped = moved(step(0, "ESCALATED", to="ann", delegation=link))

    assert asked(mapped) == {"ann"}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "no assignee and no rule"),
        ({"requiredRole": "FIN"}, "no assignee and no rule"),
        ({"assigneeRole": "NO_SUCH"}, "does not exist"),
        ({"assigneePosition": "NO_SUCH"}, "does not exist"),
    ],
)
def test_a_rule_without_people_needs_a_person(rule: dict[str, Any], words: str) -> None:
    mapped = moved(step(0, "IN_PROGRESS", rule=rule))

    assert any(words in reason for reason in mapped.reasons)


@pytest.mark.parametrize("maker", [None, "system", "no-profile", LEFT[0], "req"])
def test_with_nobody_above_and_no_maker_it_needs_a_person(maker: str | None) -> None:
    mapped = moved(step(0, "IN_PROGRESS", to="liz"), definition={"created_by": maker})

    assert mapped.result == "needs_person"


def test_every_step_ahead_is_resolved() -> None:
    mapped = moved(step(0, "IN_PROGRESS", to="ann"), step(1))

    assert mapped.result == "needs_person"


def test_a_notice_without_people_is_left_out() -> None:
    mapped = moved(step(0, "PENDING", "NOTIFICATION"), step(1, to="ann"))

    assert asked(mapped) == {"ann"}
    assert any("reaches nobody" in remark for remark in mapped.remarks)


def test_who_decided_before_may_decide_again() -> None:
    first = step(0, "COMPLETED", to="ann", result={"approved": True}, votes=[("ann", "APPROVE")])

    assert asked(moved(first, step(1, "IN_PROGRESS", to="ann"))) == {"ann"}


def test_somebody_inactive_who_asked_stays_the_requester() -> None:
    mapped = moved(step(0, "IN_PROGRESS", to="ann"), initiator_id="gus")

    assert asked(mapped) == {"ann"}


@pytest.mark.parametrize(
    ("kept", "name"), [("Zoe\u0308 ", "Zoë"), ("Zoë", "Zoë"), ("  ", None), (7, "7"), (None, None)]
)
def test_names_are_kept_as_forms_keep_what_is_typed(kept: object, name: str | None) -> None:
    assert name_in(kept) == name


def test_somebody_erased_here_comes_under_the_name_of_since(database_url: str) -> None:
    office = directory()
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO portal.users"
            " (id, name, legacy_profile_id, is_active, erased_at, former_no) VALUES"
            " (%s, 'Former person 7', 'ann', false, now(), 7)",
            [new_id()],
        )
        accounts = Accounts(connection, office)
        setting = Setting(NOW, office, accounts=dict(accounts.known))
        assert setting.names[setting.user("ann")] == office.name("ann") == "Former person 7"
        assert setting.names[setting.user("bob")] == "Bob"
        accounts.make(connection, ["ann"])
        kept = connection.execute("SELECT name, email, employee_no FROM portal.users").fetchall()
        assert kept == [("Former person 7", None, None)]
