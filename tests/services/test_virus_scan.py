"""The virus scanner: its protocol, and that nothing passes without its word."""

import io
from pathlib import Path

import pytest
from flask import Flask

from portal.models.columns import new_id
from portal.services import attachments
from portal.services.attachments import MEGABYTE, Store, Upload
from portal.services.file_store import FolderStore
from portal.services.virus_scan import Scanner, ScannerAway
from scripts.local.ports import any_free
from tests.asking import PDF
from tests.services.clamd import EICAR, running_clamd
from tests.web import People

LARGE = PDF + b"x" * 300_000


def finding(address: str, data: bytes) -> str | None:
    return Scanner(address).finding(io.BytesIO(data))


@pytest.mark.parametrize("over", ["port", "socket"])
def test_clean_and_infected_files_are_told_apart(tmp_path: Path, over: str) -> None:
    path = str(tmp_path / "clamd.ctl") if over == "socket" else ""
    with running_clamd(path) as address:
        assert finding(address, LARGE) is None
        assert finding(address, b"") is None
        assert finding(address, LARGE + EICAR) == "Eicar-Test-Signature"


@pytest.mark.parametrize(
    "answer", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OKAY\0", b"OK\0", b"\xff\0"]
)
def test_anything_else_is_no_verdict(answer: bytes) -> None:
    with running_clamd(answer=answer) as address, pytest.raises(ScannerAway):
        finding(address, PDF)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "/nowhere/clamd.ctl"])
def test_a_scanner_that_is_away_is_no_verdict(address: str) -> None:
    with pytest.raises(ScannerAway):
        finding(address, PDF)


def keep(address: str, owner: str, folder: Path, data: bytes) -> list[str]:
    files = FolderStore(folder)
    store = Store(files=files, most=3, largest=MEGABYTE, scanner=Scanner(address))
    upload = Upload("offers", "offer.pdf", io.BytesIO(data))
    return [words for _, words in attachments.keep(store, new_id(), owner, [upload])]


def test_only_clean_files_are_kept(app: Flask, people: People, tmp_path: Path) -> None:
    with app.app_context(), running_clamd() as address:
        assert keep(address, people.ana, tmp_path, LARGE) == []
        (words,) = keep(address, people.ana, tmp_path, PDF + EICAR)
    assert "the virus scanner found Eicar-Test-Signature." in words
    (kept,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert kept.read_bytes() == LARGE


def test_while_it_is_away_nothing_is_kept(app: Flask, people: People, tmp_path: Path) -> None:
    with app.app_context():
        (words,) = keep(f"127.0.0.1:{any_free()}", people.ana, tmp_path, PDF)
    assert "could not be checked for viruses" in words
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
