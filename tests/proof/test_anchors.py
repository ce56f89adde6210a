"""Anchors that others keep: a witness that goes by C2SP, and OpenSSL as a time stamping service."""

import subprocess
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from portal.config import Settings
from portal.domain.proof import merkle, notes
from portal.proof import outside
from portal.proof.anchors import Anchoring, NotAnchored
from portal.proof.outside import OutsideRefused
from tests.mailing import mail_server, mailing
from tests.proof.conftest import OTHER, Kept, tell

Answer = Callable[[bytes], tuple[int, bytes]]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """A server that answers each POST so; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.end_headers()
            with suppress(OSError):  # who waits no longer
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Witness:
    """Signs what goes on from what it signed last."""

    size: int = 0
    root: bytes = merkle.EMPTY
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    name: str = "witness.example.org/w1"

    @property
    def verifier(self) -> str:
        """Its key as a setting names it."""
        raw = b"\x04" + self.key.public_key().public_bytes_raw()
        mark = sha256(f"{self.name}\n".encode() + raw).hexdigest()[:8]
        return f"{self.name}+{mark}+{b64encode(raw).decode()}"

    def answer(self, body: bytes) -> tuple[int, bytes]:
        """`add-checkpoint`."""
        head, note = body.decode().split("\n\n", 1)
        old, *proof = head.splitlines()
        point = notes.read(note)
        if int(old.removeprefix("old ")) != self.size:
            return 409, f"{self.size}\n".encode()
        hashes = [b64decode(each) for each in proof]
        if not merkle.extends(self.size, point.size, self.root, point.root, hashes):
            return 422, b""
        self.size, self.root = point.size, point.root
        when = 1_700_000_000
        said = f"cosignature/v1\ntime {when}\n{point.text()}".encode()
        mark = bytes.fromhex(self.verifier.split("+")[1])
        signature = mark + when.to_bytes(8) + self.key.sign(said)
        return 200, f"— {self.name} {b64encode(signature).decode()}\n".encode()


def test_a_checkpoint_is_mailed_to_each_auditor_once_a_day(kept: Kept, settings: Settings) -> None:
    note = kept.log.note() or ""
    named = ("ada@example.org", "bob@example.org")
    with mail_server() as server:
        anchoring = Anchoring(
            kept.engine, replace(mailing(settings, server.port), audit_anchor_mail=named)
        )
        assert anchoring.keep(note) == ["mail"]
        assert anchoring.keep(note) == []
    assert server.recipients == [["ada@example.org"], ["bob@example.org"]]
    [enclosed] = server.mails[0].iter_attachments()
    assert enclosed.get_content().splitlines() == note.splitlines()
    assert "flask portal audit verify --checkpoint" in str(server.mails[0].get_body())


def test_a_witness_signs_as_long_as_the_log_only_grows(kept: Kept) -> None:
    witness = Witness()
    key = notes.cosigner_key(witness.verifier)
    with serving(witness.answer) as url:
        first = outside.cosigned(url, key, kept.log.note() or "", kept.log)
        assert witness.name in first
        with kept.engine.begin() as connection:
            tell(connection, OTHER, "PR-2")
        kept.seal()
        assert witness.name in outside.cosigned(url, key, kept.log.note() or "", kept.log)
        witness.root = merkle.EMPTY  # of another log than this
        witness.size -= 1
        with pytest.raises(OutsideRefused, match="422"):
            outside.cosigned(url, key, kept.log.note() or "", kept.log)
        witness.size = 10**6
        with pytest.raises(OutsideRefused, match="saw another log"):
            outside.cosigned(url, key, kept.log.note() or "", kept.log)
        other = notes.cosigner_key(Witness().verifier)
        witness.size, witness.root = 0, merkle.EMPTY
        with pytest.raises(OutsideRefused, match="did not sign"):
            outside.cosigned(url, other, kept.log.note() or "", kept.log)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A folder with what OpenSSL needs to stamp."""
    config = tmp_path / "tsa.cnf"
    config.write_text(
        "[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=tsa\n[dn]\nCN=A clock\n"
        "[tsa]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
        "basicConstraints=critical,CA:TRUE\n"
        f"[ts]\nserial={tmp_path}/serial\nsigner_cert={tmp_path}/cert.pem\n"
        f"signer_key={tmp_path}/tsa.key\ndefault_policy=1.2.3.4\ndigests=sha256\n"
        "signer_digest=sha256\ness_cert_id_alg=sha256\n",
        encoding="utf-8",
    )
    files = ("-keyout", str(tmp_path / "tsa.key"), "-out", str(tmp_path / "cert.pem"))
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
        "-config", str(config), *files)  # fmt: skip
    (tmp_path / "serial").write_text("01\n", encoding="ascii")
    return tmp_path


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()


def stamper(folder: Path) -> Answer:
    """Answers as `openssl ts` does."""

    def answer(body: bytes) -> tuple[int, bytes]:
        (folder / "query").write_bytes(body)
        run("openssl", "ts", "-reply", "-config", str(folder / "tsa.cnf"), "-section", "ts",
            "-queryfile", str(folder / "query"), "-out", str(folder / "reply"))  # fmt: skip
        return 200, (folder / "reply").read_bytes()

    return answer


def test_a_time_stamp_is_kept_once_it_holds(kept: Kept, authority: Path) -> None:
    note, roots = kept.log.note() or "", authority / "cert.pem"
    with serving(stamper(authority)) as url:
        answer = b64decode(outside.stamped(url, roots, note))
        (authority / "kept").write_bytes(answer)
        (authority / "note").write_text(note, encoding="utf-8")
        run("openssl", "ts", "-verify", "-in", str(authority / "kept"), "-data",
            str(authority / "note"), "-CAfile", str(roots))  # fmt: skip
    with serving(lambda _: (200, answer)) as url, pytest.raises(OutsideRefused):
        outside.stamped(url, roots, note)
    with serving(lambda _: (200, b"no stamp")) as url, pytest.raises(OutsideRefused):
        outside.stamped(url, roots, note)


def test_who_is_away_or_slow_holds_up_no_other_anchor(
    kept: Kept, settings: Settings, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "SECONDS", 3.0)

    def slow(_: bytes) -> tuple[int, bytes]:
        time.sleep(4)
        return 200, b""

    with serving(slow) as away, serving(stamper(authority)) as url:
        changed = replace(
            settings,
            audit_log_dir=kept.folder / "log",
            audit_witness_url=away,
            audit_witness_key=Witness().verifier,
            audit_timestamp_url=url,
            audit_timestamp_roots=authority / "cert.pem",
        )
        anchoring = Anchoring(kept.engine, changed)
        with pytest.raises(NotAnchored, match=r"witness: .*no whole answer within 3 s"):
            anchoring.keep(kept.log.note() or "")
    with kept.engine.connect() as connection:
        kinds = connection.execute(text("SELECT kind, proof <> '' FROM portal.audit_anchors")).all()
    assert [tuple(each) for each in kinds] == [("timestamp", True)]
