"""Which port each part gets."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.local.addresses import Ports, choose
from scripts.local.failure import LocalFailure
from scripts.local.installation import Installation
from scripts.local.options import Options
from scripts.local.ports import any_free, is_free, next_free

ALL = frozenset({"port", "postgres_port", "temporal_port", "temporal_ui_port"})


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """An installation that has never run."""
    (tmp_path / "var").mkdir()
    return Installation(tmp_path)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def chosen(installation: Installation, **given: int) -> Ports:
    """The ports for these options."""
    return choose(Options(**given), installation, ALL)


def test_every_part_gets_another_port(installation: Installation) -> None:
    ports = chosen(installation)
    numbers = {ports.port, ports.postgres_port, ports.temporal_port, ports.temporal_ui_port}
    assert len(numbers) == 4
    assert all(is_free(number) for number in numbers)


def test_the_next_run_gets_the_same_ports(installation: Installation) -> None:
    first = chosen(installation, port=0, temporal_port=0, temporal_ui_port=0)
    second = chosen(installation)
    assert (first.port, first.postgres_port) == (second.port, second.postgres_port)


def test_a_remembered_port_that_is_taken_is_replaced(
    installation: Installation, taken: int
) -> None:
    installation.remember("ports", {"postgres_port": taken})
    assert chosen(installation).postgres_port not in (0, taken)


def test_a_given_port_is_insisted_on(installation: Installation, taken: int) -> None:
    with pytest.raises(LocalFailure, match="--temporal-ui-port"):
        chosen(installation, temporal_ui_port=taken)


def test_a_port_cannot_be_given_twice(installation: Installation) -> None:
    port = any_free()
    with pytest.raises(LocalFailure, match="given twice"):
        chosen(installation, port=port, temporal_port=port)


def test_what_is_not_started_needs_no_port(installation: Installation, taken: int) -> None:
    options = Options(temporal_port=taken)
    assert choose(options, installation, frozenset({"port"})).temporal_port == 7233


def test_the_next_free_port_skips_what_is_spoken_for(taken: int) -> None:
    first = next_free(taken)
    assert next_free(taken, frozenset({first})) > first > taken
