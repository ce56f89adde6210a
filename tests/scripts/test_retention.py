"""How long our own Temporal server keeps histories."""

import asyncio

import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from scripts.local.temporal import TemporalServer, keep_histories


async def kept_days(address: str) -> float:
    """The retention of the default namespace, in days."""
    client = await Client.connect(address)
    request = DescribeNamespaceRequest(namespace="default")
    answer = await client.workflow_service.describe_namespace(request)
    return answer.config.workflow_execution_retention_ttl.seconds / 86_400


@pytest.mark.temporal
def test_histories_stay_as_long_as_we_say(temporal_server: TemporalServer) -> None:
    asyncio.run(keep_histories(temporal_server.address, 31))
    assert asyncio.run(kept_days(temporal_server.address)) == 31
