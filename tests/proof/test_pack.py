"""The evidence pack: plain Python verifies it, and finds whatever was changed in it."""

import io
import json
import subprocess
import sys
import zipfile
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import insert

from portal.domain.proof import notes
from portal.domain.proof.acts import ActKind, ActRecord
from portal.models import AuditAnchor
from portal.models.acts import record_act
from portal.models.columns import new_id
from portal.proof import outside, pack, standalone
from portal.proof.beginning import signer_of
from portal.proof.packed import PackedPeriod
from tests.domain.story import REQUEST
from tests.proof.conftest import HOST, OTHER, Kept, tell
from tests.proof.test_anchors import Witness, serving

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ALWAYS = PackedPeriod(datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
SEALED = ("events.ndjson", "texts.json", "proofs.json", "checkpoint", "key.txt")


@pytest.fixture
def key(kept: Kept) -> str:
    return str(signer_of(kept.log, kept.key, HOST).verifier)


@pytest.fixture
def unpacked(kept: Kept, tmp_path: Path) -> Path:
    """The pack of a request, in a folder."""
    with kept.engine.connect() as connection:
        body = pack.pack(connection, kept.log, REQUEST)
    folder = tmp_path / "pack"
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        archive.extractall(folder)
    return folder


def verified(*arguments: str) -> tuple[int, str]:
    """What the pack's own program says, as plain Python runs it."""
    command = [sys.executable, "-I", "-S", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_plain_python_verifies_it(unpacked: Path, key: str) -> None:
    program = str(unpacked / "verify.py")
    said = "Consistent, not authenticated: give --key.\n"
    assert verified(program) == (0, said)
    assert verified(program, "--key", key) == (0, "Consistent and authenticated.\n")
    other = f"{key[:-6]}AAAAA="
    code, said = verified(program, "--key", other)
    assert code == 1
    assert "not signed with the key" in said
    assert len((unpacked / "verify.py").read_text(encoding="utf-8").splitlines()) < 200


def flip(file: Path, place: int) -> None:
    body = bytearray(file.read_bytes())
    body[place] ^= 1
    file.write_bytes(bytes(body))


def test_any_flipped_byte_is_found(
    unpacked: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted(each for each in unpacked.iterdir() if each.is_file())
    assert {each.name for each in files} >= {
        *SEALED,
        "summary.pdf",
        "types.json",
        "routing.json",
        "verify.py",
    }
    for file in files:
        size = file.stat().st_size
        for place in {0, size // 3, size // 2, size - 2}:
            flip(file, place)
            assert standalone.main(["--key", key, str(unpacked)]) == 1, (file.name, place)
            assert "WRONG" in capsys.readouterr().out
            flip(file, place)
    assert standalone.main(["--key", key, str(unpacked)]) == 0


@pytest.mark.parametrize("name", [each for each in SEALED if each != "key.txt"])
def test_the_sealed_files_need_no_manifest(unpacked: Path, key: str, name: str) -> None:
    """Whoever changes a file and its line in the manifest is found all the same."""
    file = unpacked / name
    digits = [place for place, byte in enumerate(file.read_bytes()) if chr(byte).isdigit()]
    for place in digits[:: max(1, len(digits) // 12)]:
        flip(file, place)
        assert [*standalone.files(unpacked)] != []
        try:
            wrong = [*standalone.events(unpacked), *standalone.checkpoint(unpacked, key)]
        except ValueError:
            wrong = ["unreadable"]
        assert wrong != [], place
        flip(file, place)


@pytest.fixture
def anchored(kept: Kept, tmp_path: Path) -> tuple[Path, str]:
    """A pack of which a witness and a time stamp know an earlier checkpoint; the witness's key."""
    note, witness = kept.log.note() or "", Witness()
    with serving(witness.answer) as url:
        key = notes.cosigner_key(witness.verifier)
        signed = outside.cosigned(url, key, note, kept.log)
    stamp = b64encode(b"head" + sha256(note.encode()).digest() + b"tail").decode()
    with kept.engine.begin() as connection:
        for kind, proof in (("witness", signed), ("timestamp", stamp)):
            row = {"id": new_id(), "kind": kind, "size": notes.read(note).size, "proof": proof}
            connection.execute(insert(AuditAnchor), row | {"anchored_at": NOW})
        tell(connection, OTHER, "PR-2")
    kept.seal()
    with kept.engine.connect() as connection:
        body = pack.pack(connection, kept.log, REQUEST)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        archive.extractall(tmp_path / "pack")
    return tmp_path / "pack", witness.verifier


def test_a_pack_has_what_others_signed(anchored: tuple[Path, str], key: str) -> None:
    folder, witness = anchored
    program = str(folder / "verify.py")
    code, said = verified(program, "--key", key)
    assert code == 0, said
    assert "not checked: give --witness" in said
    assert "openssl ts -verify -in timestamp.tsr -data timestamp.checkpoint" in said
    code, said = verified(program, "--witness", witness, "--key", key)
    assert (code, "A witness signed, too" in said) == (0, True)
    assert "signed with the key of the witness" in verified(program, "--witness", key)[1]
    for name in ("witness.checkpoint", "timestamp.checkpoint", "timestamp.tsr", "anchors.json"):
        whole = (folder / name).read_bytes()
        for place in {0, len(whole) // 2, len(whole) - 2}:
            flip(folder / name, place)
            assert standalone.main(["--key", key, "--witness", witness, str(folder)]) == 1, name
            flip(folder / name, place)


def test_what_others_signed_needs_no_manifest(anchored: tuple[Path, str]) -> None:
    """Each bit of what a witness signed counts, and each of what a time stamp is over."""
    folder, witness = anchored
    assert [*standalone.events(folder, witness)] == []
    for name in ("witness.checkpoint", "timestamp.checkpoint"):
        size = (folder / name).stat().st_size
        for place in range(size - 8, size - 1) if "w" in name else range(0, size, 17):
            flip(folder / name, place)
            try:
                wrong = [*standalone.events(folder, witness)]
            except ValueError:
                wrong = ["unreadable"]
            assert wrong != [], (name, place)
            flip(folder / name, place)


@pytest.fixture
def period(kept: Kept, tmp_path: Path) -> Path:
    """The pack of a period with two requests, in a folder, which goes on from an earlier log."""
    earlier = kept.log.checkpoint()
    assert earlier is not None
    with kept.engine.begin() as connection:
        tell(connection, OTHER, "PR-2")
        said = {"what": "evidence of a period", "log": kept.log.folder.name}
        said |= {"size": earlier.size, "root": earlier.root.hex()}
        act = ActRecord(id=new_id(), at=NOW, kind=ActKind.EXPORTED, actor="system", data=said)
        record_act(connection, act)
    kept.seal()
    with kept.engine.connect() as connection:
        body, found = pack.pack_period(connection, kept.log, ALWAYS)
    assert found.period is not None
    assert found.period.earlier == {"size": earlier.size, "root": earlier.root.hex()}
    assert [each["number"] for each in found.requests] == ["PR-1", "PR-2"]
    folder = tmp_path / "period"
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        archive.extractall(folder)
    return folder


def test_the_pack_of_a_period_has_every_entry_and_goes_on_from_the_one_before(
    period: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    program = str(period / "verify.py")
    assert verified(program, "--key", key) == (0, "Consistent and authenticated.\n")
    said = PdfReader(period / "summary.pdf").pages[0].extract_text()
    assert "PR-2" in said
    assert "none left out" in said
    for file in (each for each in period.iterdir() if each.is_file()):
        flip(file, file.stat().st_size // 2)
        assert standalone.main(["--key", key, str(period)]) == 1, file.name
        flip(file, file.stat().st_size // 2)
    assert "WRONG" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda told, lines: (told["leaves"].pop(2), lines.pop(2)), "left out"),
        (lambda told, lines: lines.pop(), "one line for each"),
        (lambda told, lines: told["earlier"].update(root="00" * 32), "does not go on"),
        (lambda told, lines: told["sample"].reverse(), "sample"),
        (lambda told, lines: told["nodes"].update({f"0-{told['size']}": told["root"]}), "hides"),
        (lambda told, lines: lines.__setitem__(1, b""), "not in the log"),
        (lambda told, lines: told["leaves"][1].update(hash="00" * 32), "was changed"),
        (lambda told, lines: told["leaves"][1].update(before="00" * 32), "does not follow"),
    ],
)
def test_what_is_done_to_a_population_is_named(
    period: Path, change: Callable[[Any, list[bytes]], Any], names: str
) -> None:
    told = json.loads((period / "proofs.json").read_text(encoding="utf-8"))
    lines = (period / "events.ndjson").read_bytes().split(b"\n")[:-1]
    if names == "not in the log":  # a line that is left empty, with another hash for its leaf
        told["leaves"][1]["hash"] = "00" * 32
    change(told, lines)
    (period / "proofs.json").write_text(json.dumps(told), encoding="utf-8")
    (period / "events.ndjson").write_bytes(b"".join(each + b"\n" for each in lines))
    assert any(names in each for each in standalone.events(period))


def test_a_period_without_entries_or_with_too_many_has_no_pack(kept: Kept) -> None:
    long_ago = PackedPeriod(datetime(2001, 1, 1, tzinfo=UTC), datetime(2001, 1, 2, tzinfo=UTC))
    with kept.engine.connect() as connection:
        with pytest.raises(pack.NothingThere):
            pack.pack_period(connection, kept.log, long_ago)
        with pytest.raises(pack.TooManyEntries):
            pack.pack_period(connection, kept.log, ALWAYS, most=2)


def test_a_signature_is_taken_only_as_it_is_written(unpacked: Path, key: str) -> None:
    """The last letter of its base64 has bits that no decoder reads."""
    file = unpacked / "checkpoint"
    whole = file.read_text(encoding="utf-8")
    last = whole.rindex("=") - 1
    file.write_text(f"{whole[:last]}{chr(ord(whole[last]) + 1)}{whole[last + 1 :]}", "utf-8")
    assert [*standalone.checkpoint(unpacked, key)] != []


def test_files_that_are_missing_or_too_many(unpacked: Path) -> None:
    (unpacked / "acts.json").unlink()
    (unpacked / "more.txt").write_text("else", encoding="utf-8")
    wrong = list(standalone.files(unpacked))
    assert wrong == ["more.txt is not of this pack", "acts.json is missing"]


def test_what_waits_for_its_seal_has_no_pack(kept: Kept) -> None:
    with kept.engine.begin() as connection:
        tell(connection, OTHER, "PR-2")
    with kept.engine.connect() as connection, pytest.raises(pack.NotSealedYet):
        pack.pack(connection, kept.log, OTHER)
    kept.seal()
    with kept.engine.connect() as connection:
        assert pack.pack(connection, kept.log, OTHER)
