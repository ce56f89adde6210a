"""Which files are taken, whatever they are called."""

import io
import zipfile

import pytest

from portal.domain.request.files import KeptFile, shown_name
from portal.services.file_kinds import DOCX, XLSX, Unfit, kind_of

PDF = b"%PDF-1.7\n..."
PNG = b"\x89PNG\r\n\x1a\n...."
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
HEIC = b"\x00\x00\x00\x18ftypheic"


def office(kind: str, *more: str, list_name: str = "[Content_Types].xml", size: int = 0) -> bytes:
    """An office document of that kind, with more parts; `size`: bytes of an empty one, packed."""
    types = f'<?xml version="1.0"?><Types><Override ContentType="{kind}.main+xml"/></Types>'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "<document/>")
        archive.writestr(list_name, types + " " * size)
        for name in more:
            archive.writestr(name, "")
    return made.getvalue()


def bomb() -> bytes:
    """A small file whose parts would come to more than anybody unpacks."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<a b="{DOCX}.main+xml"/>')
        with archive.open("word/media/a.bin", "w") as part:
            for _ in range(510):
                part.write(bytes(1_000_000))
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("offer.pdf", PDF, "application/pdf"),
        ("a.PNG", PNG, "image/png"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.webp", WEBP, "image/webp"),
        ("a.heic", HEIC, "image/heic"),
        ("a.txt", "Grüße\r\n".encode(), "text/plain"),
        ("a.csv", b"\xef\xbb\xbfname;sum\n", "text/csv"),
        ("a.csv", "Größe".encode("latin-1"), "text/csv"),
        ("offer.docx", office(DOCX), DOCX),
        ("Budget.XLSX", office(XLSX), XLSX),
    ],
)
def test_known_kinds_are_taken(name: str, head: bytes, kind: str) -> None:
    assert kind_of(name, io.BytesIO(head)) == kind


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.pdf", b"MZ\x90\x00"),
        ("a.pdf", b"<html><script>alert(1)</script>"),
        ("a.png", b"<svg onload=alert(1)>"),
        ("a.txt", b"  <!DOCTYPE html>"),
        ("a.txt", b"hello <script>alert(1)</script>"),
        ("a.csv", b"#!/bin/sh\nrm -rf /"),
        ("a.txt", b"\x7fELF\x02\x01"),
        ("a.jpg", PDF),
        ("a.exe", PDF),
        ("a.svg", b"<svg>"),
        ("a.html", b"hello"),
        ("pdf", PDF),
        ("a.pdf.exe", PDF),
        ("a.pdf", b""),
        ("a.docx", PDF),
        ("a.docx", office(XLSX)),
        ("a.pdf", office(DOCX)),
        ("a.docx", office("application/vnd.ms-word.document.macroEnabled")),
        ("a.docx", office(DOCX, "word/vbaProject.bin")),
        ("a.docx", office(DOCX, list_name="list.xml")),
        ("a.docx", office(DOCX)[:-30]),
        ("a.docx", b"PK\x03\x04" + bytes(100)),
        ("a.xlsx", b"PK\x05\x06" + bytes(18)),
        ("a.docx", office(DOCX, size=2_000_000)),
        ("a.docx", bomb()),
        ("a.docx", office(DOCX, *(f"p{n}" for n in range(25_000)))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_everything_else_is_refused_with_advice(name: str, head: bytes) -> None:
    with pytest.raises(Unfit, match=r"Choose|Allowed|Save it") as refused:
        kind_of(name, io.BytesIO(head))
    assert name in str(refused.value)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        (r"C:\Users\ana\Offer 1.pdf", "Offer 1.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie: x.pdf"),
        ("invoice\u202efdp.exe", "invoice fdp.exe"),
        ("\x00.pdf", "file.pdf"),
        ("notes", "notes"),
        ("", "file"),
        ("...", "file"),
        ("Grüße 👋.pdf", "Grüße 👋.pdf"),
    ],
)
def test_names_are_fit_to_be_shown(raw: str, shown: str) -> None:
    assert shown_name(raw) == shown


def test_a_long_name_keeps_its_ending() -> None:
    name = shown_name("x" * 500 + ".pdf")
    assert len(name) <= 120
    assert name.endswith("x.pdf")


def test_a_kept_file_survives_the_content() -> None:
    file = KeptFile("1", "a.pdf", "application/pdf", 12, "ab")
    assert KeptFile.from_value(file.as_value()) == file
