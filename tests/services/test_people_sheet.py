"""Files of people, well made and not: each is read, or refused with a sentence."""

import io
import time
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest
from openpyxl import Workbook

from portal.services.people_sheet import EncodingUnknown, SheetRefused, packed, read, unpacked

CSV = "Number;Name;Email\nE-1;Ana Müller;ana@x.org\n\n E-2 ; Ben ;\n"


def workbook(*rows: list[object], merge: str = "") -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def patched(content: bytes, name: str, change: object) -> bytes:
    """A workbook with one of its parts changed."""
    file = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(file, "w", ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = old.read(part)
            new.writestr(part.filename, change(data) if part.filename == name else data)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_known(encoding: str) -> None:
    sheet = read(CSV.encode(encoding))
    assert sheet.headers == ("Number", "Name", "Email")
    assert [(row.number, row.cells) for row in sheet.rows] == [
        (2, ("E-1", "Ana Müller", "ana@x.org")), (4, ("E-2", "Ben", "")),
    ]  # fmt: skip
    assert sheet.separator == ";"


def test_what_looks_the_same_is_the_same() -> None:
    decomposed = "Mu\u0308ller"
    for content in (
        f"Name;Email\n{decomposed};m@x.org\n".encode(),
        workbook(["Name"], [decomposed]),
    ):
        assert read(content).rows[0].cells[0] == "Müller"


def test_another_encoding_is_asked_for() -> None:
    with pytest.raises(EncodingUnknown):
        read(CSV.encode("cp1252"))
    assert read(CSV.encode("cp1252"), "cp1252").rows[0].cells[1] == "Ana Müller"


def test_a_workbook_is_read() -> None:
    content = workbook(["No", "Name"], [1001, "Ana"], [None, None], [1002.0, " Ben  B "])
    sheet = read(content)
    assert [(row.number, row.cells) for row in sheet.rows] == [
        (2, ("1001", "Ana")), (4, ("1002", "Ben B")),
    ]  # fmt: skip


def test_what_was_read_of_a_workbook_is_kept_as_it_is() -> None:
    sheet = read(workbook(["No", "Name"], ["E-1", '="A"&"B"'], [None, None], [7, "Zoë"]))
    assert unpacked(packed(sheet)) == sheet
    with pytest.raises(SheetRefused):
        read(packed(sheet))


def test_formulas_are_named_by_cell() -> None:
    (row,) = read(workbook(["No", "Name"], ["E-1", '="A"&"B"'])).rows
    assert row.formulas == ("B2",)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"Number;Name\n", "no lines below"),
        (b"x" * 10_000_001, "larger than 10 MB"),
        (b"\xd0\xcf\x11\xe0 rest", "old or protected Excel"),
        (b"PK\x03\x04 broken", "cannot be read"),
        (b"%PDF-1.7\x00\xff\xfe\x00", "neither a CSV file nor"),
        (b'a;b\n"open;c\n', "quotation mark"),
        (b"a;b\n" + b";".join([b"x"] * 200), "Line 2 has more than 60 columns"),
        (b"a;b\n" + b"x" * 600 + b";y\n", "too long"),
        (b"a;b\n" + b"1;2\n" * 20_002, "more than 20000 lines"),
        (b"\xef\xbb\xbfa;b\n\xfc;2\n", "neither a CSV file nor"),
        (b"\xff\xfea;b", "neither a CSV file nor"),
        (workbook(["a", "b"], ["1", "2"], merge="A2:B2"), "merged cells"),
        (workbook(["a"] * 200, ["1"] * 200), "Line 1 has more than 60 columns"),
    ],
    ids=range(15),
)
def test_what_cannot_be_read_is_said(content: bytes, why: str) -> None:
    with pytest.raises(SheetRefused, match=why):
        read(content)


def bomb() -> bytes:
    """A workbook of a few hundred kilobytes that unpacks to 200 megabytes."""
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<w/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 200_000_000)
    return file.getvalue()


def test_a_bomb_is_not_unpacked() -> None:
    content = bomb()
    began = time.process_time()
    with pytest.raises(SheetRefused, match="more than 60 MB and was not opened"):
        read(content)
    assert time.process_time() - began < 0.5


def test_a_size_that_is_a_lie_fills_nothing() -> None:
    small = workbook(["No", "Name"], ["E-1", "Ana"])
    huge = b'<dimension ref="A1:XFD1048576"/>'
    content = patched(
        small, "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'<dimension ref="A1:B2"/>', huge).replace(
            b'<dimension ref="A1:B2" />', huge
        ),
    )  # fmt: skip
    assert len(read(content).rows) == 1


def test_a_large_part_that_is_no_sheet_is_not_read() -> None:
    content = patched(workbook(["a"], ["b"]), "xl/styles.xml", lambda xml: xml + b" " * 5_000_000)
    with pytest.raises(SheetRefused, match="cannot be read"):
        read(content)


def test_a_packing_that_is_broken_is_refused() -> None:
    file = io.BytesIO()
    with (
        ZipFile(io.BytesIO(workbook(["a"], ["b"]))) as old,
        ZipFile(file, "w", ZIP_LZMA) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    content = bytearray(file.getvalue())
    start = 30 + int.from_bytes(content[26:28], "little") + 9  # behind the names and properties
    content[start : start + 20] = b"\xff" * 20
    with pytest.raises(SheetRefused, match="cannot be read"):
        read(bytes(content))


def test_entities_are_refused() -> None:
    nested = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'
    content = patched(workbook(["a"], ["b"]), "xl/styles.xml", lambda _: nested)
    with pytest.raises(SheetRefused, match="cannot be read"):
        read(content)
