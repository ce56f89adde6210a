"""Which kind of file an upload is, told by its content."""

import re
import struct
from typing import IO
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 - that is what it is

from portal.domain.marked import msgid

_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX, XLSX = f"{_OFFICE}wordprocessingml.document", f"{_OFFICE}spreadsheetml.sheet"
KINDS = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heic",
    "docx": DOCX,
    "xlsx": XLSX,
    "txt": "text/plain",
    "csv": "text/csv",
}
_TEXTS = ("text/plain", "text/csv")
_HEAD = 64 * 1024
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")


# An office document lists its parts in this one; what it may be unpacked to, in bytes.
_CONTENT_TYPES = "[Content_Types].xml"
_LARGEST_LIST = 1_000_000
_LARGEST_DIRECTORY = 1_000_000
_LARGEST_UNPACKED = 500_000_000
_END_OF_ZIP = b"PK\x05\x06"
_LARGE_ZIP = b"PK\x06\x07"
_LONGEST_END = 22 + 65_535


class Unfit(ValueError):
    """A file that is not taken. `text` is a whole sentence that says what to do, marked for
    translation; `values` are its own."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text % values)
        self.text, self.values = text, values


def kind_of(name: str, file: IO[bytes]) -> str:
    """The media type of a file, from its content; its name's ending has to agree.

    Of a file its first bytes are read; of an office document also the list of its parts, never
    more than bounds allow, whatever it would unpack to. Raises Unfit.
    """
    file.seek(0)
    head = file.read(_HEAD)
    if not head:
        raise Unfit(msgid("“%(name)s” is empty. Choose the file again or leave it out."), name=name)
    ending = name.rpartition(".")[2].lower()
    promised = KINDS.get(ending) if "." in name else None
    if promised is None:
        raise Unfit(
            msgid(
                "“%(name)s”: this file type is not allowed. Allowed: PDF, PNG, JPG, WebP, HEIC, "
                "DOCX, XLSX, TXT and CSV."
            ),
            name=name,
        )
    found = _sniffed(head)
    if found == "zip":
        found = _office(file)
    if found == promised or (found == "text" and promised in _TEXTS):
        return promised
    raise Unfit(
        msgid(
            "“%(name)s” is not a real %(ending)s file. Save it again as %(ending)s and attach it."
        ),
        name=name,
        ending=ending.upper(),
    )


def _sniffed(head: bytes) -> str:
    """The type of the first bytes, "zip", "text", or "" (RFC 9694 and the formats' own)."""
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "image/heic"
    return "text" if _is_plain_text(head) else ""


def _is_plain_text(head: bytes) -> bool:
    """Readable text that no browser would take for a page, a drawing or a program."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or re.search(rb"[\x00-\x08\x0e-\x1a\x7f]", head):
        return False
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:2048].lower()
    markup = (b"<!doctype", b"<html", b"<svg", b"<script", b"<?xml", b"<?php", b"<body", b"<iframe")
    return not start.startswith((b"<", b"#!", b"{\\rtf")) and not any(m in start for m in markup)


def _office(file: IO[bytes]) -> str:
    """Which office document a zip file is, by the main part that its list names; "" for any other,
    and for one with macros, under a password, or that would unpack to too much."""
    if not _has_small_directory(file):
        return ""
    try:
        with ZipFile(file) as archive:
            names = archive.namelist()
            unpacked = sum(each.file_size for each in archive.infolist())
            if unpacked > _LARGEST_UNPACKED or any("vbaproject" in each.lower() for each in names):
                return ""
            with archive.open(_CONTENT_TYPES) as part:
                listed = part.read(_LARGEST_LIST + 1)
    except (BadZipFile, KeyError, RuntimeError, NotImplementedError, OSError, EOFError, ValueError):
        return ""
    except (ZlibError, struct.error):
        return ""
    if len(listed) > _LARGEST_LIST:
        return ""
    mains = [kind for kind in (DOCX, XLSX) if re.search(_main(kind), listed)]
    return mains[0] if len(mains) == 1 else ""


def _main(kind: str) -> bytes:
    return b"[\"']" + re.escape(f"{kind}.main+xml").encode() + b"[\"']"


def _has_small_directory(file: IO[bytes]) -> bool:
    """Whether the zip file's directory is of a size that may be read as a whole: a small file can
    name millions of parts."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _LONGEST_END))
    end = file.read(_LONGEST_END)
    at = end.rfind(_END_OF_ZIP)
    if at < 0 or len(end) - at < 22 or end[max(0, at - 20) : at].startswith(_LARGE_ZIP):
        return False
    (directory,) = struct.unpack_from("<L", end, at + 12)
    return bool(directory <= _LARGEST_DIRECTORY)
