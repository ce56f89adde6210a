"""What the organisation lacks: before and after somebody leaves, and for administrators to see."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage
from portal.extensions import db
from portal.models import Department, Group, GroupMember, User
from portal.queries import gaps
from tests.asking import ANSWERS, insert_type
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess, submit
from tests.web import People


def change(app: Flask, *statements: Any) -> None:
    with app.app_context():
        for each in statements:
            db.session.execute(each)
        db.session.commit()


@pytest.fixture
def adam(app: Flask, client: PageClient, people: People) -> PageClient:
    """An administrator, where Dan heads Finance, manages Ben and Cleo, is alone in a group and is
    named by a policy."""
    with app.app_context():
        group = Group(code="board", name="Board")
        db.session.add(group)
        db.session.flush()
        db.session.add(GroupMember(group_id=group.id, user_id=people.dan))
        rules = (ApproverRule(kind=RuleKind.PEOPLE, people=(people.dan,)),)
        insert_type("board", Policy(stages=(Stage(key="b", name="Board", rules=rules),)))
        db.session.commit()
    sign_in(client, people.adam)
    return client


SAID = (
    "Finance has no other head",
    "2 people have no other manager: Ben Example and Cleo Example",
    "The group Board has no other active member",
    "The policy of Board names them",
)


def test_before_and_after_somebody_leaves(adam: PageClient, people: People) -> None:
    here = f"/admin/people/{people.dan}"
    assert not [words for words in SAID if words in adam.get_page(here).text]
    page = adam.get_page(f"{here}/change?act=deactivate")
    for words in SAID:
        assert words in page.text, words
    page = adam.post_form(page, f"{here}/change")
    for words in ("Still depends on Dan Example", *SAID):
        assert words in page.text, words


def test_who_has_nothing_is_said_to_have_nothing(adam: PageClient, people: People) -> None:
    page = adam.get_page(f"/admin/people/{people.eve}/change?act=deactivate")
    assert "What depends on" not in page.text


def test_attention_lists_heads_and_managers_who_are_missing(
    app: Flask, adam: PageClient, people: People
) -> None:
    assert "Departments without an active head" not in adam.get_page("/admin/attention").text
    change(app, update(User).where(User.id == people.dan).values(is_active=False))
    text_of = adam.get_page("/admin/attention").text
    assert "Departments without an active head" in text_of
    assert "Finance : Dan Example is no longer active" in text_of.replace("Finance:", "Finance :")
    for name in ("Ben Example", "Cleo Example"):
        assert f"{name} : Dan Example is no longer active" in text_of.replace(
            f"{name}:", f"{name} :"
        )
    change(app, update(Department).values(head_id=None))
    assert "no head" in adam.get_page("/admin/attention").text


def test_who_stands_on_top_lacks_no_manager(app: Flask, people: People) -> None:
    with app.app_context():
        missing = {gap.name for gap in gaps.without_manager()}
    assert "Dan Example" not in missing  # the head, and a manager
    assert "Olga Example" not in missing  # an auditor asks for nothing
    assert "Eve Example" in missing


HEAD = Stage(
    key="head", name="Head", rules=(ApproverRule(kind=RuleKind.DEPARTMENT_HEAD),), expire_after=60,
    fallback=(ApproverRule(kind=RuleKind.GROUP, code="finance"),),
)  # fmt: skip


def test_a_fallback_says_so_and_why(
    app: Flask, client: PageClient, people: People, process: InProcess
) -> None:
    with app.app_context():
        ids = insert_type("heads", Policy(stages=(HEAD,)))
        db.session.commit()
    change(app, update(Department).values(head_id=None))
    sign_in(client, people.ana)
    words = "Fallback: the department Finance has no head."
    form = "/requests/new/heads"
    page = client.post_form(client.get_page(form), form, **ANSWERS)
    assert words in page.text
    process.give(submit(ids, people, type_code="heads"))
    assert words in client.get_page(f"/requests/{NUMBER}").text


def test_the_shell_names_them_as_well(app: Flask, adam: PageClient) -> None:
    done = app.test_cli_runner().invoke(args=["portal", "deactivate", "dan@example.org"])
    for words in ("Finance", "Ben Example, Cleo Example", "Board"):
        assert words in done.output
