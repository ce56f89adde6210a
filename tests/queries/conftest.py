"""A database with many requests, for the tests of this folder; filled once for each module."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from flask import Flask
from sqlalchemy import Connection, insert, text

from portal.app import create_app
from portal.domain.policy.policy import Bulk
from portal.extensions import db
from portal.models import User
from portal.models.columns import new_id
from tests import many
from tests.asking import POLICY, insert_type, kind  # noqa: F401
from tests.conftest import settings_for
from tests.databases import Databases
from tests.web import People, app, client, insert_people, people  # noqa: F401

REQUESTS, REQUESTERS, TASKS = 6_000, 20, 600


@dataclass(frozen=True)
class Crowd:
    """An app over many requests. Ben has `TASKS` open tasks; Ana and many others asked."""

    app: Flask
    people: People


def _others(connection: Connection) -> list[str]:
    rows = [{"id": new_id(), "name": f"Person {n}"} for n in range(1, REQUESTERS)]
    connection.execute(insert(User), rows)
    return [row["id"] for row in rows]


def take_your_time(connection: Connection) -> None:
    """So many rows are not the work of a page, whose connections give up soon."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.connection.dbapi_connection.patience = None  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def crowd(databases: Databases) -> Iterator[Crowd]:
    """The rows of `tests.many`, once."""
    with databases.lent(new=True) as url:
        app = create_app(settings_for(url))
        with app.app_context():
            people = insert_people()
            version = insert_type(policy=replace(POLICY, bulk=Bulk()))["policy_version"]
            connection = db.session.connection()
            take_your_time(connection)
            many.fill(connection, version, [people.ana, *_others(connection)], REQUESTS)
            many.give_tasks(connection, people.ben, TASKS)
            many.give_tasks(connection, people.cleo, 5_000)
            db.session.commit()
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as free:
                many.settle(free)
            yield Crowd(app, people)
            db.session.remove()
            db.engine.dispose()
