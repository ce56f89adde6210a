"""The evidence pack: plain Python verifies it, and finds whatever was changed in it."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from portal.proof import pack, standalone
from portal.proof.beginning import signer_of
from tests.domain.story import REQUEST
from tests.proof.conftest import HOST, OTHER, Kept, tell

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
    assert {each.name for each in files} >= {*SEALED, "summary.html", "verify.py"}
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
