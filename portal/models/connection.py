"""The driver's connection, and one that does not wait for ever.

The server itself ends statements that take too long, but a server that is frozen, or cut off
without a word, ends nothing; a page would hang with it.
"""

from typing import Any

import psycopg
from sqlalchemy import Connection

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
