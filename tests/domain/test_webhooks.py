"""Webhooks: where they may go, how they are signed, and when they come again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.request import events
from portal.domain.request.catalogue import EVENT_ENTRIES, OUTCOMES
from portal.domain.webhooks import (
    GIVE_UP_AFTER,
    LONGEST_REST,
    MOST_OBEYED,
    PAUSES,
    HookReply,
    HookType,
    HookUrlRefused,
    pause_after,
    rest_after,
    secret_of,
    signature,
    target,
)

INSIDE = (
    "https://127.0.0.1/", "https://127.9.9.9/x", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://0.0.0.0/",
    "https://169.254.169.254/latest", "https://10.1.2.3/", "https://localhost/",
    "https://a.localhost/", "https://LOCALHOST./", "https://224.0.0.1/",
)  # fmt: skip
NONSENSE = (
    "", "https://", "example.org", "https://a b/", "https://a.org:0/", "https://a.org:99999/",
    "ftp://a.org/", "file:///etc/passwd", "https://a.org/\x7f", "https://\u00e9.org/",
    "https://a.org/#x", "https://u:p@a.org/", "http://a.org/", "https://[::1/", "https://-a/",
    "https://a.org/" + "x" * 600, "https://" + "a" * 300 + ".org/", "https://a.org/\r\nX: y",
)  # fmt: skip


@pytest.mark.parametrize("url", INSIDE + NONSENSE)
def test_an_address_that_is_not_public_or_not_whole_is_refused(url: str) -> None:
    with pytest.raises(HookUrlRefused):
        target(url, ())


@given(st.text(max_size=80), st.text(max_size=20))
def test_any_text_is_an_address_or_refused(text: str, more: str) -> None:
    for url in (text, f"https://{text}{more}", f"https://a.org/{text}"):
        try:
            found = target(url, ())
        except HookUrlRefused:
            continue
        assert found.is_tls
        assert found.path.startswith(("/", "?"))


def test_a_named_host_may_be_inside_and_without_encryption() -> None:
    found = target("http://erp.internal:8080/hooks?a=1", ("erp.internal",))
    assert (found.host, found.port, found.path, found.is_tls) == (
        "erp.internal", 8080, "/hooks?a=1", False,
    )  # fmt: skip
    assert target("https://A.Example.ORG", ()).host == "a.example.org"


def test_the_signature_is_that_of_the_specification() -> None:
    # Worked out with: printf "$id.$time.$body" | openssl dgst -sha256 -hmac "$key" -binary | base64
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    made = signature([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    both = signature([secret, secret_of(b"x" * 32)], "a", 1, body).split()
    assert len(both) == 2
    with pytest.raises(ValueError, match="no secret"):
        signature(["whsec_?"], "a", 1, body)


@given(st.floats(0, 1), st.integers(0, 10**9))
def test_pauses_grow_end_and_obey_a_receiver_within_limits(spread: float, asked: int) -> None:
    found = [pause_after(tries, spread) for tries in range(1, len(PAUSES) + 2)]
    pauses = [each for each in found if each is not None]
    assert found[-1] is None
    assert pauses == sorted(pauses)
    assert sum(pauses, timedelta()) < GIVE_UP_AFTER
    obeyed = pause_after(1, spread, asked)
    assert obeyed is not None
    assert timedelta(seconds=5) <= obeyed <= MOST_OBEYED
    assert rest_after(asked) <= LONGEST_REST
    assert rest_after(1, asked) <= MOST_OBEYED


def test_every_type_is_told_of_something_and_every_outcome_is_told() -> None:
    told = {entry.hook for entry in EVENT_ENTRIES.values()}
    assert told - {None} == set(HookType)
    silent = [kind for kind in OUTCOMES if EVENT_ENTRIES[kind].hook is None]
    assert silent == [events.RequestFailed]


@given(st.integers(100, 599))
def test_only_2xx_is_delivered(status: int) -> None:
    assert HookReply(status=status).is_delivered == (200 <= status < 300)
