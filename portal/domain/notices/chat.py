"""Chat services: which addresses may be set up, how one is filled in for a person, and what may be
written there: short texts without anything that a chat would act on. Pure.

An address is apprise's, with a place for the person, such as `slack://TOKEN/{email}`. It holds
secrets, so nothing here shows one: not `repr`, not an error. Only services that can write to one
person stand here: in a room a message would be read by people who may not see the request, and
would be one for everybody where the record says one for each. All of them speak HTTP, run no
program and touch no file.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote, unquote

from portal.domain.marked import Sentence, msgid, sentence

LONGEST = 500
# What may stand for a person in an address; nothing that any service reads as two of them.
PERSONAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}(@[A-Za-z0-9][A-Za-z0-9.-]{0,99})?")
SHAPE = re.compile(
    r"(?P<scheme>[A-Za-z]{1,20})://(?:(?P<account>[^/?#@]+)@)?"
    r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?P<path>/[^?#]*)"
)
PLACE = re.compile(r"\{([^{}]*)\}")
# Apprise takes whatever stands behind these for another address or another person.
SEPARATORS = re.compile(r"[\s,;\\\"'<>|`]|://.*://")
NOT_SEEN = re.compile(r"[^\x21-\x7e]")

# A chat does nothing with what this stands in, and nobody sees it.
BREAK = "\N{ZERO WIDTH SPACE}"
ANGLES = str.maketrans({"<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
                        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"})  # fmt: skip
# Mentions of people and rooms; links, also those that chats make of bare names; pictures.
ACTED_ON = re.compile(
    r"[@#](?=\S)|(?<=\w):(?=//)|(?<=\w)\.(?=[^\W\d_])|(?<=\])(?=[\[(:])|(?<=mailto|..data|...tel):"
)


@dataclass(frozen=True, kw_only=True)
class Service:
    """A kind of chat service. `example`: how its addresses look. `known_host`: where it is, when
    its addresses do not say so: what stands for the host in them is then a secret."""

    scheme: str
    name: str
    example: str
    known_host: str = ""


def _service(scheme: str, name: str, example: str, known_host: str = "") -> Service:
    return Service(scheme=scheme, name=name, example=f"{scheme}://{example}", known_host=known_host)


HOOK = "user:password@hooks.example.org/people/{employee_no}"
ROCKET = "TOKEN-A%2FTOKEN-B@chat.example.org/@{mail_name}"
NTFY = "tk_TOKEN@ntfy.example.org/approvals-{employee_no}"
SERVICES: dict[str, Service] = {
    service.scheme: service
    for service in (
        _service("slack", "Slack", "xoxb-BOT-TOKEN/{email}", "slack.com"),
        _service("zulip", "Zulip", "bot@organisation.zulipchat.com/API-KEY/{email}"),
        _service("rockets", "Rocket.Chat", ROCKET),
        _service("ntfys", "ntfy", NTFY),
        _service("rocket", msgid("Rocket.Chat without encryption"), ROCKET),
        _service("ntfy", msgid("ntfy without encryption"), NTFY),
        _service("jsons", msgid("Your own service, as JSON"), HOOK),
        _service("forms", msgid("Your own service, as a form"), HOOK),
        _service("xmls", msgid("Your own service, as XML"), HOOK),
        _service("json", msgid("Your own service, as JSON without encryption"), HOOK),
        _service("form", msgid("Your own service, as a form without encryption"), HOOK),
        _service("xml", msgid("Your own service, as XML without encryption"), HOOK),
    )
}
# Well known, encrypted, and of no use to reach anything else.
USUAL = ("slack", "zulip", "rockets", "ntfys")
PLACES = ("email", "mail_name", "employee_no")


class ChannelChange(StrEnum):
    """A change to a channel, as `portal.chat_channel_changes` keeps it."""

    ADDED = "added"
    CHANGED = "changed"
    SWITCHED_ON = "switched_on"
    SWITCHED_OFF = "switched_off"
    TESTED = "tested"
    REMOVED = "removed"


class AddressRefused(Exception):
    """An address that may not be used; the sentence says why, without any of it."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.sentence = why


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """What an address may be filled with."""

    email: str | None
    employee_no: str | None

    def value(self, place: str) -> str:
        """What stands for the person in that place; "" where they have nothing that can."""
        email = self.email or ""
        values = {
            "email": email if "@" in email else "",
            "mail_name": email.partition("@")[0],
            "employee_no": self.employee_no or "",
        }
        found = values[place]
        return found if PERSONAL.fullmatch(found) else ""


@dataclass(frozen=True, kw_only=True)
class Address:
    """An address that was examined. `template` is a secret; `host` is not."""

    service: Service
    host: str
    template: str = field(repr=False)

    @property
    def place(self) -> str:
        """What stands for the person: one of `PLACES`."""
        return str(PLACE.findall(self.template)[0])

    def filled(self, value: str) -> str:
        """The address at which the service has the person of that value."""
        return PLACE.sub(lambda _: quote(value, safe=""), self.template)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Whatever of it must not be repeated, as it may appear in a service's words."""
        found = SHAPE.fullmatch(self.template)
        path = re.split(r"[/{}@:]", f"{found['account'] or ''}/{found['path']}") if found else []
        hidden = [found["host"]] if found and self.service.known_host else []
        parts = {*path, *map(unquote, path), *hidden} - set(PLACES)
        return tuple(sorted((each for each in parts if len(each) > 3), key=len, reverse=True))


def examine(text: str, schemes: tuple[str, ...]) -> Address:
    """Read an address with its places for the person. Raises AddressRefused."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise AddressRefused(sentence(msgid("must have 1 to %(most)s characters."), most=LONGEST))
    if NOT_SEEN.search(text) or any(map(SEPARATORS.search, _readings(text))):
        raise AddressRefused(
            sentence(msgid("must be one address, without spaces, commas or quotation marks."))
        )
    found = SHAPE.fullmatch(text)
    scheme = text.partition("://")[0].lower()
    if scheme not in schemes or scheme not in SERVICES:
        raise AddressRefused(
            sentence(
                msgid("must begin with one of %(schemes)s."),
                schemes=", ".join(f"{s}://" for s in schemes),
            )
        )
    if "?" in text or "#" in text:
        raise AddressRefused(sentence(msgid("must have no options: nothing behind a ? or a #.")))
    if found is None:
        raise AddressRefused(
            sentence(msgid("must look like %(example)s"), example=SERVICES[scheme].example)
        )
    _require_place(text, found["path"])
    service = SERVICES[scheme]
    rest = text[len(found["scheme"]) :]
    host = service.known_host or found["host"].strip("[]").lower()
    return Address(service=service, host=host, template=scheme + rest)


def _readings(text: str) -> tuple[str, str, str]:
    """The text, and what becomes of it where it is unescaped, once or twice."""
    return text, unquote(text), unquote(unquote(text))


def _require_place(text: str, path: str) -> None:
    places = PLACE.findall(text)
    wanted = ", ".join(f"{{{place}}}" for place in PLACES)
    if not places or any(place not in PLACES for place in places):
        raise AddressRefused(
            sentence(msgid("must say where the person stands: %(wanted)s."), wanted=wanted)
        )
    if len(places) > 1 or PLACE.findall(path) != places or re.search(r"[{}]", PLACE.sub("", text)):
        raise AddressRefused(
            sentence(msgid("must have one place for the person, behind the host."))
        )


@dataclass(frozen=True, kw_only=True)
class ChatMessage:
    """A message as a chat shows it. `ending` (its link) stays whole where a service takes less."""

    title: str
    text: str
    ending: str


def harmless(text: str, most: int) -> str:
    """What people typed, as one line of at most about so many characters that mentions nobody and
    links to nothing."""
    line = " ".join("".join(c if _is_seen(c) else " " for c in text).split())
    if len(line) > most:
        line = line[: most - 1].rstrip() + "…"
    return ACTED_ON.sub(lambda found: found[0] + BREAK, line.translate(ANGLES))


def _is_seen(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
