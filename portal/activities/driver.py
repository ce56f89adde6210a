"""The driver's connection beneath SQLAlchemy's."""

from typing import Any

import psycopg
from sqlalchemy import Connection


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    """The connection whose pipeline sends statements without waiting for each.

    SQLAlchemy's own statements that return rows do not work inside a pipeline.
    """
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver
