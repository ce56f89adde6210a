# fmt: off
"""Verify an evidence pack with plain Python 3.8 or newer; nothing of the portal is needed.

    python3 verify.py [--key NAME+HASH+KEY] [--witness NAME+HASH+KEY] [FOLDER, the pack unpacked]
With no key that you had from elsewhere the pack is consistent in itself, and not authenticated.
"""
import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple  # noqa: UP035 - for older Pythons

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = Tuple[int, int, int, int]  # noqa: UP006
TOLD = {
    "witness": "A witness signed, too{} (witness.checkpoint).\n",
    "timestamp": "Time stamp: openssl ts -verify -in timestamp.tsr -data timestamp.checkpoint\n",
}

def add(a: Point, b: Point) -> Point:
    """The sum of two points of the curve of Ed25519 (RFC 8032, 5.1.4)."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return (i * j % P, k * m % P, j * k % P, i * m % P)

def times(number: int, point: Point) -> Point:
    """A multiple of a point."""
    if not number:
        return (0, 1, 1, 0)
    half = times(number >> 1, add(point, point))
    return add(half, point) if number & 1 else half

def unpacked(raw: bytes) -> Optional[Point]:  # noqa: UP045
    """The point that 32 bytes stand for; None for none."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x * ROOT_OF_MINUS_ONE % P if (x * x - square) % P else x
    if y >= P or (x * x - square) % P or (x == 0 and sign):
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
    named = {x[66:]: x[:64] for x in (folder / "MANIFEST.sha256").read_text("utf-8").splitlines()}
    there = {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}
    for name in sorted(there - set(named) - {"MANIFEST.sha256"}):
        yield f"{name} is not of this pack"
    for name, digest in named.items():
        if name not in there:
            yield f"{name} is missing"
        elif hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            yield f"{name} was changed"

def events(folder: Path, witness: str = "") -> Iterator[str]:
    """What is wrong with the entries: their hashes, chains, texts, and places in the log."""
    lines = (folder / "events.ndjson").read_bytes().split(b"\n")[:-1]
    proofs, texts = read(folder, "proofs.json"), read(folder, "texts.json")
    last: Dict[str, Tuple[int, str]] = {}  # noqa: UP006
    leaves, known = proofs["leaves"], dict(proofs["nodes"])
    if len(lines) != len(leaves) or not lines:
        yield "there is not one line for each entry"
    spans = sum(abs(int(each.split("-")[1]) - int(each.split("-")[0])) for each in known)
    if spans + len(leaves) != proofs["size"]:
        yield "the tree hides entries"
    for line, leaf in zip(lines, leaves):  # noqa: B905
        subject, seq, before, number = (leaf[x] for x in ("subject", "seq", "before", "number"))
        digest = hashlib.sha256(before.encode() + line).hexdigest() if line else leaf["hash"]
        kind = f"event/v1\n{subject}\n{seq}" if seq else f"act/v1\n{subject}"
        known[f"{number}-{number + 1}"] = sha(f"\0gloria/{kind}\n{digest}\n".encode()).hex()
        if digest != leaf["hash"]:
            yield f"entry {subject}/{seq} was changed"
        if seq and last.get(subject, (seq - 1, before if seq > 1 else "")) != (seq - 1, before):
            yield f"event {seq} of {subject} does not follow the one before it"
        last[subject] = (seq, digest)
        yield from said(json.loads(line), texts, f"{subject}/{seq}") if line else ()
    if tree(0, proofs["size"], known).hex() != proofs["root"]:
        yield "the entries are not in the log as they are here"
    yield from population(proofs, known)
    yield from anchors(folder, known, witness)

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
    if proofs["sample"] != sorted(ids, key=lambda x: sha((proofs["root"] + x).encode()))[:25]:
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

def is_noted(note: str, key: str, kind: bytes) -> bool:
    """Whether a note is signed with the key of a log (kind 1), or of a witness (4)."""
    text, _, signatures = note.partition("\n\n")
    name, _, rest = key.strip().partition("+")
    public = base64.b64decode(rest.partition("+")[2], validate=True)[1:]
    mark = sha(name.encode() + b"\n" + kind + public)[:4]
    for line in signatures.splitlines():
        raw = base64.b64decode(line.split(" ")[-1], validate=True)[4:]
        when = f"cosignature/v1\ntime {int.from_bytes(raw[:-64], 'big')}\n" * (kind == b"\x04")
        ours = f"\u2014 {name} {base64.b64encode(mark + raw).decode()}"
        if line == ours and is_signed(public, f"{when}{text}\n".encode(), raw[8 * bool(when):]):
            return True
    return False

def anchors(folder: Path, known: Dict[str, str], witness: str) -> Iterator[str]:  # noqa: UP006
    """What is wrong with checkpoints that others signed: of another log, or not signed."""
    origin = (folder / "checkpoint").read_text(encoding="utf-8").split("\n")[0]
    got = {x: (folder / f"{x}.checkpoint").read_text("utf-8") for x in read(folder, "anchors.json")}
    for kind, note in got.items():
        root = base64.b64encode(tree(0, int(note.split("\n")[1]), known)).decode()
        if note.split("\n")[:3:2] != [origin, root]:
            yield f"{kind}.checkpoint is not of this log"
        stamp = (folder / "timestamp.tsr").read_bytes() if kind == "timestamp" else None
        if stamp is not None and sha(note.encode()) not in stamp:
            yield "timestamp.tsr is not over timestamp.checkpoint"
    if witness and not is_noted(got.get("witness", ""), witness, b"\x04"):
        yield "no checkpoint is signed with the key of the witness"

def checkpoint(folder: Path, key: str) -> Iterator[str]:
    """What is wrong with the checkpoint and its signature."""
    note, proofs = (folder / "checkpoint").read_text(encoding="utf-8"), read(folder, "proofs.json")
    root = base64.b64encode(bytes.fromhex(proofs["root"])).decode()
    if note.split("\n")[1:3] != [str(proofs["size"]), root]:
        yield "the proofs are not for this checkpoint"
    if not is_noted(note, key, b"\x01"):
        yield "the checkpoint is not signed with the key"

def main(arguments: List[str]) -> int:  # noqa: UP006
    """Verify; 0 where all is well, 1 else."""
    pairs = dict(zip(arguments, [*arguments[1:], ""]))  # noqa: B905
    key, witness = pairs.get("--key", ""), pairs.get("--witness", "")
    places = [each for each in arguments if each not in ("--key", key, "--witness", witness)]
    folder, told = Path(places[0]) if places else Path(__file__).resolve().parent, ""
    try:
        enclosed = (folder / "key.txt").read_text(encoding="utf-8")
        wrong = [*files(folder), *events(folder, witness), *checkpoint(folder, key or enclosed)]
        told = "".join(TOLD[each] for each in read(folder, "anchors.json"))
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        wrong = [f"the pack cannot be read ({type(error).__name__}: {error})"]
    if not wrong:
        how = " and authenticated." if key else ", not authenticated: give --key."
        told = f"Consistent{how}\n{told.format('' if witness else ', not checked: give --witness')}"
    print("".join(f"WRONG: {each}.\n" for each in wrong) or told, end="")  # noqa: T201
    return int(wrong != [])

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
