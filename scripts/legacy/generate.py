"""Makes a whole old database: tables, people, definitions, instances."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from scripts.legacy.copying import Copier
from scripts.legacy.ddl import make_tables
from scripts.legacy.definitions import make_definitions
from scripts.legacy.instances import Instances
from scripts.legacy.organisation import People

PEOPLE_FOR = 100
FEWEST, MOST = 60, 2000


@dataclass(frozen=True)
class Generated:
    """How many instances of each kind, and how many rows in all."""

    kinds: dict[str, int]
    rows: int


def generate(
    url: str, instances: int, seed: int, *, now: datetime | None = None, ties: bool = True
) -> Generated:
    """Make the tables and fill them. Raises ProgrammingError where they are there already.

    The same seed and `now` (UTC, by default the last full hour) give the same rows.
    """
    at = (now or datetime.now(UTC)).replace(minute=0, second=0, microsecond=0)
    chance = random.Random(seed)  # noqa: S311 - believable data, no secrets
    make_tables(url, ties=ties)
    with psycopg.connect(url) as connection:
        connection.execute("SET synchronous_commit = off")
        copier = Copier(connection)
        size = min(MOST, max(FEWEST, instances // PEOPLE_FOR))
        people = People(copier, chance, at, size).make()
        definitions = make_definitions(copier, people, chance, at)
        kinds = Instances(copier, chance, at, people, definitions).make(instances)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return Generated(kinds, copier.count)
