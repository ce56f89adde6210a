"""Addresses of chat services, what is written into chats, and which networks are public."""

import re
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.networks import is_public
from portal.domain.notices.chat import SERVICES, USUAL, AddressRefused, Recipient, examine, harmless

GOOD = "ntfys://tk_secret@ntfy.example.org/approvals-{employee_no}"


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_the_example_of_each_service_is_an_address(service) -> None:
    example = re.sub("(TOKEN|KEY)[^/@%]*", "abracadabra", service.example)
    address = examine(example, (service.scheme,))
    value = Recipient(email="ana.b+x@example.org", employee_no="7").value(address.place)
    assert value
    assert "{" not in address.filled(value)
    assert "abracadabra" not in repr(address) + address.host


@pytest.mark.parametrize(
    "text",
    [
        "", "x" * 600, "ntfys://", "ntfys://host/topic", "ntfys://host/{phone}", GOOD + "{email}",
        "ntfys://{email}", "ntfys://{email}/topic", "ntfys://{email}@host/topic",
        GOOD + "?verify=no", GOOD + "?format=markdown", GOOD + "#x", GOOD + "," + GOOD,
        GOOD + " " + GOOD, GOOD + "%2Cother", GOOD + "%252Cother", GOOD + "\n", GOOD + "\x00x",
        GOOD + "%0a", "ntfys://a@b@host/{email}", "ntfys://host\\@x/{email}",
        "ntfys://host/{email}}", "ntfys://host/{{email}", "ntfys://höst/{email}",
        "syslog://{email}", "dbus://x/{email}", "windows://x/{email}", "file:///tmp/{email}",
        "exec://x/{email}", "mailto://x@y/{email}", "json://h/{email}", "{email}", "://x/{email}",
    ],
)  # fmt: skip
def test_what_is_not_one_address_of_one_person_is_refused(text: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        examine(text.strip(" "), USUAL) if text != GOOD + "\n" else examine(text + "x", USUAL)
    assert "secret" not in str(refused.value)


@given(st.text(max_size=80), st.sampled_from(["", *USUAL, *SERVICES]))
def test_any_text_is_an_address_or_refused(rest: str, scheme: str) -> None:
    try:
        address = examine(f"{scheme}://{rest}{{email}}", USUAL)
    except AddressRefused:
        return
    assert address.service.scheme in USUAL


@given(st.text(max_size=60), st.text(max_size=30))
def test_a_person_changes_nothing_but_their_own_place(email: str, number: str) -> None:
    address = examine("ntfys://tk_x@ntfy.example.org/a-{email}-z", USUAL)
    value = Recipient(email=email, employee_no=number).value(address.place)
    if value:
        middle = (
            address.filled(value)
            .removeprefix("ntfys://tk_x@ntfy.example.org/a-")
            .removesuffix("-z")
        )
        assert "@" in email
        assert not set(middle) & set("/?#@:, ;{}")


@given(st.text(max_size=300))
def test_nothing_that_people_type_mentions_or_links(typed: str) -> None:
    for text in (typed, f"{typed}@everyone <!channel> [x](http://evil.example) {typed}"):
        words = harmless(text, 200)
        assert "\n" not in words
        assert not any(each in words for each in ("@e", "<", ">", "](", "p://", "l.e"))
        assert harmless("Laptop for 1.200,50", 200) == "Laptop for 1.200,50"


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4, network="169.254.0.0/16"))
def test_an_address_of_the_inside_is_seen_in_every_wrapping(inside: IPv4Address) -> None:
    number = int(inside)
    wrapped = [
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address((0x64FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
        IPv6Address(number),
    ]
    assert not any(is_public(str(each)) for each in (inside, *wrapped))


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True), ("127.0.0.1", False), ("0.0.0.0", False),
        ("::1", False), ("fe80::1%eth0", False), ("224.0.0.1", False), ("ff0e::1", False),
        ("fec0::1", False), ("192.88.99.1", False), ("240.0.0.1", False), ("localhost", False),
        ("2130706433", False), ("64:ff9b:1::1", False), ("2001::1", False), ("fd00::1", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(text: str, public: bool) -> None:
    assert is_public(text) is public
