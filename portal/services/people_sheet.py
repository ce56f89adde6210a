"""Reading a CSV file or an Excel workbook of people into rows of text, whatever is in it.

Whatever a file declares about its size is checked before anything of it is unpacked.
"""

import csv
import io
import lzma
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from msgspec.json import Decoder
from msgspec.json import encode as encode_json
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from portal.domain.spreadsheets import harmless
from portal.translation import _

MOST_BYTES = 10_000_000
MOST_UNPACKED = 60_000_000
# What is no sheet and no picture (styles, names) is held in memory several times its size.
MOST_OF_A_PART = 5_000_000
LARGE_PARTS = ("xl/worksheets/", "xl/sharedStrings", "xl/media/")
MOST_PARTS = 500
MOST_COLUMNS = 60
MOST_ROWS = 20_000
LONGEST_CELL = 500
ENCODINGS = {
    "utf-8": "Unicode (UTF-8)",
    "cp1252": "Windows, Western Europe (1252)",
    "cp1250": "Windows, Central Europe (1250)",
    "iso8859_15": "ISO 8859-15",
    "utf-16": "Unicode (UTF-16)",
}
# For a first look at what is not Unicode: it has a character for every byte.
LIKELIEST = "iso8859_15"
SEPARATORS = {";": ";", ",": ",", "\t": "Tab", "|": "|"}


class SheetRefused(Exception):
    """A file that cannot be read; the message is a sentence for people."""


class EncodingUnknown(Exception):
    """The text is not Unicode: somebody has to say in which encoding it was saved."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A line: its number as a spreadsheet shows it. `formulas`: cells that hold one, by name."""

    number: int
    cells: tuple[str, ...]
    formulas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """The first line, and all others that are not empty. Workbooks have neither `encoding` nor
    `separator`."""

    headers: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    encoding: str = ""
    separator: str = ""


# What our own file of a workbook's rows begins with.
PACKED = b"\x00gloria sheet\x00"


def packed(sheet: Sheet) -> bytes:
    """The rows of a workbook, for `unpacked`. No upload is taken for this: it has a NUL."""
    return PACKED + zlib.compress(encode_json((sheet.headers, sheet.rows)))


def unpacked(content: bytes) -> Sheet:
    """The rows that `packed` kept."""
    rows = zlib.decompress(content.removeprefix(PACKED))
    return Sheet(*_ROWS.decode(rows))


_ROWS = Decoder(tuple[tuple[str, ...], tuple[SheetRow, ...]])


def read(content: bytes, encoding: str = "", separator: str = "") -> Sheet:
    """The rows of a file. Raises SheetRefused and EncodingUnknown."""
    if len(content) > MOST_BYTES:
        raise SheetRefused(_("The file is larger than 10 MB. Split it, or leave columns out."))
    if not content.strip():
        raise SheetRefused(_("The file is empty."))
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetRefused(
            _("This is an old or protected Excel file. Save it as .xlsx or .csv, unprotected.")
        )
    if content.startswith(b"PK"):
        rows = list(_whole(_workbook(content)))
        encoding = separator = ""
    else:
        text, encoding = _decoded(content, encoding)
        separator = separator if separator in SEPARATORS else _guessed(text)
        rows = list(_whole(_table(text, separator)))
    if not rows:
        raise SheetRefused(_("The file is empty."))
    if len(rows) < 2:
        raise SheetRefused(_("There are no lines below the first one, which names the columns."))
    return Sheet(rows[0].cells, tuple(rows[1:]), encoding, separator)


def _whole(rows: Iterable[SheetRow]) -> Iterator[SheetRow]:
    """The rows that are not empty, while they are not too many or too long."""
    count = 0
    for row in rows:
        if len(row.cells) > MOST_COLUMNS:
            raise SheetRefused(
                _(
                    "Line %(number)s has more than %(most)s columns.",
                    number=row.number,
                    most=MOST_COLUMNS,
                )
            )
        if any(len(cell) > LONGEST_CELL for cell in row.cells):
            raise SheetRefused(
                _("A cell in line %(number)s is too long to be read.", number=row.number)
            )
        if any(row.cells) or row.formulas:
            count += 1
            yield row
        if count > MOST_ROWS + 1:
            raise SheetRefused(
                _("The file has more than %(most)s lines. Split it.", most=MOST_ROWS)
            )


def _decoded(content: bytes, encoding: str) -> tuple[str, str]:
    is_marked = content.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"))
    if is_marked and not content.startswith(b"\xef"):
        encoding = "utf-16"
    elif is_marked or not encoding:
        encoding = "utf-8"
    if encoding not in ENCODINGS:
        raise SheetRefused(_("Choose one of the encodings shown."))
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        if is_marked or b"\x00" in content:
            raise _neither() from error
        raise EncodingUnknown from error
    if "\x00" in text:
        raise _neither()
    return text, encoding


def _neither() -> SheetRefused:
    return SheetRefused(_("This is neither a CSV file nor an Excel workbook (.xlsx)."))


def _guessed(text: str) -> str:
    first = text.lstrip("\r\n").partition("\n")[0]
    return max(SEPARATORS, key=first.count)


def _table(text: str, separator: str) -> Iterator[SheetRow]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            yield SheetRow(reader.line_num, tuple(_plain(cell) for cell in cells))
    except csv.Error as error:
        raise SheetRefused(
            _(
                "Line %(number)s cannot be read: a quotation mark is missing or the line is too"
                " long.",
                number=reader.line_num,
            )
        ) from error


BROKEN = (
    BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, AttributeError, IndexError,
    ParseError, OSError, EOFError, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError,
)  # fmt: skip


def _workbook(content: bytes) -> Iterator[SheetRow]:
    try:
        _check_parts(content)
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # What a sheet says of its own size would fill rows with empty cells up to there.
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1), 1):
            yield _row(number, cells)
            if number > 2 * MOST_ROWS:
                raise SheetRefused(
                    _("The file has more than %(most)s lines. Split it.", most=MOST_ROWS)
                )
    except BROKEN as error:
        raise SheetRefused(_("This workbook cannot be read. Save it anew as .xlsx.")) from error


def _check_parts(content: bytes) -> None:
    """Refuse what unpacks to too much, declares entities, or has merged cells."""
    with ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
            raise SheetRefused(_("This workbook unpacks to more than 60 MB and was not opened."))
        if "xl/workbook.xml" not in archive.namelist():
            raise _neither()
        for part in parts:
            is_large = part.file_size > MOST_OF_A_PART
            if is_large and not part.filename.startswith(LARGE_PARTS):
                raise SheetRefused(_("This workbook cannot be read. Save it anew as .xlsx."))
            if part.filename.endswith((".xml", ".rels")):
                _check_part(archive.read(part), part.filename)


def _check_part(xml: bytes, name: str) -> None:
    if b"<!DOCTYPE" in xml[:2000] or b"<!ENTITY" in xml[:2000]:
        raise SheetRefused(_("This workbook cannot be read. Save it anew as .xlsx."))
    if name.startswith("xl/worksheets/") and b"<mergeCell " in xml:
        raise SheetRefused(
            _("The workbook has merged cells. Unmerge them, so that every line has its own values.")
        )


def _row(number: int, cells: Iterable[Any]) -> SheetRow:
    values: list[str] = []
    formulas: list[str] = []
    for cell in cells:
        if getattr(cell, "data_type", "") == "f":
            formulas.append(str(cell.coordinate))
            values.append("")
        else:
            values.append(_text(cell.value))
    while values and not values[-1]:
        values.pop()
    return SheetRow(number, tuple(values), tuple(formulas))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _plain(str(value))


def _plain(text: str) -> str:
    """In NFC, as forms keep what is typed, so that what looks the same is the same. The apostrophe
    that our own files put before what a spreadsheet would calculate is left out."""
    text = " ".join(unicodedata.normalize("NFC", text).replace("\x00", "").split())
    return text[1:] if text[:1] == "'" and harmless(text[1:]) == text else text
