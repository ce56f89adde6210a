"""Anchors that others keep: a witness that signs the checkpoint, a time stamp over it.

Each call is one HTTP POST of a few kilobytes to the address that a setting names, within a few
seconds, without redirects: whatever is slow or away holds up nothing but itself.
"""

import http.client
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509 import load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from portal.chat.guard import Watch
from portal.domain.proof import merkle, notes
from portal.proof.tiles import LogFiles

SECONDS = 10.0
LARGEST = 256 * 1024
CONFLICT = 409


class OutsideRefused(Exception):
    """A witness or a time stamping service gave nothing that holds; the message says why."""


def cosigned(url: str, key: notes.CosignerKey, note: str, log: LogFiles) -> str:
    """The checkpoint with a witness's signature below ours (C2SP tlog-witness). A witness says what
    it signed last, and is shown that the log goes on from there. Raises OutsideRefused, OSError."""
    point, old = notes.read(note), 0
    for _ in range(2):
        status, answer = _post(f"{url}/add-checkpoint", _shown(point, old, note, log), "text/plain")
        if status != CONFLICT:
            break
        said = answer.decode("ascii", "replace").strip()
        if not (said.isdecimal() and len(said) < 19 and 0 < int(said) <= point.size):
            raise OutsideRefused(f"the witness saw another log than this, of {said[:40]} entries")
        old = int(said)
    if status != 200:
        raise OutsideRefused(f"the witness answered {status}")
    for line in answer.decode("utf-8", "replace").splitlines():
        if notes.is_cosigned(f"{note}{line}\n", key, _is_signed):
            return f"{note}{line}\n"
    raise OutsideRefused(f"the witness did not sign with the key of {key.name}")


def _shown(point: notes.Checkpoint, old: int, note: str, log: LogFiles) -> bytes:
    proof = merkle.consistency(old, point.size, log.node) if old else []
    lines = "".join(f"{b64encode(each).decode()}\n" for each in proof)
    return f"old {old}\n{lines}\n{note}".encode()


def _is_signed(key: bytes, signature: bytes, text: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
    except InvalidSignature:
        return False
    return True


def stamped(url: str, roots: Path, note: str) -> str:
    """A time stamp over the checkpoint (RFC 3161), as base64 of the answer, once its signature
    leads to one of the certificates in the file. Raises OutsideRefused, OSError."""
    question = (
        TimestampRequestBuilder().data(note.encode()).hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True).cert_request(cert_request=True).build()
    )  # fmt: skip
    status, answer = _post(url, question.as_bytes(), "application/timestamp-query")
    if status != 200:
        raise OutsideRefused(f"the time stamping service answered {status}")
    verifier = VerifierBuilder.from_request(question)
    try:
        for each in load_pem_x509_certificates(roots.read_bytes()):
            verifier = verifier.add_root_certificate(each)
        verifier.build().verify_message(decode_timestamp_response(answer), note.encode())
    except (ValueError, VerificationError) as error:
        said = " ".join(str(error).split())[:200]
        raise OutsideRefused(f"the time stamp does not hold: {said}") from error
    return b64encode(answer).decode()


def _post(url: str, body: bytes, kind: str) -> tuple[int, bytes]:
    """The status and the answer. The address stands in a setting, so its host may be inside."""
    host = urlsplit(url).hostname or ""
    with Watch((host,), SECONDS, "AUDIT_WITNESS_URL") as watch:
        try:
            return _talk(url, body, kind)
        except (http.client.HTTPException, ValueError, OSError) as error:
            if watch.is_late or isinstance(error, TimeoutError):
                raise OutsideRefused(f"{host} gave no whole answer within {SECONDS:g} s") from error
            if isinstance(error, OSError) and not isinstance(error, http.client.HTTPException):
                raise
            raise OutsideRefused(f"{host} gave no answer that can be read") from error


def _talk(url: str, body: bytes, kind: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    made = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
    connection = made(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        head = {"Content-Type": kind, "Connection": "close"}
        connection.request("POST", parts.path or "/", body, head)
        answer = connection.getresponse()
        return answer.status, answer.read(LARGEST)
    finally:
        connection.close()
