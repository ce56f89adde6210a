"""Real talks with a chat server: what it gets, what is refused before a connection, and when it
does not answer as it should."""

import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from portal.chat import sealing
from portal.chat.post import ANYBODY, ChatNotTaken, Post, checked, send
from portal.config import ChatSettings
from portal.domain.notices.chat import SERVICES, AddressRefused, ChatMessage
from tests.chatting import RULES, ChatServer, chat_server

WORDS = ChatMessage(title="Needs your approval", text="Ana asks.", ending="Review: http://x/PR-1")
PUBLIC_ONLY = replace(RULES, allowed_hosts=("chat.internal",))


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    with chat_server() as server:
        yield server


def say(text: str, rules: ChatSettings = RULES, words: ChatMessage = WORDS) -> None:
    address = checked(text, rules)
    post = Post.to(ANYBODY, address)
    assert post is not None
    send(post, words, rules)


def refusal(text: str, rules: ChatSettings = RULES) -> ChatNotTaken:
    with pytest.raises(ChatNotTaken) as refused:
        say(text, rules)
    assert "t0k3n" not in str(refused.value)
    return refused.value


def test_a_person_is_written_to(chat: ChatServer) -> None:
    say(chat.address())
    ((path, body),) = chat.heard
    assert path == "/people/ana.example"
    assert (body["title"], body["message"]) == (WORDS.title, "Ana asks.\n\nReview: http://x/PR-1")


def test_the_link_stays_whole_where_a_service_takes_little(chat: ChatServer) -> None:
    hook = f"rocket://{'a' * 24}%2F{'b' * 24}@127.0.0.1:{chat.port}/@{{mail_name}}"
    say(hook, words=replace(WORDS, text="*long* " * 400))
    ((_, body),) = chat.heard
    assert body["channel"] == "@ana.example"
    assert body["text"].endswith("…\n\nReview: http://x/PR-1")
    assert len(body["text"]) <= 1000


@pytest.mark.parametrize("status", [302, 307, 401, 404, 429, 500])
def test_what_the_service_refuses_is_said_without_secrets(chat: ChatServer, status: int) -> None:
    chat.answer, chat.location = status, f"http://127.0.0.1:{chat.port}/people/other"
    error = refusal(chat.address("t0k3n-path/{email}"))
    assert f"error={status}" in str(error)
    assert not error.is_away
    assert len(chat.heard) == 1  # no redirect was followed


def test_a_service_that_hangs_or_drips_is_left_after_the_time(chat: ChatServer) -> None:
    def drip(request: Any) -> int:
        with contextlib.suppress(OSError):  # the other side hangs up
            while not chat.done.wait(0.2):
                request.wfile.write(b"H")
        return 0

    chat.answer = drip
    start = time.monotonic()
    error = refusal(chat.address(), replace(RULES, timeout_seconds=1))
    assert error.is_away
    assert "no answer within 1 s" in str(error)
    assert time.monotonic() - start < 30


def test_one_that_dies_after_the_body_or_is_not_there_is_away(chat: ChatServer) -> None:
    chat.answer = lambda request: request.connection.close() or 0
    assert refusal(chat.address()).is_away
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    assert refusal(f"json://127.0.0.1:{port}/{{email}}").is_away


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]"])
def test_the_inside_is_refused_before_a_connection(chat: ChatServer, host: str) -> None:
    error = refusal(f"json://{host}:{chat.port}/{{email}}", PUBLIC_ONLY)
    assert "inside the network" in str(error)
    assert chat.heard == []


def test_a_name_that_changes_its_mind_is_refused(
    chat: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., Any] = socket.getaddrinfo
    answers = ["93.184.215.14"]

    def changing(host: str, *args: Any, **more: Any) -> Any:
        if host != "chat.example.org":
            return real(host, *args, **more)
        return real(answers.pop() if answers else "127.0.0.1", *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    assert socket.getaddrinfo("chat.example.org", 80)[0][4][0] == "93.184.215.14"
    error = refusal(f"json://chat.example.org:{chat.port}/{{email}}", PUBLIC_ONLY)
    assert "inside the network" in str(error)
    assert chat.heard == []


def test_other_threads_and_later_talks_are_not_watched(chat: ChatServer) -> None:
    refusal(chat.address(), PUBLIC_ONLY)
    socket.create_connection(("127.0.0.1", chat.port)).close()
    say(chat.address())


@pytest.mark.parametrize(
    "text",
    ["rocket://{email}", "rocket://a@127.0.0.1/@{mail_name}", "ntfy://127.0.0.1/other/{email}"],
)
def test_what_apprise_takes_for_several_or_nobody_is_refused(text: str) -> None:
    with pytest.raises(AddressRefused):
        checked(text, RULES)


def test_nothing_of_an_address_is_logged(
    chat: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        say(chat.address("t0k3n-path/{email}"))
    assert "t0k3n" not in caplog.text


def test_an_address_is_read_by_its_own_channel_and_key_only() -> None:
    sealed = sealing.seal("slack://x", "one", "a secret key")
    assert b"slack" not in sealed
    assert sealing.unseal(sealed, "one", "a secret key") == "slack://x"
    for channel, key in [("two", "a secret key"), ("one", "another")]:
        with pytest.raises(sealing.SecretUnreadable):
            sealing.unseal(sealed, channel, key)
    with pytest.raises(sealing.SecretUnreadable):
        sealing.unseal(b"", "one", "a secret key")


EVERY = replace(RULES, schemes=tuple(SERVICES))
# What a service of that scheme takes before and behind the host.
AROUND = {
    "zulip": ("bot@", f"/{'a' * 32}/{{email}}"),
    "ntfy": ("tk_t0k3n@", "/approvals-{employee_no}"),
    "rocket": (f"{'a' * 24}%2F{'b' * 24}@", "/@{mail_name}"),
}
OTHER = ("user:password@", "/people/{employee_no}")
HOSTS = (
    "chat.example.org", "Chat.Example.Org", "chat", "chat_inside", "10.0.0.1", "[::1]", "ntfy.sh",
    "1.2.3", "127.1", "2130706433", "-x", "a-", "_", "a..b", "a.b.", "xn--a", "x" * 64,
    "ntfy.sh.b.org",
)  # fmt: skip


@pytest.mark.parametrize("scheme", [name for name, kind in SERVICES.items() if not kind.known_host])
def test_a_service_asks_for_no_host_but_the_one_that_was_typed(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []

    def nowhere(host: Any, port: Any, *_args: Any, **_more: Any) -> Any:
        asked.append((str(host).strip("[]"), int(port)))
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    before, behind = AROUND.get(scheme.removesuffix("s"), OTHER)
    usual = 80 if scheme in ("ntfy", "rocket", "json", "form", "xml") else 443
    for host in HOSTS:
        for port in ("", ":8443", ":0"):
            asked.clear()
            with contextlib.suppress(AddressRefused, ChatNotTaken):
                say(f"{scheme}://{before}{host}{port}{behind}", EVERY)
            wanted = (host.strip("[]").lower(), int(port[1:] or usual))
            assert {(name.lower(), number) for name, number in asked} <= {wanted}, (host, port)


def test_a_host_that_ntfy_or_zulip_would_not_use_is_refused() -> None:
    for text in (
        "ntfys://tk_t0k3n@1.2.3/approvals-{email}",
        f"zulip://bot@chat/{'a' * 32}/{{email}}",
    ):
        with pytest.raises(AddressRefused):
            checked(text, EVERY)
