"""Verify an evidence pack with plain Python 3.8 or newer; nothing of the portal is needed.

    python3 verify.py [--key NAME+HASH+KEY] [FOLDER]

FOLDER is the pack, unpacked. Without a key that you had from elsewhere, the one in the pack is
used: then the pack is consistent in itself, and not authenticated.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple  # noqa: UP035 - for older Pythons

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = Tuple[int, int, int, int]  # noqa: UP006


def add(a: Point, b: Point) -> Point:
    """The sum of two points of the curve of Ed25519 (RFC 8032, 5.1.4)."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return (i * j % P, k * m % P, j * k % P, i * m % P)


def times(number: int, point: Point) -> Point:
    """A multiple of a point."""
    found: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def unpacked(raw: bytes) -> Optional[Point]:  # noqa: UP045
    """The point that 32 bytes stand for; None for none."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def is_signed(key: bytes, text: bytes, signature: bytes) -> bool:
    """Whether this is the signature of the text with the key (RFC 8032, 5.1.7)."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, first = unpacked(key), unpacked(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    base = unpacked((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    if public is None or first is None or base is None or s >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + key + text).digest()
    left = times(s, base)
    right = add(first, times(int.from_bytes(digest, "little") % ORDER, public))
    same = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same and (left[1] * right[2] - right[1] * left[2]) % P == 0


def sha(raw: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(raw).digest()


def root_of(leaf: bytes, number: int, size: int, proof: List[str]) -> bytes:  # noqa: UP006
    """The root to which a proof leads from a leaf (RFC 9162, 2.1.3.2); b"" where it does not."""
    if not 0 <= number < size:
        return b""
    last, found = size - 1, leaf
    for each in proof:
        other = bytes.fromhex(each)
        if last == 0:
            return b""
        if number & 1 or number == last:
            found = sha(b"\x01" + other + found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = sha(b"\x01" + found + other)
        number, last = number >> 1, last >> 1
    return found if last == 0 else b""


def read(folder: Path, name: str) -> Any:
    """A file of the pack that holds JSON."""
    return json.loads((folder / name).read_text(encoding="utf-8"))


def files(folder: Path) -> Iterator[str]:
    """What is wrong with the files: changed, missing, or not of the pack."""
    named: Dict[str, str] = {}  # noqa: UP006
    for line in (folder / "MANIFEST.sha256").read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        named[name] = digest
    there = {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}
    for name in sorted(there - set(named) - {"MANIFEST.sha256"}):
        yield f"{name} is not of this pack"
    for name, digest in named.items():
        if name not in there:
            yield f"{name} is missing"
        elif hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            yield f"{name} was changed"


def events(folder: Path) -> Iterator[str]:
    """What is wrong with the chain of events and their texts."""
    lines = (folder / "events.ndjson").read_bytes().split(b"\n")[:-1]
    proofs, texts = read(folder, "proofs.json"), read(folder, "texts.json")
    if len(lines) != len(proofs["leaves"]):
        yield "there is not one proof for each event"
    previous = ""
    for number, (line, leaf) in enumerate(zip(lines, proofs["leaves"]), 1):  # noqa: B905
        previous = hashlib.sha256(previous.encode() + line).hexdigest()
        event = json.loads(line)
        if (event["seq"], leaf["seq"]) != (number, number):
            yield f"event {number} does not stand in its place"
        entry = f"gloria/event/v1\n{event['request_id']}\n{number}\n{previous}\n".encode()
        found = root_of(sha(b"\x00" + entry), leaf["number"], proofs["size"], leaf["proof"])
        if found.hex() != proofs["root"]:
            yield f"event {number} is not in the log as it is here"
        yield from texts_of(event, texts)


def texts_of(event: Any, texts: Any) -> Iterator[str]:
    """What is wrong with the texts of one event; an erased one has neither text nor salt."""
    for name, value in event["data"].items():
        if not isinstance(value, dict) or set(value) != {"sha256"}:
            continue
        kept = texts.get(f"{event['seq']}/{name}")
        if kept is None:
            yield f"text {name} of event {event['seq']} is missing"
        elif kept["text"] is not None:
            whole = (kept["salt"] + kept["text"]).encode()
            if hashlib.sha256(whole).hexdigest() != value["sha256"]:
                yield f"text {name} of event {event['seq']} was changed"


def checkpoint(folder: Path, key: str) -> Iterator[str]:
    """What is wrong with the checkpoint and its signature."""
    text, _, signatures = (folder / "checkpoint").read_text(encoding="utf-8").partition("\n\n")
    lines, proofs = (text + "\n").split("\n"), read(folder, "proofs.json")
    name, _, rest = key.strip().partition("+")
    public = base64.b64decode(rest.partition("+")[2], validate=True)
    told = (lines[1], base64.b64decode(lines[2], validate=True).hex())
    if told != (str(proofs["size"]), proofs["root"]):
        yield "the proofs are not for this checkpoint"
    mark = sha(name.encode() + b"\n" + public)[:4]
    for line in signatures.splitlines():
        dash, signer, coded = [*line.split(" "), "", ""][:3]
        raw = base64.b64decode(coded, validate=True)
        is_ours = (dash, signer, raw[:4]) == ("\u2014", name, mark) and public[:1] == b"\x01"
        if is_ours and is_signed(public[1:], (text + "\n").encode(), raw[4:]):
            return
    yield "the checkpoint is not signed with the key"


def main(arguments: List[str]) -> int:  # noqa: UP006
    """Verify; 0 where all is well, 1 else."""
    given = arguments[arguments.index("--key") + 1] if "--key" in arguments else ""
    places = [each for each in arguments if each not in ("--key", given)]
    folder = Path(places[0]) if places else Path(__file__).resolve().parent
    try:
        key = given or (folder / "key.txt").read_text(encoding="utf-8")
        wrong = [*files(folder), *events(folder), *checkpoint(folder, key)]
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        wrong = [f"the pack cannot be read ({type(error).__name__}: {error})"]
    for each in wrong:
        print(f"WRONG: {each}.")  # noqa: T201
    if wrong:
        return 1
    said = "Consistent and authenticated."
    print(said if given else "Consistent, not authenticated: give --key.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
