"""Small requests that may be decided together, and a large one that may not; all wait for Ben."""

import pytest
from flask import Flask

from portal.domain.policy.policy import Bulk, Policy
from portal.domain.request.state import Approval
from portal.extensions import db
from tests.asking import FINANCE, MANAGER, insert_type
from tests.clients import PageClient, sign_in
from tests.in_process import InProcess, submit
from tests.web import People

SMALL, LARGE = 12_000, 90_000


@pytest.fixture
def undo_seconds() -> int:
    """How long a decision can be undone: not at all, where a test does not say otherwise."""
    return 0


@pytest.fixture
def bulk_kind(app: Flask, people: People, undo_seconds: int) -> dict[str, str]:
    """Chairs, of which up to €500.00 may be decided together."""
    bulk = Bulk(up_to=50_000)
    policy = Policy(stages=(MANAGER, FINANCE), bulk=bulk, undo_seconds=undo_seconds)
    with app.app_context():
        ids = insert_type(policy=policy)
        db.session.commit()
    return ids


@pytest.fixture
def asked(process: InProcess, people: People, bulk_kind: dict[str, str]) -> list[Approval]:
    """Two small requests of Ana's and a large one; all wait for Ben."""
    amounts = {"CH-1": SMALL, "CH-2": 30_050, "CH-3": LARGE}
    return [
        process.give(
            submit(bulk_kind, people, number=number, amount=amount, title=f"Seat {number}")
        )
        for number, amount in amounts.items()
    ]


@pytest.fixture
def ben(client: PageClient, people: People, asked: list[Approval]) -> PageClient:
    sign_in(client, people.ben)
    return client
