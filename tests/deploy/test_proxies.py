"""The shipped sites of nginx and Caddy, with the portal under production's settings behind them."""

import socket
import ssl
import time
from contextlib import ExitStack
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from portal.config import Settings
from portal.doctor import proxy
from portal.doctor.finding import Level
from tests.deploy.proxies import Site, behind

pytestmark = [pytest.mark.slow, pytest.mark.proxies]
HALF = b"POST /sign-in HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 50\r\n\r\nemail="


def trusted(site: Site) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(site.folder / "ca.pem"))


def examined(site: Site, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What the doctor has to say of the way that people come."""
    monkeypatch.setenv("SSL_CERT_FILE", str(site.folder / "ca.pem"))
    found = list(proxy.examine(site.settings))
    return {each.code for each in found if each.level is not Level.OK}


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_a_shipped_site_is_right_and_keeps_slow_clients_away(
    kind: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with behind(kind, settings, tmp_path) as site, ExitStack() as slow:
        assert examined(site, monkeypatch) == set()
        for _ in range(40):  # more than gunicorn has threads
            line = slow.enter_context(socket.create_connection(("127.0.0.1", site.port)))
            line = slow.enter_context(trusted(site).wrap_socket(line, server_hostname="localhost"))
            line.sendall(HALF % site.port)
        began = time.monotonic()
        page = HTTPSConnection("localhost", site.port, timeout=30, context=trusted(site))
        page.request("GET", "/sign-in")
        answer = page.getresponse()
        assert answer.status == 200
        assert time.monotonic() - began < 10
        assert "__Host-" in answer.headers["Set-Cookie"]
        page.close()


def test_the_doctor_sees_what_is_wrong_with_a_proxy(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {"TRUSTED_PROXIES": "0", "GLORIA_LARGEST_FORM": "1m"}
    with behind("nginx", settings, tmp_path, **wrong) as site:
        assert examined(site, monkeypatch) == {"proxy.scheme", "proxy.uploads"}
        monkeypatch.delenv("SSL_CERT_FILE")
        found = [each.code for each in proxy.examine(site.settings)]
        assert found == ["proxy.certificate"]
