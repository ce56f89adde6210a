"""No statement of the recorder or the router reads a whole table, however large it grows."""

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from portal.activities import statements
from portal.directory import planner
from portal.extensions import for_driver
from portal.models import recorded, states
from tests.activities.retold import KNOWN, VERSION
from tests.domain.story import REQUEST

pytestmark = pytest.mark.plans

ROWS = "[]"
IDS = [REQUEST]
RECORDER = (
    "LOCK_REQUEST", "LAST_EVENT", "LOCK_WITH_TASKS", "ADMINS", "NAMES", "UPDATE_STANDING",
    "UPDATE_CONTENT", "CHANGE_TASKS", "UNDO_COMMENTS", "KEEP_STATE", "APPLY_COMMANDS",
    "UPSERT_WORKFLOW", "INSERT_REQUEST", "INSERT_TASKS",
)  # fmt: skip
VALUES = {"rows": ROWS, "id": REQUEST, "ids": IDS, "people": IDS, "tasks": IDS}
PEOPLE = {
    "requester": KNOWN["rita"], "managers": True, "groups": ["IT"], "departments": ["IT"],
    "own": True, "people": IDS, "by_role": True, "roles": ["admin"], "places": True,
}  # fmt: skip


def scans(connection: Connection, explain: Any) -> list[str]:
    """The lines of a plan, made where reading whole tables is the last resort, that read one."""
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    return [line for (line,) in explain() if "Seq Scan" in line]


@pytest.mark.parametrize("name", RECORDER)
def test_the_recorder_finds_rows_by_index(engine: Engine, name: str) -> None:
    statement = "EXPLAIN " + for_driver(getattr(statements, name))
    with engine.connect() as connection:
        explain = lambda: connection.exec_driver_sql(statement, VALUES)  # noqa: E731
        assert scans(connection, explain) == []


def test_reading_the_record_back(engine: Engine) -> None:
    statement = "EXPLAIN " + for_driver(recorded.EVENTS_FROM)
    with engine.connect() as connection:
        values = {"requests": [REQUEST], "first": 1}
        assert scans(connection, lambda: connection.exec_driver_sql(statement, values)) == []


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (states.KEPT, {"ids": IDS}),
        (planner.SNAPSHOT, PEOPLE),
        (planner.SETTING, {"id": VERSION}),
        (planner.DEFINITION, {"id": VERSION}),
    ],
)
def test_readers_and_the_router_find_rows_by_index(
    engine: Engine, statement: Any, values: dict[str, Any]
) -> None:
    with engine.connect() as connection:
        explained = text("EXPLAIN " + statement.text)
        assert scans(connection, lambda: connection.execute(explained, values)) == []
