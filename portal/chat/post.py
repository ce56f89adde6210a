"""One message to one person by apprise, and in words what became of it."""

import functools
import logging
import re
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from apprise import AppriseAsset, NotifyBase, NotifyFormat, PersistentStoreMode
from apprise.conversion import convert_between
from apprise.exception import AppriseImproperlyConfigured
from apprise.plugins.custom_form import NotifyForm
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.custom_xml import NotifyXML
from apprise.plugins.ntfy import NotifyNtfy, NtfyMode
from apprise.plugins.rocketchat import NotifyRocketChat
from apprise.plugins.slack import NotifySlack
from apprise.plugins.zulip import NotifyZulip

from portal.chat.guard import Watch
from portal.config import ChatSettings
from portal.domain.marked import msgid, sentence
from portal.domain.notices.chat import (
    SHAPE,
    Address,
    AddressRefused,
    ChatMessage,
    Recipient,
    examine,
)
from portal.domain.notices.troubles import BAD_ADDRESS, CHAT_NO_ANSWER, CHAT_SAID

LONGEST_REASON = 300
# What stands between title, text and ending.
LINES = 8
TO_MARKDOWN = (NotifyFormat.TEXT, NotifyFormat.MARKDOWN)
# The services by scheme, and where each keeps whom it found in an address; the others send to one
# place only. Apprise's own way from an address to a service would load every plug-in there is.
SERVICES: dict[str, tuple[type[NotifyBase], str]] = {
    "slack": (NotifySlack, "channels"),
    "zulip": (NotifyZulip, "targets"),
    "rocket": (NotifyRocketChat, "users"),
    "ntfy": (NotifyNtfy, "topics"),
    "json": (NotifyJSON, ""),
    "form": (NotifyForm, ""),
    "xml": (NotifyXML, ""),
}
ANYBODY = Recipient(email="ana.example@example.org", employee_no="12345")
NOT_UNDERSTOOD = msgid("is not what this kind of service takes: compare it with the example.")
_heard = threading.local()


class ChatNotTaken(Exception):
    """The service did not take a message; the sentence says why, without secrets.

    `is_away`: it cannot be talked to at all, so that trying the next message at once is in vain.
    """

    def __init__(self, reason: str, *, is_away: bool = False) -> None:
        super().__init__(reason)
        self.is_away = is_away


@dataclass(frozen=True, kw_only=True)
class Post:
    """A person at an address. `value`: what stands for them there."""

    address: Address
    value: str

    @classmethod
    def to(cls, person: Recipient, address: Address) -> "Post | None":
        """None where nothing can stand for the person."""
        value = person.value(address.place)
        return cls(address=address, value=value) if value else None


def checked(text: str, settings: ChatSettings) -> Address:
    """An address that apprise, too, takes for one of one person. Raises AddressRefused."""
    address = examine(text, settings.schemes)
    trial = Post.to(ANYBODY, address)
    if trial is None or _service(trial, settings) is None:
        raise AddressRefused(sentence(NOT_UNDERSTOOD))
    return address


def send(post: Post, words: ChatMessage, settings: ChatSettings) -> None:
    """Send a message. Raises ChatNotTaken."""
    service = _service(post, settings)
    if service is None:
        raise ChatNotTaken(BAD_ADDRESS)
    _heard.lines = []
    with Watch(settings.allowed_hosts, settings.timeout_seconds) as watch:
        try:
            taken = service.notify(**_written(words, service))
        except Exception as error:  # noqa: BLE001 - whatever a service's plug-in raises, the others go on
            _heard.lines.append(type(error).__name__)
            taken = False
    if taken:
        return
    if watch.refused:
        raise ChatNotTaken(watch.refused, is_away=True)
    if watch.is_late:
        seconds = settings.timeout_seconds
        raise ChatNotTaken(str(sentence(CHAT_NO_ANSWER, seconds=seconds)), is_away=True)
    reason = _without(post, " ".join(_heard.lines) or "it did not say why")
    away = re.search("onnection|imed? ?out", reason) is not None
    told = str(sentence(CHAT_SAID, words=reason))[:LONGEST_REASON]
    raise ChatNotTaken(told, is_away=away)


def _service(post: Post, settings: ChatSettings) -> NotifyBase | None:
    """Apprise's service for the address, if it writes to exactly one person."""
    _listen()
    scheme = post.address.service.scheme
    kind, people = SERVICES[scheme if scheme in SERVICES else scheme.removesuffix("s")]
    parts = kind.parse_url(post.address.filled(post.value))
    try:
        service = kind(**parts, asset=_asset()) if parts else None
    except (AppriseImproperlyConfigured, TypeError):
        return None
    if service is None or len(service) != 1 or not service.verify_certificate:
        return None
    # A person whom the service leaves out would make a message to a room of it.
    found = [str(each) for each in getattr(service, people)] if people else [post.value]
    if len(found) != 1 or post.value not in found[0]:
        return None
    if not _is_where_typed(service, post.address):
        return None
    service.socket_connect_timeout = service.socket_read_timeout = float(settings.timeout_seconds)
    return service


def _is_where_typed(service: NotifyBase, address: Address) -> bool:
    """Whether the service talks to the host and port of the address, and to no other: some fall
    back to the public one of their kind where they do not understand a host."""
    typed = SHAPE.fullmatch(address.template)
    if address.service.known_host or typed is None:
        return typed is not None
    host, port = service.host, service.port
    if isinstance(service, NotifyZulip):
        host, port = f"{service.organization}.{service.hostname}", None
    elif isinstance(service, NotifyNtfy) and service.mode != NtfyMode.PRIVATE:
        return False
    wanted = int(typed["port"]) if typed["port"] else None
    # Port 0 is nowhere: what connects takes it for the usual one.
    return wanted != 0 and (str(host).strip("[]").lower(), port) == (address.host, wanted)


@functools.cache
def _asset() -> AppriseAsset:
    """No redirects, nothing on disk, no plug-ins from elsewhere, no pictures from elsewhere."""
    return AppriseAsset(
        app_id="Gloria Approvals",
        app_desc="Gloria Approvals",
        app_url="",
        http_redirects=False,
        storage_mode=PersistentStoreMode.MEMORY,
        plugin_paths=[],
        allow_templates=False,
        secure_logging=True,
        image_url_mask="",
        image_url_logo="",
    )


def _written(words: ChatMessage, service: NotifyBase) -> dict[str, Any]:
    """What the service takes of a message: plain text where it can, and the ending always.

    Where a service reads Markdown only, the ending is not escaped: that would break its link.
    """
    title, text = _cut(words.title, service.title_maxlen), words.text
    # The title stands in the body where a service has no own place for it.
    room = service.body_maxlen - len(words.ending) - LINES
    room -= 0 if service.title_maxlen else len(title)
    plain = service.notify_format != NotifyFormat.MARKDOWN
    if not plain:
        title, text = (_as_markdown(each) for each in (title, text))
    return {
        "title": title,
        "body": f"{_cut(text, room)}\n\n{words.ending}",
        "body_format": NotifyFormat.TEXT if plain else NotifyFormat.MARKDOWN,
    }


def _as_markdown(words: str) -> str:
    return str(convert_between(*TO_MARKDOWN, words))  # type: ignore[no-untyped-call]


def _cut(words: str, most: int) -> str:
    return words if most <= 0 or len(words) <= most else words[: most - 1] + "…"


def _without(post: Post, reason: str) -> str:
    # Whom it was for stands in no reason, either: reasons are kept.
    for secret in (post.value, quote(post.value, safe=""), *post.address.secrets):
        reason = reason.replace(secret, "…")
    return " ".join("".join(c if c.isprintable() else " " for c in reason).split())


class _Ear(logging.Handler):
    """Keeps what apprise says in this thread; it says why in its log only."""

    def emit(self, record: logging.LogRecord) -> None:
        lines: list[Any] = getattr(_heard, "lines", [])
        lines.append(record.getMessage())


@functools.cache
def _listen() -> None:
    said = logging.getLogger("apprise")
    said.addHandler(_Ear(logging.WARNING))
    said.setLevel(logging.WARNING)
    # Their lines hold addresses; ours say what happened.
    said.propagate = False
    logging.getLogger("urllib3").setLevel(logging.ERROR)
