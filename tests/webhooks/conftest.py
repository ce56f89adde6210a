"""A receiver, an endpoint that leads there, and what a worker does with the outbox, by hand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text

from portal.config import Settings
from portal.domain.request.state import Approval
from portal.domain.webhooks import HookType
from portal.models.columns import new_id
from portal.services import webhooks
from portal.services.webhooks import HookActor, HookRules, HookWish
from portal.webhooks.outbox import HookOutbox, HookTaken
from portal.webhooks.sending import HookSending
from tests.asking import kind  # noqa: F401
from tests.in_process import InProcess, process, submit  # noqa: F401
from tests.receiving import Receiver, receiver, receiving
from tests.web import People

EVERYTHING = tuple(each.value for each in HookType)


@dataclass
class Hooks:
    """The portal's side of webhooks. `secrets` by endpoint."""

    app: Flask
    rules: HookRules
    outbox: HookOutbox
    sending: HookSending
    actor: HookActor
    asking: Callable[..., Approval]
    secrets: dict[str, str] = field(default_factory=dict)

    def ask(self, **values: Any) -> Approval:
        """Ana asks for a chair."""
        return self.asking(**values)

    def add(self, url: str, actor: HookActor | None = None, **wish: Any) -> str:
        """An endpoint that is on; its id."""
        endpoint_id = new_id()
        wanted = HookWish(**{"name": "ERP", "url": url, "types": EVERYTHING, **wish})
        with self.app.app_context():
            secret = webhooks.add(self.rules, wanted, endpoint_id, actor or self.actor)
        assert secret is not None
        self.secrets[endpoint_id] = secret
        self.do("UPDATE portal.webhook_endpoints SET state = 'on' WHERE id = :id", id=endpoint_id)
        return endpoint_id

    def go(self) -> int:
        """Deliver everything that is due; how many batches there were."""
        count = 0
        while (batch := self.outbox.next_batch()) is not None:
            self.outbox.hold(batch.id)
            self.send(batch)
            count += 1
        return count

    def send(self, batch: HookTaken) -> None:
        """Deliver a batch."""
        self.sending.send(batch, lambda: None)

    def hurry(self) -> None:
        """Let every pause be over."""
        self.do("UPDATE portal.webhook_deliveries SET due_at = now() WHERE status = 'WAITING'")
        self.do("UPDATE portal.webhook_endpoints SET rest_until = NULL")

    def do(self, statement: str, **values: Any) -> None:
        """Change the database by hand."""
        with self.outbox.engine.begin() as connection:
            connection.execute(text(statement), values)

    def rows(self, table: str = "deliveries", order: str = "at, seq") -> list[Any]:
        """What is kept of messages, tries or endpoints."""
        with self.outbox.engine.connect() as connection:
            return list(
                connection.execute(text(f"SELECT * FROM portal.webhook_{table} ORDER BY {order}"))
            )

    def states(self) -> list[str]:
        """The states of all messages."""
        return [each.status for each in self.rows()]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Those that let webhooks lead to this machine, for two seconds each."""
    return receiving(settings, timeout_seconds=2)


@pytest.fixture
def ear() -> Iterator[Receiver]:
    """A receiver that takes everything."""
    with receiver() as found:
        yield found


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """Connections of a worker's."""
    engine = create_engine(settings.sqlalchemy_url)
    yield engine
    engine.dispose()


@pytest.fixture
def asking(process: InProcess, people: People, kind: dict[str, str]) -> Callable[..., Approval]:  # noqa: F811
    """Gives a request of Ana's."""
    return lambda **values: process.give(submit(kind, people, **values))


@pytest.fixture
def hooks(
    app: Flask, settings: Settings, engine: Engine, people: People,
    asking: Callable[..., Approval],
) -> Hooks:  # fmt: skip
    """What a worker does with the outbox, without Temporal."""
    rules = HookRules(settings=settings.webhooks, secret_keys=settings.secret_keys)
    sending = HookSending(engine, replace(settings, public_url="https://portal.example"))
    actor = HookActor(person_id=people.adam)
    return Hooks(app, rules, HookOutbox(engine), sending, actor, asking)
