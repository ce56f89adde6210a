"""Headers stay what they are, whatever people typed."""

from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.config import MailSettings, Settings
from portal.notifications.letter import (
    LONGEST_SUBJECT,
    Letter,
    as_mail,
    is_usable,
    numbered,
    one_line,
    subject_of,
)
from portal.notifications.letterhead import Letterhead, Logo

SETTINGS = Settings(
    database_url="postgresql://nobody@nowhere/none",
    secret_key="only for tests: 0123456789abcdef",
    mail=MailSettings(host="localhost", sender="Approvals <approvals@gloria.example>"),
)
TYPED = st.text(max_size=300) | st.sampled_from(
    [
        "a\r\nBcc: eve@x.example",
        "Doe, Jo <eve@x.example>",
        '"',
        "a\x00b",
        "\u2028x",
        "ünïcödé " * 40,
    ]
)


def sent(name: str = "Ben", subject: str = "Chairs", head: Letterhead | None = None) -> bytes:
    letter = Letter(
        message_id="1", thread="2", name=name, address="ben@example.org", subject=subject,
        text="Words", html="<p>Words</p>", head=head or Letterhead(),
    )  # fmt: skip
    return as_mail(letter, SETTINGS).as_bytes()


@settings(deadline=None)
@given(name=TYPED, subject=TYPED)
def test_one_recipient_and_our_headers_only(name: str, subject: str) -> None:
    mail = message_from_bytes(sent(name, subject), policy=default)
    assert [each.addr_spec for each in mail["To"].addresses] == ["ben@example.org"]
    assert sorted(mail.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
         "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
         "Content-Language"]
    )  # fmt: skip
    assert all(len(line) <= 998 for line in sent(name, subject).split(b"\r\n"))


def test_the_message_id_is_the_messages_own() -> None:
    mails = [message_from_bytes(sent(), policy=default) for _ in range(2)]
    assert {mail["Message-ID"] for mail in mails} == {"<1@gloria.example>"}
    assert {mail["References"] for mail in mails} == {"<request-2@gloria.example>"}


@pytest.mark.parametrize(
    "address",
    [None, "", "ben", "ben@", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example",
     '"a, c"@b.example', "Ben <ben@b.example>", "a b@c.example", "a@b.example;c@d.example",
     "ben@b..example", "bén@b.example", "a@b.example\n"],
)  # fmt: skip
def test_what_could_be_two_addresses_is_none(address: str | None) -> None:
    assert not is_usable(address)


@pytest.mark.parametrize("address", ["ben@example.org", "b.o'neil+x@a-b.example", "x@localhost"])
def test_ordinary_addresses_are_usable(address: str) -> None:
    assert is_usable(address)


@settings(deadline=None)
@given(heading=st.sampled_from(["Approval needed", "Approved"]), title=TYPED)
def test_a_subject_ends_with_the_number_whatever_the_title(heading: str, title: str) -> None:
    subject = subject_of(heading, title, "PROC-1045")
    mail = message_from_bytes(sent(subject=subject), policy=default)
    assert mail["Subject"].startswith(f"{heading}:")
    assert mail["Subject"].endswith("(PROC-1045)")


@settings(deadline=None)
@given(words=TYPED, behind=TYPED)
def test_our_own_subject_keeps_the_number_whatever_it_is_filled_with(
    words: str, behind: str
) -> None:
    subject = numbered(f"{words} (PROC-1045) {behind}", "PROC-1045")
    mail = message_from_bytes(sent(subject=subject), policy=default)
    assert "PROC-1045" in mail["Subject"]
    assert len(mail["Subject"]) <= LONGEST_SUBJECT


@settings(deadline=None)
@given(words=TYPED, most=st.integers(10, 200))
def test_a_line_is_a_line(words: str, most: int) -> None:
    line = one_line(words, most)
    assert len(line) <= most
    assert len(line.splitlines()) <= 1


def test_a_letterhead_names_the_sender_and_brings_its_picture() -> None:
    head = Letterhead(sender="Office, of the Head", logo=Logo(png=b"x", width=1, height=1))
    mail = message_from_bytes(sent(head=head), policy=default)
    assert mail["From"].addresses[0].display_name == "Office, of the Head"
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<logo>"
    assert [mail.get_body((kind,)) is not None for kind in ("plain", "html")] == [True, True]
