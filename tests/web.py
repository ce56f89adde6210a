"""Fixtures for tests of pages: an app on a database of its own, a client, and a few people.

Every test has them: tests/conftest.py names this module as a plugin.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, insert

from portal.config import Settings
from portal.extensions import db
from portal.models import Department, Group, GroupMember, User
from portal.models.columns import new_id
from portal.services import passwords
from tests.clients import PageClient
from tests.remembered import remember

remember()
PASSWORD = "correct horse battery"
FINANCE = "FIN"


@dataclass(frozen=True)
class People:
    """Ids. Ana asks; Ben is her manager, Dan is Ben's and heads the department; Cleo and Carl are
    the group Finance; Eve is nobody's colleague; Olga is an auditor, Adam an admin. Inga is not
    active. Their addresses are <name>@example.org; all have `PASSWORD`."""

    ana: str
    ben: str
    cleo: str
    carl: str
    dan: str
    eve: str
    olga: str
    adam: str
    inga: str


ROLES = {"olga": ["auditor"], "adam": ["admin"]}
MANAGERS = {"ana": "ben", "ben": "dan", "cleo": "dan", "carl": "cleo"}


@pytest.fixture
def make_app() -> Iterator[Callable[[Settings], Flask]]:
    """Makes applications for other settings, such as a second web process; closes them later."""
    from portal.app import create_app  # only now: tests without pages need none of it

    made: list[Flask] = []

    def make(settings: Settings) -> Flask:
        made.append(create_app(settings))
        made[-1].test_client_class = PageClient
        return made[-1]

    yield make
    for each in made:
        with each.app_context():
            db.engine.dispose()


@pytest.fixture
def app(make_app: Callable[[Settings], Flask], settings: Settings) -> Flask:
    """The real application on an empty, migrated database."""
    return make_app(settings)


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A visitor's browser that examines each page."""
    return PageClient(app)


@pytest.fixture
def people(app: Flask) -> People:
    """The people above, in the database."""
    with app.app_context():
        ids = insert_people()
        db.session.commit()
    return ids


@contextmanager
def as_owner(app: Flask) -> Iterator[Connection]:
    """A transaction with the rights of the tables' owner, which the portal itself has not."""
    settings: Settings = app.config["SETTINGS"]
    engine = create_engine(settings.owner_sqlalchemy_url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def insert_people() -> People:
    """Insert them through `db.session`; the caller commits."""
    ids = {name: new_id() for name in People.__dataclass_fields__}
    department = new_id()
    db.session.execute(
        insert(Department).values(id=department, code=FINANCE, name="Finance", school=None)
    )
    # One statement: managers may stand after their people.
    db.session.execute(insert(User).values([_row(name, ids, department) for name in ids]))
    db.session.execute(Department.__table__.update().values(head_id=ids["dan"]))
    group = new_id()
    db.session.execute(insert(Group).values(id=group, code="finance", name="Finance"))
    members = [{"group_id": group, "user_id": ids[name]} for name in ("cleo", "carl")]
    db.session.execute(insert(GroupMember), members)
    return People(**ids)


def _row(name: str, ids: dict[str, str], department: str) -> dict[str, object]:
    manager = MANAGERS.get(name)
    return {
        "id": ids[name],
        "email": f"{name}@example.org",
        "name": f"{name.title()} Example",
        "department_id": department,
        "manager_id": ids[manager] if manager else None,
        "time_zone": "Europe/Berlin",
        "roles": ROLES.get(name, []),
        "password_hash": _password_hash(),
        "is_active": name != "inga",
    }


def _password_hash(known: list[str] = []) -> str:  # noqa: B006 - one hash for all tests: it is slow
    if not known:
        known.append(passwords.hashed(PASSWORD))
    return known[0]
