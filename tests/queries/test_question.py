"""Statements asked past SQLAlchemy's layers: the rows and the errors are as through them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Boolean, Uuid, bindparam, column, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import DataError, DBAPIError, MultipleResultsFound, OperationalError
from sqlalchemy.types import DateTime, Integer, String

from portal.extensions import Question, db
from portal.models import User
from portal.models.columns import new_id
from tests.web import People

VALUES: dict[str, tuple[Any, Any]] = {
    "person": (Uuid(as_uuid=False), new_id()),
    "words": (ARRAY(String), ["one", "Größe", ""]),
    "said": (JSONB(), {"a": [1, None, "x"]}),
    "is_on": (Boolean(), True),
    "at": (DateTime(timezone=True), datetime(2026, 11, 30, 9, tzinfo=UTC)),
    "count": (Integer(), 7),
    "none": (String(), None),
}


def test_values_come_and_go_as_through_sqlalchemy(app: Flask) -> None:
    asked = select(
        *(bindparam(name, type_=kind).label(name) for name, (kind, _) in VALUES.items()),
        literal("fixed").label("fixed"),
        func.jsonb_build_object("n", literal(1)).label("made"),
    )
    values = {name: value for name, (_, value) in VALUES.items()}
    with app.app_context():
        connection = db.session.connection()
        [row] = Question(asked).ask(connection, values)
        usual = connection.execute(asked, values).one()
    assert row._asdict() == dict(usual._mapping)
    assert all(type(ours) is type(theirs) for ours, theirs in zip(row, usual, strict=True))


def test_one_row_or_none(app: Flask, people: People) -> None:
    person = bindparam("person", type_=Uuid(as_uuid=False))
    one, everybody = Question(select(User.name).where(User.id == person)), select(User.id)
    with app.app_context():
        connection = db.session.connection()
        found = one.one_or_none(connection, {"person": people.ana})
        assert found is not None
        assert found.name
        assert one.one_or_none(connection, {"person": new_id()}) is None
        with pytest.raises(MultipleResultsFound):
            Question(everybody).one_or_none(connection, {})


def test_a_value_that_is_not_given_is_an_error_and_no_null(app: Flask) -> None:
    with app.app_context(), pytest.raises((DBAPIError, KeyError)):
        Question(select(bindparam("missing", type_=Integer()))).ask(db.session.connection(), {})


def test_errors_are_those_of_sqlalchemy(app: Flask) -> None:
    wrong = Question(text("SELECT CAST(:said AS integer) AS n").columns(column("n")))
    end = Question(text("SELECT pg_terminate_backend(pg_backend_pid()) AS n").columns(column("n")))
    with app.app_context():
        with pytest.raises(DataError):
            wrong.ask(db.session.connection(), {"said": "x"})
        db.session.rollback()
        with pytest.raises(OperationalError) as lost:
            end.ask(db.session.connection(), {})
        assert lost.value.connection_invalidated
        db.session.rollback()
        [row] = wrong.ask(db.session.connection(), {"said": "4"})
        assert row.n == 4
