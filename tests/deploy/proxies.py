"""nginx and Caddy with the files of deploy/, before gunicorn under production's settings."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.config import ROOT, Settings
from scripts.local.ports import any_free
from tests.programs import started
from tests.test_gunicorn import answer, serving

SITE = (ROOT / "deploy" / "nginx" / "gloria.conf.template").read_text(encoding="utf-8")
AROUND = """
daemon off; pid {folder}/nginx.pid; error_log stderr warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    {site}
}}
"""


@dataclass(frozen=True)
class Certificate:
    """One for this machine, and the authority that signed it."""

    file: Path
    key: Path
    ca: Path


def certificate(folder: Path) -> Certificate:
    """Make both; rustls, unlike OpenSSL, takes no certificate that signed itself."""
    both = Certificate(*(folder / name for name in ("own.pem", "own.key", "ca.pem")))
    signer, authority = (
        ec.generate_private_key(ec.SECP256R1()),
        _named(f"A CA of one's own {secrets.token_hex(4)}"),
    )
    signed = _certificate(authority, signer.public_key(), authority, is_ca=True)
    both.ca.write_bytes(_pem(signed.sign(signer, hashes.SHA256())))
    key = ec.generate_private_key(ec.SECP256R1())
    own = _certificate(_named("localhost"), key.public_key(), authority, is_ca=False)
    both.file.write_bytes(_pem(own.sign(signer, hashes.SHA256())))
    kind, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    both.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, plain))
    return both


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _certificate(
    name: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name, *, is_ca: bool
) -> x509.CertificateBuilder:
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )


def _pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.PEM)


def program(name: str) -> str:
    """Where it is; ./scripts/test installs what is missing."""
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    return found or pytest.fail(f"There is no {name} here: install the package {name}.")


@dataclass(frozen=True)
class Site:
    """The portal behind a proxy."""

    settings: Settings
    folder: Path
    port: int
    pages: "subprocess.Popen[str]"


def variables(folder: Path, port: int, pages: int, **more: str) -> dict[str, str]:
    own = certificate(folder)
    return {
        "GLORIA_HOST": "localhost",
        "GLORIA_PAGES": f"127.0.0.1:{pages}",
        "GLORIA_HTTP_PORT": str(any_free()),
        "GLORIA_HTTPS_PORT": str(port),
        "GLORIA_CERTIFICATE": str(own.file),
        "GLORIA_CERTIFICATE_KEY": str(own.key),
        "GLORIA_LARGEST_FORM": "501m",
        **more,
    }


def nginx(folder: Path, given: dict[str, str]) -> list[str]:
    """The command; the variables are put in as the image of nginx does it."""
    site = re.sub(r"\$\{(\w+)\}", lambda found: given[found[1]], SITE)
    file = folder / "nginx.conf"
    file.write_text(AROUND.format(folder=folder, site=site))
    return [program("nginx"), "-c", str(file), "-p", str(folder)]


def caddy(folder: Path, given: dict[str, str]) -> list[str]:
    return [program("caddy"), "run", "--config", str(ROOT / "deploy/caddy/Caddyfile"),
            "--adapter", "caddyfile"]  # fmt: skip


PROXIES = {"nginx": nginx, "caddy": caddy}


@contextmanager
def behind(
    kind: str, settings: Settings, folder: Path, pages: dict[str, str] | None = None, **more: str
) -> Iterator[Site]:
    """The portal under production's settings (`pages`: further ones) behind one of the proxies."""
    port = any_free()
    public = f"https://localhost:{port}"
    hops = more.pop("TRUSTED_PROXIES", "1")
    own = {"PUBLIC_URL": public, "TRUSTED_PROXIES": hops}
    with serving(settings, **own, **(pages or {})) as (process, number):
        answer(number, "/healthz", f"localhost:{port}")
        given = variables(folder, port, number, **more)
        if kind == "caddy":
            files = f"{given['GLORIA_CERTIFICATE']} {given['GLORIA_CERTIFICATE_KEY']}"
            given |= {"GLORIA_HOST": public, "GLORIA_TLS": files, "GLORIA_LARGEST_FORM": "501MB"}
        env = {**os.environ, **given, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        with started(PROXIES[kind](folder, given), env=env, cwd=folder):
            until_open(port)
            own_settings = replace(settings, public_url=public, trusted_proxies=int(hops))
            yield Site(own_settings, folder, port, process)


def until_open(port: int) -> None:
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the proxy does not listen")
