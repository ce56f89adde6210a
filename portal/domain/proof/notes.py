"""Entries of the log, and its checkpoints as signed notes (C2SP signed-note and tlog-checkpoint).

Who signs and who checks a signature is given: the domain knows no keys.
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

EVENT = "gloria/event/v1"
ACT = "gloria/act/v1"
ED25519 = b"\x01"
COSIGNED = b"\x04"
DASH = "\u2014"

Sign = Callable[[bytes], bytes]
Check = Callable[[bytes, bytes], bool]
"""Whether a signature (first) is that of a text (second)."""


class Unreadable(ValueError):
    """A text that is no checkpoint, or no key."""


def entry(subject_id: str, seq: int, digest: str) -> bytes:
    """What a leaf holds of an event, or of an act (`seq` 0): nothing personal."""
    if seq:
        return f"{EVENT}\n{subject_id}\n{seq}\n{digest}\n".encode()
    return f"{ACT}\n{subject_id}\n{digest}\n".encode()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: the log `origin` had `size` leaves, and this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A key by which notes are checked, under the name that signs with it."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that stand before each signature with it."""
        return _key_id(self.name, ED25519, self.key)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(ED25519 + self.key).decode()}"


def verifier_key(text: str) -> VerifierKey:
    """The key that a line `name+hash+key` names. Raises Unreadable."""
    wrong = "This is no key of a signer: name+hash+key, as the portal prints it."
    mistyped = "The key does not fit its own hash: it was copied wrongly."
    return VerifierKey(*_named_key(text, ED25519, wrong, mistyped))


@dataclass(frozen=True, slots=True)
class CosignerKey:
    """The key of a witness (C2SP tlog-cosignature), under the name that it signs with."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that stand before each of its signatures."""
        return _key_id(self.name, COSIGNED, self.key)


def cosigner_key(text: str) -> CosignerKey:
    """The key that a line `name+hash+key` of a witness names. Raises Unreadable."""
    wrong = "This is no key of a witness: name+hash+key, of Ed25519."
    mistyped = "The witness's key does not fit its own hash: it was copied wrongly."
    return CosignerKey(*_named_key(text, COSIGNED, wrong, mistyped))


def _key_id(name: str, kind: bytes, key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + kind + key).digest()[:4]


def _named_key(text: str, kind: bytes, wrong: str, mistyped: str) -> tuple[str, bytes]:
    """Name and key of a line `name+hash+key`. Raises Unreadable with one of the sentences."""
    name, _, rest = text.strip().partition("+")
    digest, _, key = rest.partition("+")
    raw = _decoded(key)
    if not name or raw[:1] != kind or len(raw) != 33:
        raise Unreadable(wrong)
    if _key_id(name, kind, raw[1:]).hex() != digest:
        raise Unreadable(mistyped)
    return name, raw[1:]


def is_cosigned(note: str, key: CosignerKey, check: Callable[[bytes, bytes, bytes], bool]) -> bool:
    """Whether the note carries a good signature of this witness, which covers a time, too. `check`:
    whether the key (first) made the signature (second) of the text (third)."""
    text, gap, lines = note.partition("\n\n")
    for line in lines.splitlines() if gap else ():
        dash, _, rest = line.partition(" ")
        name, _, coded = rest.partition(" ")
        if dash != DASH or name != key.name:
            continue
        try:
            raw = _decoded(coded)
        except Unreadable:
            continue
        when = int.from_bytes(raw[4:12])
        said = f"cosignature/v1\ntime {when}\n{text}\n".encode()
        if len(raw) == 76 and raw[:4] == key.id and check(key.key, raw[12:], said):
            return True
    return False


def signed(checkpoint: Checkpoint, key: VerifierKey, sign: Sign) -> str:
    """The checkpoint as a signed note."""
    text = checkpoint.text()
    return f"{text}\n{signature_line(key, sign(text.encode()))}"


def signature_line(key: VerifierKey, signature: bytes) -> str:
    """The line of one signature."""
    return f"{DASH} {key.name} {b64encode(key.id + signature).decode()}\n"


def read(note: str) -> Checkpoint:
    """What a note says, whoever signed it. Raises Unreadable."""
    text, gap, _ = note.partition("\n\n")
    lines = text.split("\n")
    if not gap or len(lines) < 3 or not lines[1].isdecimal() or len(lines[1]) > 18:
        raise Unreadable("This is no checkpoint.")
    root = _decoded(lines[2])
    if len(root) != 32 or lines[1] != str(int(lines[1])):
        raise Unreadable("This is no checkpoint.")
    return Checkpoint(lines[0], int(lines[1]), root)


def is_signed(note: str, key: VerifierKey, check: Check) -> bool:
    """Whether the note carries a good signature of this key."""
    text, gap, lines = note.partition("\n\n")
    if not gap:
        return False
    for line in lines.splitlines():
        dash, _, rest = line.partition(" ")
        name, _, coded = rest.partition(" ")
        if dash != DASH or name != key.name:
            continue
        try:
            raw = _decoded(coded)
        except Unreadable:
            return False
        if raw[:4] == key.id and check(raw[4:], f"{text}\n".encode()):
            return True
    return False


def _decoded(text: str) -> bytes:
    """What base64 stands for, written in the one way there is: bits that nobody reads are 0."""
    try:
        raw = b64decode(text, validate=True)
    except (NotBase64, ValueError) as error:
        raise Unreadable("This is no base64.") from error
    if b64encode(raw).decode() != text:
        raise Unreadable("This is no base64 as it is written.")
    return raw
