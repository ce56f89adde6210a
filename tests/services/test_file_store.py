"""Places for files: the folder and the bucket keep the same promises."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from moto.server import ThreadedMotoServer

from portal.domain.request.files import KeptFile
from portal.models.columns import new_id
from portal.services.attachments import FileChanged, fetched
from portal.services.file_store import (
    Bucket,
    BucketStore,
    FileGone,
    FileStore,
    FolderStore,
    StoreAway,
)
from scripts.local.ports import any_free

NAME = "gloria-files"
# More than one part of an upload.
LARGE = os.urandom(11_000_000)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """An S3 server on this machine, with a bucket; its address."""
    import urllib.request

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    made = urllib.request.Request(f"http://{host}:{port}/{NAME}", method="PUT")
    urllib.request.urlopen(made).close()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "bucket", "bucket with a folder"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    if request.param == "folder":
        return FolderStore(tmp_path)
    address = request.getfixturevalue("s3")
    url = f"s3://{NAME}" + ("/kept/here" if "folder" in request.param else "")
    return BucketStore(Bucket(url=url, endpoint=address, key_id="x", key="y"))


def test_what_is_put_is_read_and_forgotten(files: FileStore) -> None:
    key = new_id()
    files.put(key, io.BytesIO(LARGE))
    parts = list(files.read(key))
    assert b"".join(parts) == LARGE
    assert len(parts) > 1
    files.delete(key)
    files.delete(key)
    with pytest.raises(FileGone):
        list(files.read(key))


def test_a_file_is_checked_against_its_record(files: FileStore, app: Flask) -> None:
    key = new_id()
    files.put(key, io.BytesIO(b"something else"))
    with app.app_context(), pytest.raises(FileChanged):
        fetched(files, KeptFile(key, "a.pdf", "application/pdf", 9, "0" * 64))


def test_a_bucket_that_is_away_says_so() -> None:
    address = f"http://127.0.0.1:{any_free()}"
    away = BucketStore(Bucket(url=f"s3://{NAME}", endpoint=address, key_id="x", key="y"))
    for use in (
        lambda: away.put(new_id(), io.BytesIO(b"x")),
        lambda: list(away.read(new_id())),
        lambda: away.delete(new_id()),
    ):
        with pytest.raises(StoreAway):
            use()


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreAway):
        FolderStore(tmp_path / "file").put(new_id(), io.BytesIO(b"x"))
