"""Drafts become numbered requests, once each, also when everybody presses at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.request.state import Click, Content, Priority
from portal.extensions import db
from portal.models import Command, Draft
from portal.models.columns import new_id
from portal.services import drafts
from portal.services.requests import DraftGone, NewRequest, submit
from tests.asking import CODE
from tests.web import People


def make_draft(owner: str, draft_id: str | None = None) -> tuple[str, datetime]:
    draft_id = draft_id or new_id()
    drafts.keep(draft_id, owner, CODE, {"title": "A chair"})
    changed = db.session.scalar(select(Draft.updated_at).where(Draft.id == draft_id))
    assert changed is not None
    return draft_id, changed


def wish(kind: dict[str, str], owner: str, draft: tuple[str, datetime]) -> NewRequest:
    return NewRequest(
        draft_id=draft[0], draft_version=draft[1], type_code=CODE, workflow="approval",
        module=None, policy_version_id=kind["policy_version"], requester_id=owner,
        on_behalf_of=None, content=Content(title="A chair"), has_files=False,
        priority=Priority.MEDIUM, due_at=None,
    )  # fmt: skip


def test_eight_presses_are_one_request(app: Flask, people: People, kind: dict[str, str]) -> None:
    with app.app_context():
        once = wish(kind, people.ana, make_draft(people.ana))

    def press(_: int) -> str:
        with app.app_context():
            return submit(once, Click()).number

    with ThreadPoolExecutor(4) as pool:
        numbers = set(pool.map(press, range(8)))
    assert numbers == {"CH-1001"}
    with app.app_context():
        assert len(db.session.execute(select(Command)).all()) == 1


def test_numbers_follow_each_other_without_gaps(
    app: Flask, people: People, kind: dict[str, str]
) -> None:
    with app.app_context():
        wishes = [wish(kind, people.ana, make_draft(people.ana)) for _ in range(6)]

    def press(each: NewRequest) -> str:
        with app.app_context():
            return submit(each, Click()).number

    with ThreadPoolExecutor(3) as pool:
        numbers = sorted(pool.map(press, wishes))
    assert numbers == [f"CH-{1001 + n}" for n in range(6)]


def test_another_version_than_the_one_seen_is_not_sent(
    app: Flask, people: People, kind: dict[str, str]
) -> None:
    with app.app_context():
        seen = wish(kind, people.ana, make_draft(people.ana))
        make_draft(people.ana, seen.draft_id)
        with pytest.raises(DraftGone):
            submit(seen, Click())
        assert db.session.execute(select(Command)).first() is None


def test_nobody_sends_or_takes_anothers_draft(
    app: Flask, people: People, kind: dict[str, str]
) -> None:
    with app.app_context():
        draft = make_draft(people.ana)
        with pytest.raises(DraftGone):
            submit(wish(kind, people.eve, draft), Click())
        with pytest.raises(drafts.NotYourDraft):
            drafts.keep(draft[0], people.eve, CODE, {"title": "Mine"})
        submit(wish(kind, people.ana, draft), Click())
        with pytest.raises(DraftGone):
            submit(wish(kind, people.eve, draft), Click())
        with pytest.raises(drafts.NotYourDraft):
            drafts.keep(draft[0], people.eve, CODE, {"title": "Mine"})


def test_what_is_sent_is_no_draft_any_more(
    app: Flask, people: People, kind: dict[str, str]
) -> None:
    with app.app_context():
        draft = make_draft(people.ana)
        submit(wish(kind, people.ana, draft), Click())
        with pytest.raises(drafts.AlreadySent):
            drafts.keep(draft[0], people.ana, CODE, {"title": "Again"})
        assert not drafts.discard(draft[0], people.ana, Path("/nowhere"))


def test_one_draft_too_many_is_refused(
    app: Flask, people: People, kind: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MOST", 2)
    with app.app_context():
        first, _ = make_draft(people.ana), make_draft(people.ana)
        with pytest.raises(drafts.TooManyDrafts):
            make_draft(people.ana)
        make_draft(people.ana, first[0])  # those there are can be changed all the same
        make_draft(people.eve)
