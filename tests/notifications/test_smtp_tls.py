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

from portal.config import MailSettings, Settings
from portal.notifications.smtp import MailNotTaken, SmtpConnection
from tests.deploy.proxies import certificate as signed
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


def take(tls: str, file: Path, key: Path | None = None, ca: Path | None = None) -> Catcher:
    """Send a mail to an encrypted server with that certificate; what it caught."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, key)
    catcher = Catcher()
    kind = {"ssl_context": context} if tls == "tls" else {"tls_context": context}
    controller = Controller(
        catcher, "localhost", catcher.port, require_starttls=tls == "starttls", **kind
    )
    controller.start()
    try:
        given = MailSettings(host="localhost", port=catcher.port, tls=tls, ca=ca)
        with SmtpConnection(given) as door:
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


@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_a_ca_of_ones_own_is_named_by_the_settings(tls: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    own, other = signed(tmp_path), signed(tmp_path / "other")
    env = {"ENVIRONMENT": "test", "DATABASE_URL": "postgresql:///x", "SECRET_KEY": "x"}
    ca = Settings.from_environment({**env, "SMTP_CA": str(own.ca)}).mail.ca
    assert len(take(tls, own.file, own.key, ca).mails) == 1
    for wrong in (None, other.ca):
        with pytest.raises(MailNotTaken, match="certificate"):
            take(tls, own.file, own.key, wrong)


def test_another_ca_in_the_same_file_counts_with_the_next_mail(tmp_path: Path) -> None:
    """As docs/deployment.md has it: both meanwhile, then the new one alone."""
    (tmp_path / "new").mkdir()
    old, new, ca = signed(tmp_path), signed(tmp_path / "new"), tmp_path / "trusted.pem"
    first, second = old.ca.read_bytes(), new.ca.read_bytes()
    for trusted, shown in (
        (first, old),
        (first + second, old),
        (first + second, new),
        (second, new),
    ):
        ca.write_bytes(trusted)
        assert len(take("starttls", shown.file, shown.key, ca).mails) == 1
    with pytest.raises(MailNotTaken, match="certificate"):
        take("starttls", old.file, old.key, ca)
