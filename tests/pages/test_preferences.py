"""Choosing what is mailed."""

import pytest
from flask import Flask

from portal.domain.telling import Wishes
from portal.queries.preferences import wishes_of
from tests.clients import PageClient, sign_in
from tests.web import People

PATH = "/profile/notifications"


@pytest.fixture
def ana(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.ana)
    return client


def wishes(app: Flask, people: People) -> Wishes:
    with app.app_context():
        return wishes_of(people.ana)


def send(client: PageClient, **fields: object) -> int:
    token = client.csrf_token()
    return client.post(PATH, data={"csrf_token": token, **fields}).status_code


def test_at_first_everything_is_mailed(ana: PageClient, app: Flask, people: People) -> None:
    assert ana.get_page(PATH).heading == "What you are told"
    assert wishes(app, people) == Wishes()


def test_what_is_chosen_is_kept(ana: PageClient, app: Flask, people: People) -> None:
    chosen = {"wanted": ["asked", "outcome"], "quiet_from": "22:00", "quiet_until": "07:00"}
    assert send(ana, **chosen) == 303
    kept = wishes(app, people)
    assert kept.wants("assigned")
    assert not kept.wants("comment")
    assert (kept.quiet_from.hour, kept.quiet_until.hour) == (22, 7)
    page = ana.get_page(PATH)
    assert 'value="22:00"' in page.response.text
    assert send(ana) == 303
    assert not wishes(app, people).wants("assigned")


@pytest.mark.parametrize(
    "fields",
    [
        {"quiet_from": "22:00"},
        {"quiet_until": "07:00"},
        {"quiet_from": "07:00", "quiet_until": "07:00"},
        {"quiet_from": "25:99", "quiet_until": "x"},
        {"wanted": "nonsense"},
        {"wanted": "\x00"},
    ],
)
def test_what_makes_no_sense_is_told(ana, app: Flask, people: People, fields: dict) -> None:
    assert send(ana, **fields) == 422
    assert wishes(app, people) == Wishes()
