"""The way that people come: does PUBLIC_URL lead here, and what does the portal believe of it?

The portal says at /seen what it believes about whoever asks. The question claims to come from an
address kept for documents (RFC 5737): believing that would mean believing everybody.
"""

import http.client
import json
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from portal.config import Settings
from portal.doctor.finding import Finding, fault, warning, well

CLAIMED = "203.0.113.77"
SECONDS = 10
PATIENCE = 1.5
PAGE = "/seen"
RUNS = "look whether the proxy and the pages run: systemctl status nginx gloria-web"


def examine(settings: Settings) -> Iterator[Finding]:
    """Ask the portal by its public address, as a browser would."""
    try:
        status, said = _asked(settings)
    except ssl.SSLError as error:
        words = f"{settings.public_url}: its certificate is not trusted: {error.reason}"
        todo = "renew it, or name your own CA in SSL_CERT_FILE; the proxy sends the whole chain"
        yield fault("proxy.certificate", words, todo)
        return
    except (OSError, http.client.HTTPException) as error:
        words = f"{settings.public_url} does not answer: {error}"
        yield fault("proxy.away", words, RUNS)
        return
    if status != 200:
        yield _refused(settings, status)
        return
    yield from _believed(settings, said)
    yield from _uploads(settings)


def _refused(settings: Settings, status: int) -> Finding:
    words = f"{settings.public_url}{PAGE} answers {status}"
    if status == 400:
        todo = "the proxy must pass on the name that people ask for: proxy_set_header Host $host"
        return fault("proxy.host", f"{words}: the portal does not trust that host name", todo)
    if status in (502, 503, 504):
        return fault("proxy.pages", f"{words}: the proxy does not reach the pages", RUNS)
    return fault("proxy.elsewhere", f"{words}: somebody else answers there", "look at PUBLIC_URL")


def _believed(settings: Settings, said: dict[str, Any]) -> Iterator[Finding]:
    address, scheme = said.get("address"), said.get("scheme")
    wanted = urlsplit(settings.public_url).scheme
    if address == CLAIMED:
        words = f"the portal believes whatever address a visitor claims ({CLAIMED})"
        todo = (
            "TRUSTED_PROXIES is too large, or the first proxy passes X-Forwarded-For on unchanged"
        )
        yield fault("proxy.believes", words, todo)
    if scheme != wanted:
        words = f"the portal sees {scheme}, people use {wanted}; it takes {address} for the visitor"
        todo = (
            f"TRUSTED_PROXIES={settings.trusted_proxies} must be the number of proxies, and each"
            " sets X-Forwarded-Proto"
        )
        yield fault("proxy.scheme", words, todo)
    if address != CLAIMED and scheme == wanted:
        yield well("proxy", f"{settings.public_url} leads here; the visitor is {address}, {scheme}")


def _uploads(settings: Settings) -> Iterator[Finding]:
    """Announce a form as large as the portal takes it; a proxy that will not says so at once."""
    size = (settings.attachments_most * settings.attachments_largest_mb + 1) * 10**6
    connection = _connection(settings)
    try:
        connection.putrequest("POST", PAGE)
        connection.putheader("Content-Length", str(size))
        connection.putheader("Content-Type", "multipart/form-data; boundary=doctor")
        connection.endheaders()
        assert connection.sock is not None
        connection.sock.settimeout(PATIENCE)
        begin = connection.sock.recv(64)
    except (TimeoutError, OSError):
        begin = b""  # it waits for the rest, as it should
    finally:
        connection.close()
    if b" 413" in begin:
        words = f"the proxy refuses forms of {size // 10**6} MB, which the portal takes"
        todo = f"nginx: client_max_body_size {size // 10**6}m; or lower ATTACHMENTS_MOST"
        yield warning("proxy.uploads", words, todo)


def _asked(settings: Settings) -> tuple[int, dict[str, Any]]:
    connection = _connection(settings)
    try:
        connection.request("GET", PAGE, headers={"X-Forwarded-For": CLAIMED})
        answer = connection.getresponse()
        body = answer.read(10_000)
    finally:
        connection.close()
    try:
        said = json.loads(body)
        return answer.status, said if isinstance(said, dict) else {}
    except ValueError:
        return answer.status if answer.status != 200 else 404, {}


def _connection(settings: Settings) -> http.client.HTTPConnection:
    parts = urlsplit(settings.public_url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=SECONDS, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=SECONDS)
