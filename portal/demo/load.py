"""Loads the demonstration once: organisation, types, past and present requests, accounts."""

import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, insert, select, update

from portal import models
from portal.activities.record import record_batch
from portal.demo import organisation, scenarios
from portal.demo.foundation import make_organisation, make_types
from portal.demo.request_types import DemoType
from portal.demo.simulation import Simulation, TypeInForce, next_working_moment
from portal.directory.facts import write_due
from portal.domain.codec import encode
from portal.domain.policy.policy import WorkflowKind
from portal.domain.request.commands import kind_of
from portal.domain.request.events import CommandRefused
from portal.domain.request.events import kind_of as event_kind
from portal.models.columns import new_id
from portal.services.passwords import hashed
from portal.workflows.messages import RecordBatch, RecordedEvent
from portal.workflows.names import workflow_id, workflow_type

UNREAD_DAYS = 3
MAILED_DAYS = 1


def load_demo(engine: Engine, accounts_file: Path, now: datetime | None = None) -> list[str]:
    """Load what is not there yet and return the lines `demo-account <role> <email> <password>`.

    Safe to repeat: the organisation and its requests are made once. Where the accounts file is
    gone, its accounts get new passwords, since only their hashes are kept.
    """
    now = now or datetime.now(UTC)
    with engine.begin() as connection:
        if connection.scalar(select(models.RequestType.id).limit(1)) is None:
            ids = make_organisation(connection)
            kinds = make_types(connection, ids, now)
            _requests(connection, ids, kinds, now)
            _absences(connection, ids, now)
    write_due(engine)
    if accounts_file.exists():
        return accounts_file.read_text().splitlines()
    with engine.begin() as connection:
        lines = _accounts(connection)
    _write_private(accounts_file, lines)
    return lines


def _requests(
    connection: Connection,
    ids: dict[str, str],
    kinds: dict[str, tuple[DemoType, TypeInForce]],
    now: datetime,
) -> None:
    wanted = [*scenarios.past(), *scenarios.current()]
    wanted.sort(key=lambda scenario: -scenario.days)
    counters = dict.fromkeys(kinds, 1001)
    for scenario in wanted:
        demo_type, in_force = kinds[scenario.type_code]
        number = f"{demo_type.prefix}-{counters[scenario.type_code]}"
        counters[scenario.type_code] += 1
        started = next_working_moment(scenarios.working_days_before(now, scenario.days))
        if started > now - timedelta(hours=1):  # the working day has not begun yet
            started = scenarios.working_days_before(now, scenario.days)
        run = Simulation(connection, scenario, in_force, ids, number, started)
        run.play(until=now)
        _keep(connection, run)
    connection.execute(
        update(models.Notification)
        .where(models.Notification.created_at < now - timedelta(days=UNREAD_DAYS))
        .values(read_at=models.Notification.created_at + timedelta(hours=1))
    )
    # The past is not mailed; only whoever is asked since yesterday hears of it now.
    connection.execute(
        update(models.Notification)
        .where(models.Notification.created_at < now - timedelta(days=MAILED_DAYS))
        .values(handed_at=models.Notification.created_at)
    )
    for code, following in counters.items():
        connection.execute(
            update(models.RequestType)
            .where(models.RequestType.code == code)
            .values(next_number=following)
        )


def _absences(connection: Connection, ids: dict[str, str], now: datetime) -> None:
    """Somebody is away now and somebody will be soon; the worker moves what is theirs."""
    midnight = now.astimezone(ZoneInfo(organisation.SCHOOLS.time_zone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    connection.execute(
        insert(models.Delegation),
        [
            {
                "id": new_id(),
                "delegator_id": ids[each.away],
                "delegate_id": ids[each.decides],
                "starts_at": midnight + timedelta(days=each.begins),
                "ends_at": midnight + timedelta(days=each.begins + each.days),
                "reason": each.reason,
                "created_by": ids[each.away],
            }
            for each in scenarios.ABSENCES
        ],
    )


def _keep(connection: Connection, run: Simulation) -> None:
    refused = {e.command_id: e.reason for e in run.events if isinstance(e, CommandRefused)}
    connection.execute(
        insert(models.Command),
        [
            {
                "id": command.command_id,
                "request_id": command.request_id,
                "number": run.number,
                "task_id": getattr(command, "task_id", None),
                "kind": kind_of(command),
                "workflow": run.kind.workflow,
                "actor_id": command.actor_id,
                "payload": encode(command),
                "created_at": command.at,
                "delivered_at": command.at,
                "applied_at": command.at,
                "outcome": "refused" if command.command_id in refused else "applied",
                "reason": refused.get(command.command_id),
            }
            for command in run.commands
        ],
    )
    kind, request_id = WorkflowKind(run.kind.workflow), run.state.request_id
    record_batch(
        connection,
        RecordBatch(
            request_id=request_id,
            workflow_id=workflow_id(kind, request_id),
            run_id="",
            workflow_type=workflow_type(kind),
            events=[RecordedEvent(event_kind(event), encode(event)) for event in run.events],
            state=encode(run.state),
        ),
    )


def _accounts(connection: Connection) -> list[str]:
    lines = []
    for person in organisation.PEOPLE:
        if person.account is None:
            continue
        password = secrets.token_urlsafe(12)
        connection.execute(
            update(models.User)
            .where(models.User.email == person.email)
            .values(password_hash=hashed(password))
        )
        lines.append(f"demo-account {person.account} {person.email} {password}")
    return lines


def _write_private(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write("\n".join(lines) + "\n")
