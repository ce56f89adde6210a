"""Storing files: whole or not at all, and gone when their form is."""

import hashlib
import io
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import Attachment
from portal.models.columns import new_id
from portal.services import attachments
from portal.services.attachments import MEGABYTE, Store, Upload
from portal.services.file_store import FolderStore
from tests.asking import PDF
from tests.web import People


def store(tmp_path: Path, **limits: int) -> Store:
    return Store(files=FolderStore(tmp_path), **({"most": 3, "largest": MEGABYTE} | limits))


def upload(data: bytes = PDF, name: str = "offer.pdf") -> Upload:
    return Upload("offers", name, io.BytesIO(data))


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_the_row_describes_the_bytes(app: Flask, people: People, tmp_path: Path) -> None:
    data = PDF + b"x" * 200_000
    with app.app_context():
        assert attachments.keep(store(tmp_path), new_id(), people.ana, [upload(data)]) == []
        row = db.session.execute(select(Attachment)).scalar_one()
    assert (row.size, row.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert FolderStore(tmp_path).path(row.id).read_bytes() == data


def test_a_file_that_is_too_large_leaves_nothing(
    app: Flask, people: People, tmp_path: Path
) -> None:
    large = upload(PDF + b"x" * MEGABYTE)
    with app.app_context():
        ((field, words),) = attachments.keep(store(tmp_path), new_id(), people.ana, [large])
    assert (field, "larger than 1 MB" in words) == ("offers", True)
    assert names(tmp_path) == []


def test_a_form_holds_so_many_files_over_several_posts(
    app: Flask, people: People, tmp_path: Path
) -> None:
    form_id = new_id()
    with app.app_context():
        two = (upload(), upload(name="b.pdf"))
        attachments.keep(store(tmp_path), form_id, people.ana, two)
        again = attachments.keep(store(tmp_path), form_id, people.ana, [upload(), upload()])
        more = [upload(name="c.pdf"), upload(name="d.pdf")]
        problems = attachments.keep(store(tmp_path), form_id, people.ana, more)
    assert again == []
    assert len(problems) == 1
    assert len(names(tmp_path)) == 3


def test_the_hundred_and_first_file_not_sent_is_refused(
    app: Flask, people: People, tmp_path: Path
) -> None:
    roomy = store(tmp_path, most=200)
    with app.app_context():
        full = attachments.keep(
            roomy, new_id(), people.ana, [upload(name=f"{n}.pdf") for n in range(100)]
        )
        ((_, words),) = attachments.keep(roomy, new_id(), people.ana, [upload()])
        assert attachments.keep(roomy, new_id(), people.eve, [upload()]) == full == []
    assert "one file too many in your drafts" in words


def test_a_full_disk_is_told_and_leaves_nothing(
    app: Flask, people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("portal.services.file_store.os.fsync", full)
    with app.app_context():
        ((_, words),) = attachments.keep(store(tmp_path), new_id(), people.ana, [upload()])
    assert "no room for files" in words
    assert names(tmp_path) == []


def test_files_go_with_their_form_until_they_are_sent(
    app: Flask, people: People, tmp_path: Path
) -> None:
    kept, sent = new_id(), new_id()
    with app.app_context():
        for form_id in (kept, sent):
            attachments.keep(store(tmp_path), form_id, people.ana, [upload()])
        attachments.attach(sent, people.ana, new_id())
        db.session.commit()
        for form_id in (kept, sent):
            attachments.drop(FolderStore(tmp_path), form_id, people.eve)
            attachments.drop(FolderStore(tmp_path), form_id, people.ana)
        row = db.session.execute(select(Attachment)).scalar_one()
    assert names(tmp_path) == [row.id]
    assert row.form_id == sent
