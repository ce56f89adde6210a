"""The watch of a worker over the people of an office, and what stands in its database."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert, select, update

from portal.background.people_reviews import PeopleWatch
from portal.domain.request.state import Approval
from portal.models import AuditEvent, Delegation, Notification, Task
from portal.models.columns import new_id
from tests.in_process import InProcess

HOUR = timedelta(hours=1)


class House:
    """The watch of a worker, and what stands in the database."""

    def __init__(self, app: Flask, process: InProcess) -> None:
        self.app, self.process = app, process
        self.watch = PeopleWatch(process.engine, 1)

    def turn(self) -> int:
        """Look, and bring what was found to the requests; how many commands there were."""
        while self.watch.turn():
            pass
        return self.process.take_up()

    def later(self) -> int:
        """The same after a minute: what nobody told the portal is looked for as well."""
        self.watch = PeopleWatch(self.process.engine, 1)
        return self.turn()

    def run(self, statement: Any) -> None:
        with self.process.engine.begin() as connection:
            connection.execute(statement)

    def one(self, statement: Any) -> Any:
        with self.process.engine.connect() as connection:
            return connection.execute(statement).one()

    def away(self, who: str, delegate: str, **values: Any) -> str:
        now = datetime.now(UTC)
        given = {"id": new_id(), "starts_at": now - HOUR, "ends_at": now + HOUR, **values}
        self.run(insert(Delegation).values(delegator_id=who, delegate_id=delegate, **given))
        return str(given["id"])

    def is_over(self, delegation_id: str) -> None:
        ended = datetime.now(UTC) - timedelta(seconds=1)
        mine = Delegation.id == delegation_id
        self.run(update(Delegation).where(mine).values(ends_at=ended))

    def holder(self, state: Approval) -> tuple[str, str | None]:
        """Who has the request's open task, and for whom."""
        task = select(Task.assignee_id, Task.acting_for).where(
            Task.request_id == state.request_id, Task.status == "OPEN"
        )
        row = self.one(task)
        return row.assignee_id, row.acting_for

    def kinds(self, state: Approval) -> list[str]:
        events = select(AuditEvent.kind).where(AuditEvent.request_id == state.request_id)
        with self.process.engine.connect() as connection:
            return list(connection.scalars(events.order_by(AuditEvent.seq)))

    def told(self, person: str) -> list[str]:
        with self.process.engine.connect() as connection:
            notes = select(Notification.text).where(Notification.user_id == person)
            return list(connection.scalars(notes.order_by(Notification.seq)))
