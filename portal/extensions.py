"""The Flask extensions, unbound (the application factory binds them), and the driver's connection.

A connection of the web processes does not wait for ever. The server itself ends statements that
take too long, but a server that is frozen, or cut off without a word, ends nothing; a page would
hang with it.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import psycopg
import structlog
from flask import current_app
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import Connection, Dialect, Engine, MetaData, UpdateBase, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import MultipleResultsFound
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.expression import SelectBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table's base; named constraints, so that migrations can find them again."""

    metadata = MetaData(naming_convention=NAMING, schema="portal")


log = structlog.get_logger("portal.web")


class WroteWhileReading(RuntimeError):
    """A request that only reads (GET) sent a change; those belong inside `transaction`."""


class RequestSession(Session):
    """A session that a page can mark as only reading: then nothing begins and rolls back a
    transaction around its statements, which would be two more waits for the server."""

    def get_bind(self, *args: Any, **more: Any) -> Engine | Connection:
        """The engine; for a page that only reads, the same connections in autocommit."""
        engine = super().get_bind(*args, **more)
        if not self.info.get(_READING) or not isinstance(engine, Engine):
            return engine
        if isinstance(more.get("clause"), UpdateBase):
            raise WroteWhileReading(str(more["clause"]))
        kept = current_app.extensions
        if _READING not in kept:
            kept[_READING] = engine.execution_options(isolation_level="AUTOCOMMIT")
        autocommitting: Engine = kept[_READING]
        return autocommitting

    def flush(self, objects: Any = None) -> None:
        """Send what changed, which a page that only reads must not have."""
        if self.info.get(_READING) and (self.new or self.dirty or self.deleted):
            raise WroteWhileReading("changed objects")
        super().flush(objects)


_READING = "reads_only"


def read_only(reads: bool) -> None:
    """Say of the present request whether it only reads."""
    db.session.info[_READING] = reads


@contextmanager
def transaction() -> Iterator[None]:
    """Inside: one transaction that may write, also in a request that else only reads."""
    session = db.session()
    was_reading = session.info.pop(_READING, False)
    if was_reading:
        session.rollback()
    try:
        yield
    finally:
        if was_reading:
            session.rollback()
            session.info[_READING] = True


@contextmanager
def reading() -> Iterator[None]:
    """Inside: statements that only read, without the two waits of a transaction around them, in a
    request that else writes. To be used behind its commit: what was not committed is taken back."""
    session = db.session()
    was_reading = session.info.get(_READING, False)
    session.rollback()
    session.info[_READING] = True
    try:
        yield
    finally:
        session.rollback()
        session.info[_READING] = was_reading


class Database(SQLAlchemy):
    """Flask-SQLAlchemy's `db`, whose end of a request never costs the answer."""

    def _teardown_session(self, exc: BaseException | None) -> None:
        """Give the connection back. The answer is drawn by now: where the server died meanwhile,
        the connection is thrown away and the answer goes out."""
        try:
            super()._teardown_session(exc)
        except Exception:  # whatever it is, the answer is drawn and has to go out
            log.warning("connection thrown away", exc_info=True)
            if self.session.registry.has():
                session = self.session.registry()
                self.session.registry.clear()
                session.invalidate()


db = Database(model_class=Base, session_options={"class_": RequestSession})
migrate = Migrate()
login = LoginManager()


class Door:
    """The way to the database. Where the address in hand lets nobody in, the newest is asked for:
    a password may be changed while processes run."""

    def __init__(self, url: str, newest: Callable[[], str]) -> None:
        self._url = url
        self._newest = newest

    def open(
        self, connect: Callable[[str], "psycopg.Connection[Any]"]
    ) -> "psycopg.Connection[Any]":
        """A connection by `connect`, which raises psycopg.OperationalError where there is none."""
        try:
            return connect(self._url)
        except psycopg.OperationalError:
            newest = self._newest()
            if newest == self._url:
                raise
        opened = connect(newest)
        self._url = newest
        return opened


LOOK_EVERY = 0.1


class ServerSilent(psycopg.OperationalError):
    """The server has not answered in time, and the connection is given up."""


class HurriedConnection(psycopg.Connection[Any]):
    """Gives up, with ServerSilent, what takes longer than `patience` seconds; None: never."""

    patience: float | None = 2.6

    def wait(self, gen: Any, interval: float = LOOK_EVERY, timeout: float | None = None) -> Any:
        """Wait for the answer that a psycopg generator is after."""
        limit = self.patience if timeout is None else timeout
        try:
            return super().wait(gen, interval=interval, timeout=limit)
        except psycopg.errors._WaitTimeout as late:  # psycopg's own, without a public name
            self.pgconn.finish()
            raise ServerSilent("the server does not answer") from late


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    """The driver's connection beneath SQLAlchemy's.

    Its pipeline sends statements without waiting for each; SQLAlchemy's own statements that return
    rows do not work inside one.
    """
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


@cache
def without_transactions(engine: Engine) -> Engine:
    """The same pool, for statements that stand alone: each is its own transaction, in one trip to
    the server in place of three."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def pipelined(engine: Engine) -> Iterator[Connection]:
    """A transaction in the driver's pipeline: statements that nobody reads an answer of travel
    together, the last of them with the commit. They go to `driver_of` the connection."""
    with engine.connect() as connection:
        driver = driver_of(connection)
        try:
            with driver.pipeline():
                yield connection
                driver.commit()
        except psycopg.OperationalError:
            # SQLAlchemy does not see the driver's errors. If the server went away, the other
            # connections of the pool are as dead as this one: the next try needs a new one.
            if driver.closed:
                engine.dispose()
            raise


@cache
def for_driver(statement: str) -> str:
    """A statement whose values are `:name`, as everywhere, in the form that the driver takes."""
    dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    return str(text(statement).compile(dialect=dialect))


class Question:
    """A statement that is compiled once and asked past SQLAlchemy's layers, which cost more than
    the driver and the server together: for what every page or every call of a program asks."""

    def __init__(self, statement: SelectBase | UpdateBase) -> None:
        self._statement = statement

    @cached_property
    def _compiled(self) -> "_Compiled":
        return _compile(self._statement)

    def ask(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """The rows, each with the statement's columns as attributes. Raises DBAPIError as
        SQLAlchemy does."""
        compiled = self._compiled
        with driver_of(connection).cursor() as cursor:
            try:
                found = cursor.execute(compiled.text, compiled.given(values)).fetchall()
            except psycopg.Error as error:
                # What SQLAlchemy does with the driver's errors. Public names offer all of it but
                # one: forgetting the pool's connections from before a server went away, and not
                # what others have just opened, as `Engine.dispose` does.
                connection._handle_dbapi_exception(error, compiled.text, None, None, None)
        return compiled.rows(found)

    def one_or_none(self, connection: Connection, values: Mapping[str, Any]) -> Any | None:
        """The row, or None. Raises MultipleResultsFound where there are several."""
        rows = self.ask(connection, values)
        if len(rows) > 1:
            raise MultipleResultsFound(self._compiled.text)
        return rows[0] if rows else None


@dataclass(frozen=True)
class _Compiled:
    """`fixed`: the statement's own values; `into`, `out_of`: what a value, or a column, goes
    through on its way, where it does not go as it is."""

    text: str
    fixed: Mapping[str, Any]
    into: Mapping[str, Callable[[Any], Any]]
    out_of: Sequence[tuple[int, Callable[[Any], Any]]]
    row: Callable[..., Any]

    def given(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What the driver is given."""
        found = {**self.fixed, **values}
        for name, change in self.into.items():
            found[name] = change(found[name])
        return found

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        """What is read of it."""
        if not self.out_of:
            return [self.row(*each) for each in found]
        return [self.row(*self._changed(each)) for each in found]

    def _changed(self, values: Sequence[Any]) -> list[Any]:
        changed = list(values)
        for place, change in self.out_of:
            changed[place] = change(changed[place])
        return changed


def _compile(statement: SelectBase | UpdateBase) -> _Compiled:
    dialect: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    compiled = statement.compile(dialect=dialect)
    columns = list(statement.exported_columns)
    into = {
        name: change
        for bind, name in compiled.bind_names.items()
        if (change := bind.type.dialect_impl(dialect).bind_processor(dialect))
    }
    out_of = [
        (place, change)
        for place, column in enumerate(columns)
        if (change := column.type.dialect_impl(dialect).result_processor(dialect, None))
    ]
    # A column without a name is known by its place.
    row = namedtuple("Row", [column.key or "" for column in columns], rename=True)  # type: ignore[misc]
    fixed = {name: bind.value for bind, name in compiled.bind_names.items() if not bind.required}
    return _Compiled(str(compiled), fixed, into, out_of, row)
