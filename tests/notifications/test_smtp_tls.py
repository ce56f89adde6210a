"""Encrypted mail: with a certificate of the host's, and never without."""

import datetime as dt
import ssl
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.config import MailSettings
from portal.notifications.smtp import MailNotTaken, SmtpConnection
from tests.mailing import Catcher
from tests.notifications.test_smtp import MAIL


def certificate(folder: Path, host: str) -> Path:
    """A key and a certificate that vouches for itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{host}.pem"
    pem, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(pem, plain, serialization.NoEncryption())
    file.write_bytes(secret + made.public_bytes(pem))
    return file


def take(tls: str, file: Path) -> Catcher:
    """Send a mail to an encrypted server with that certificate; what it caught."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    catcher = Catcher()
    given = {"ssl_context": context} if tls == "tls" else {"tls_context": context}
    controller = Controller(
        catcher, "localhost", catcher.port, require_starttls=tls == "starttls", **given
    )
    controller.start()
    try:
        with SmtpConnection(MailSettings(host="localhost", port=catcher.port, tls=tls)) as door:
            door.send(MAIL, "ben@example.org")
    finally:
        controller.stop()
    return catcher


@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_mail_goes_to_a_host_that_proves_its_name(
    tls: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert len(take(tls, file).mails) == 1


@pytest.mark.parametrize("tls", ["tls", "starttls"])
@pytest.mark.parametrize("trusted", [True, False])
def test_and_to_no_other(
    tls: str, trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, "elsewhere.example" if trusted else "localhost")
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(MailNotTaken, match="certificate"):
        take(tls, file)
