"""Which files are taken, whatever they are called."""

import pytest

from portal.domain.request.files import KeptFile, Unfit, kind_of, shown_name

PDF = b"%PDF-1.7\n..."
PNG = b"\x89PNG\r\n\x1a\n...."
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
HEIC = b"\x00\x00\x00\x18ftypheic"


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
    ],
)
def test_known_kinds_are_taken(name: str, head: bytes, kind: str) -> None:
    assert kind_of(name, head) == kind


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
    ],
)
def test_everything_else_is_refused_with_advice(name: str, head: bytes) -> None:
    with pytest.raises(Unfit, match=r"choose|send") as refused:
        kind_of(name, head)
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
