"""What Temporal keeps: readable without keys, closed with them, and opened by older keys."""

import asyncio
import base64
from dataclasses import replace

import pytest
from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest

from portal.config import ConfigurationError, Settings
from portal.temporal import client as clients
from portal.temporal.encryption import Encryption, KeyMissing, converter
from tests.temporal.office import Desk
from tests.temporal.serving import worker_inside
from tests.test_config import PRODUCTION

OLD, NEW = (f"{name}:{base64.b64encode(bytes([number]) * 32).decode()}"
            for name, number in (("old", 1), ("new", 2)))  # fmt: skip


@pytest.fixture
def temporal_settings(temporal_settings: Settings) -> Settings:
    """Every process seals."""
    return replace(temporal_settings, temporal_encryption_keys=OLD)


def sealed(keys: str, value: str) -> Payload:
    return asyncio.run(converter(keys).encode([value]))[0]


def opened(keys: str, payload: Payload) -> str:
    (value,) = asyncio.run(converter(keys).decode([payload]))
    assert isinstance(value, str)
    return value


def test_the_first_key_seals_and_every_key_opens() -> None:
    before = sealed(OLD, "a chair")
    assert b"chair" not in before.SerializeToString()
    assert sealed(OLD, "a chair").data != before.data
    assert opened(f"{NEW},{OLD}", before) == "a chair"
    after = sealed(f"{NEW},{OLD}", "a table")
    assert opened(NEW, after) == "a table"
    with pytest.raises(KeyMissing, match="'old'"):
        opened(NEW, before)


def test_what_was_plain_stays_readable() -> None:
    plain = sealed("", "a chair")
    assert b"chair" in plain.data
    assert opened(NEW, plain) == "a chair"


def test_what_was_changed_is_not_opened() -> None:
    payload = sealed(OLD, "a chair")
    payload.data = payload.data[:-1] + bytes([payload.data[-1] ^ 1])
    with pytest.raises(KeyMissing, match="does not open"):
        asyncio.run(Encryption(OLD).decode([payload]))


@pytest.mark.parametrize("keys", ["x", "a:b", f"{OLD},:{OLD[4:]}", "short:" + "QUJD"])
def test_keys_that_are_none_are_refused(keys: str) -> None:
    with pytest.raises(ConfigurationError, match="TEMPORAL_ENCRYPTION_KEYS must be") as refusal:
        Settings.from_environment(PRODUCTION | {"TEMPORAL_ENCRYPTION_KEYS": keys})
    assert OLD not in str(refusal.value)
    good = Settings.from_environment(PRODUCTION | {"TEMPORAL_ENCRYPTION_KEYS": f"{NEW}, {OLD}"})
    assert OLD not in repr(good)


async def history(desk: Desk) -> bytes:
    """Everything that the server keeps of the request's course, as it lies there."""
    client = await clients.connect(desk.settings)
    request = GetWorkflowExecutionHistoryRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=f"approval-{desk.request_id}"),
    )
    answer = await client.workflow_service.get_workflow_execution_history(request)
    return bytes(answer.history.SerializeToString())


@pytest.mark.temporal
def test_a_request_goes_its_way_and_the_server_knows_nothing_of_it(desk: Desk) -> None:
    with worker_inside(desk.settings):
        assert desk.issue(desk.submit()).outcome == "applied"
        assert desk.issue(desk.decide(desk.office.ana)).outcome == "applied"
    newer = replace(desk.settings, temporal_encryption_keys=f"{NEW},{OLD}")
    with worker_inside(newer):  # what the old key sealed is opened, what follows has the new one
        assert desk.issue(desk.decide(desk.office.ben, opening=2)).outcome == "applied"
    assert desk.status() == "APPROVED"
    kept = asyncio.run(history(desk))
    assert b"binary/encrypted" in kept
    for word in (b"A lens", b"because", b"Rita", desk.office.ana.encode()):
        assert word not in kept
