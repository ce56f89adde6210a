"""A sealed record of two requests, and the rights to do anything to it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from portal.activities.record import record_batch
from portal.domain.codec import encode
from portal.domain.routing.plan import RoutePlan
from portal.proof import anchors, beginning, sealing, verifying
from portal.proof.beginning import signer_of
from portal.proof.tiles import LogFiles
from portal.proof.verifying import Outside, Verification
from portal.workflows.messages import RecordBatch, RecordedEvent
from tests.activities.retold import KNOWN, Told, insert_office
from tests.domain.story import REQUEST, Story

OTHER = "0192aaaa-0000-7000-8000-00000000000b"
HOST = "https://approvals.example.org"
IS_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Nothing guards the record from whoever owns it and goes about it so.
# The stories' months lie apart, whenever the tests run.
MONTHS = "SELECT portal.ensure_audit_partitions('2026-01-01', '2026-02-28')"
UNGUARDED = "SET session_replication_role = replica"


@dataclass
class Kept:
    """The record, its log, and an anchored checkpoint."""

    engine: Engine
    folder: Path

    @property
    def key(self) -> Path:
        return self.folder / "key"

    @property
    def log(self) -> LogFiles:
        found = beginning.current(self.folder / "log")
        assert found is not None
        return found

    def seal(self) -> sealing.Sealed:
        """One pass of the sealer."""
        return sealing.seal(self.engine, self.log, signer_of(self.log, self.key, HOST))

    def outside(self, *more: tuple[str, str]) -> Outside:
        """Everything that lies outside the database."""
        key = signer_of(self.log, self.key, HOST).verifier
        return Outside(self.log, [*anchors.in_folder(self.folder / "anchors"), *more], key)

    def verify(self, *more: tuple[str, str]) -> Verification:
        """Verify everything."""
        return verifying.verify(self.engine, self.outside(*more))

    def kinds(self) -> set[str]:
        """What kinds of problems are found."""
        return {each.kind for each in self.verify().problems}


def steps(
    request_id: str = REQUEST, number: str = "PR-1", *, begins: int = 0, waits: int = 0
) -> Iterator[RecordBatch]:
    """What is recorded of a request that somebody asks for, and somebody approves, bit by bit.
    `begins`, `waits`: so many days later, and so many between asking and approving. The last step
    is of the end of its route."""
    story, told = Story(), 0
    story.now += timedelta(days=begins)
    for step in (
        lambda: story.submits(),
        lambda: story.opens("ana", "ben"),
        lambda: story.waits(seconds=waits * 86_400),
        lambda: story.approves("ana", comment="Größe <b>?"),
        lambda: story.waits(seconds=11),
        lambda: story.routed(RoutePlan()),
    ):
        step()
        batch = Told(tuple(story.log[told:]), story.state).batch()
        told = len(story.log)
        if request_id != REQUEST:
            batch = RecordBatch(**_renamed(encode(batch), request_id, number))
        yield batch


def tell(
    connection: Connection, request_id: str = REQUEST, number: str = "PR-1", **days: int
) -> None:
    """Record it up to the end of its route, in one transaction."""
    for batch in [*steps(request_id, number, **days)][:-1]:
        record_batch(connection, batch)


def close(
    connection: Connection, request_id: str = REQUEST, number: str = "PR-1", **days: int
) -> None:
    """Record the end of its route."""
    record_batch(connection, [*steps(request_id, number, **days)][-1])


def _renamed(value: Any, request_id: str, number: str) -> Any:
    def rename(each: Any) -> Any:
        if isinstance(each, dict):
            return {name: rename(item) for name, item in each.items()}
        if isinstance(each, list):
            return [rename(item) for item in each]
        if isinstance(each, str):
            return _other_id(each, request_id) if each != "PR-1" else number
        return each

    told = rename(value)
    told["events"] = [RecordedEvent(**each) for each in told["events"]]
    return told


def _other_id(word: str, request_id: str) -> str:
    """The ids of tasks and commands belong to one request; those of people do not."""
    if word == REQUEST or word in KNOWN.values() or not IS_ID.fullmatch(word):
        return request_id if word == REQUEST else word
    return str(uuid5(NAMESPACE_OID, f"{request_id}/{word}"))


@pytest.fixture
def kept(database_url: str, postgres_server: Any, tmp_path: Path) -> Iterator[Kept]:
    """A request that was recorded before there was a log, then sealed and anchored."""
    name = database_url.rpartition("/")[2]
    admin = postgres_server.admin_url(name)
    engine = create_engine(admin.replace("postgresql", "postgresql+psycopg", 1))
    with engine.begin() as connection:
        connection.execute(text(MONTHS))
        insert_office(connection)
        tell(connection)
    beginning.begin(engine, tmp_path / "log", tmp_path / "key")
    each = Kept(engine, tmp_path)
    note = each.seal().note
    assert note is not None
    anchors.put(tmp_path / "anchors", note, datetime.now(UTC))
    yield each
    engine.dispose()


@pytest.fixture
def as_portal(kept: Kept, postgres_server: Any) -> Any:
    """An engine with the rights of the portal alone."""
    url = postgres_server.app_url(kept.engine.url.database or "")
    engine = create_engine(url.replace("postgresql", "postgresql+psycopg", 1))
    yield engine
    engine.dispose()


@pytest.fixture
def tamper(kept: Kept) -> Callable[..., None]:
    """Do something to the record that nobody may do."""

    def do(*statements: str) -> None:
        with kept.engine.begin() as connection:
            connection.execute(text(UNGUARDED))
            for each in statements:
                connection.execute(text(each))

    return do
