"""Temporal over TLS, with a certificate and a key of ours: nginx stands before the real server."""

import asyncio
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from portal.config import Settings, TlsSettings
from portal.doctor import temporal
from portal.temporal import client as clients
from scripts.local.ports import any_free
from tests.deploy.proxies import AROUND, Certificate, certificate, program, until_open
from tests.programs import started

pytestmark = [pytest.mark.temporal, pytest.mark.proxies]
KEY = "the-key-of-a-cloud"
GUARDED = """
server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {own.file}; ssl_certificate_key {own.key};
    ssl_client_certificate {own.ca}; ssl_verify_client on;
    if ($http_authorization != "Bearer {key}") {{ return 401; }}
    location / {{ grpc_pass grpc://{server}; }}
}}
"""


@dataclass(frozen=True)
class Guarded:
    """Settings that are let in, and the certificate of both sides."""

    settings: Settings
    own: Certificate


@pytest.fixture
def guarded(temporal_settings: Settings, tmp_path: Path) -> Iterator[Guarded]:
    """A server that asks for a certificate and a key."""
    port, own = any_free(), certificate(tmp_path)
    server = temporal_settings.temporal_address
    site = GUARDED.format(port=port, own=own, key=KEY, server=server)
    file = tmp_path / "nginx.conf"
    file.write_text(AROUND.format(folder=tmp_path, site=site))
    command = [program("nginx"), "-c", str(file), "-p", str(tmp_path)]
    tls = TlsSettings(is_on=True, ca=own.ca, certificate=own.file, key=own.key, name="localhost")
    let_in = replace(
        temporal_settings, temporal_address=f"127.0.0.1:{port}", tls=tls, temporal_api_key=KEY
    )
    with started(command, stderr=subprocess.DEVNULL):
        until_open(port)
        yield Guarded(let_in, own)


def test_who_has_certificate_and_key_is_let_in(guarded: Guarded) -> None:
    client = asyncio.run(clients.connect_now(guarded.settings))
    assert client.namespace == "default"
    found = {each.code for each in temporal.examine(guarded.settings)}
    assert {"temporal", "workers.none"} <= found
    assert "temporal.away" not in found


@pytest.mark.parametrize("lacking", ["tls", "ca", "certificate", "key", "name"])
def test_who_lacks_one_of_them_is_not(guarded: Guarded, lacking: str) -> None:
    settings, tls = guarded.settings, guarded.settings.tls
    wrong = {
        "tls": replace(settings, tls=TlsSettings()),
        "ca": replace(settings, tls=replace(tls, ca=None)),
        "certificate": replace(settings, tls=replace(tls, certificate=None, key=None)),
        "key": replace(settings, temporal_api_key="another"),
        "name": replace(settings, tls=replace(tls, name="elsewhere.example")),
    }
    with pytest.raises(clients.NotYet):
        asyncio.run(clients.connect_now(wrong[lacking]))
