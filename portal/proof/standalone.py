"""Verify an evidence pack with plain Python 3.8 or newer; nothing of the portal is needed.

    python3 verify.py [--key NAME+HASH+KEY] [FOLDER, the pack unpacked]

With no key that you had from elsewhere the pack is consistent in itself, and not authenticated.
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
HOW = (".", ": give --key.")


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
    public, first = unpacked(key), unpacked(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    base = unpacked((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    if public is None or first is None or base is None or s >= ORDER or len(key + signature) != 96:
        return False
    digest = hashlib.sha512(signature[:32] + key + text).digest()
    left = times(s, base)
    right = add(first, times(int.from_bytes(digest, "little") % ORDER, public))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


def sha(raw: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(raw).digest()


def tree(low: int, high: int, known: Dict[str, str]) -> bytes:  # noqa: UP006
    """The hash over leaves (RFC 9162, 2.1.1), from the parts of their tree that are known."""
    if f"{low}-{high}" in known or high - low < 2:
        return bytes.fromhex(known.get(f"{low}-{high}", ""))
    half = low + (1 << ((high - low - 1).bit_length() - 1))
    return sha(b"\x01" + tree(low, half, known) + tree(half, high, known))


def read(folder: Path, name: str) -> Any:
    """A file of the pack that holds JSON."""
    return json.loads((folder / name).read_text(encoding="utf-8"))


def files(folder: Path) -> Iterator[str]:
    """What is wrong with the files: changed, missing, or not of the pack."""
    lines = (folder / "MANIFEST.sha256").read_text(encoding="utf-8").splitlines()
    named = {line[66:]: line[:64] for line in lines}
    there = {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}
    for name in sorted(there - set(named) - {"MANIFEST.sha256"}):
        yield f"{name} is not of this pack"
    for name, digest in named.items():
        if name not in there:
            yield f"{name} is missing"
        elif hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            yield f"{name} was changed"


def events(folder: Path) -> Iterator[str]:
    """What is wrong with the entries: their hashes, chains, texts, and places in the log."""
    lines = (folder / "events.ndjson").read_bytes().split(b"\n")[:-1]
    proofs, texts = read(folder, "proofs.json"), read(folder, "texts.json")
    last: Dict[str, Tuple[int, str]] = {}  # noqa: UP006
    leaves, known = proofs["leaves"], dict(proofs["nodes"])
    if len(lines) != len(leaves) or not lines:
        yield "there is not one line for each entry"
    for low, high in (map(int, each.split("-")) for each in list(known)):
        if any(low <= leaf["number"] < high for leaf in leaves):
            yield "the tree hides entries"
    for line, leaf in zip(lines, leaves):  # noqa: B905
        subject, seq, before, number = (leaf[x] for x in ("subject", "seq", "before", "number"))
        digest = hashlib.sha256(before.encode() + line).hexdigest() if line else leaf["hash"]
        kind = f"event/v1\n{subject}\n{seq}" if seq else f"act/v1\n{subject}"
        hashed = sha(b"\x00" + f"gloria/{kind}\n{digest}\n".encode())
        known[f"{number}-{number + 1}"] = hashed.hex()
        if digest != leaf["hash"]:
            yield f"entry {subject}/{seq} was changed"
        if seq and last.get(subject, (seq - 1, before if seq > 1 else "")) != (seq - 1, before):
            yield f"event {seq} of {subject} does not follow the one before it"
        last[subject] = (seq, digest)
        yield from said(json.loads(line), texts, f"{subject}/{seq}") if line else ()
    if tree(0, proofs["size"], known).hex() != proofs["root"]:
        yield "the entries are not in the log as they are here"
    yield from population(proofs, known)


def population(proofs: Any, known: Dict[str, str]) -> Iterator[str]:  # noqa: UP006
    """Whether all events of a request are there, or all entries of a period, which goes on."""
    leaves = proofs["leaves"]
    if "first" not in proofs:
        if [leaf["seq"] for leaf in leaves] != list(range(1, len(leaves) + 1)):
            yield "events of the request are left out"
        return
    if [x["number"] - proofs["first"] for x in leaves] != list(range(proofs["count"])):
        yield "entries of the period are left out"
    earlier = proofs["earlier"]
    if earlier and tree(0, earlier["size"], known).hex() != earlier["root"]:
        yield "the log does not go on from where the pack before ended"
    ids = {leaf["subject"] for leaf in leaves if leaf["seq"]}
    drawn = sorted(ids, key=lambda each: sha((proofs["root"] + each).encode()))
    if proofs["sample"] != drawn[:25]:
        yield "the sample is not the one that the root draws"


def said(entry: Any, texts: Any, key: str) -> Iterator[str]:
    """What is wrong with what an entry says, and its texts; of an erased one there are none."""
    if f"{entry.get('request_id', entry.get('id'))}/{entry.get('seq', 0)}" != key:
        yield f"entry {key} does not stand in its place"
    for name, value in entry["data"].items() if "seq" in entry else ():
        if not isinstance(value, dict) or set(value) != {"sha256"}:
            continue
        kept = texts.get(f"{key}/{name}", {"text": "", "salt": ""})
        whole = (kept["salt"] + (kept["text"] or "")).encode()
        if kept["text"] is not None and hashlib.sha256(whole).hexdigest() != value["sha256"]:
            yield f"text {name} of {key} was changed, or is missing"


def checkpoint(folder: Path, key: str) -> Iterator[str]:
    """What is wrong with the checkpoint and its signature."""
    text, _, signatures = (folder / "checkpoint").read_text(encoding="utf-8").partition("\n\n")
    lines, proofs = (text + "\n").split("\n"), read(folder, "proofs.json")
    name, _, rest = key.strip().partition("+")
    public = base64.b64decode(rest.partition("+")[2], validate=True)
    told = (lines[1], base64.b64decode(lines[2], validate=True).hex())
    if told != (str(proofs["size"]), proofs["root"]):
        yield "the proofs are not for this checkpoint"
    mark = sha(name.encode() + b"\n\x01" + public[1:])[:4]
    for line in signatures.splitlines():
        raw = base64.b64decode(line.split(" ")[-1], validate=True)[4:]
        ours = f"\u2014 {name} {base64.b64encode(mark + raw).decode()}"
        if line == ours and is_signed(public[1:], text.encode() + b"\n", raw):
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
    print(f"Consistent{' and' if given else ', not'} authenticated{HOW[not given]}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
