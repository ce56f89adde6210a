"""Chat channels in words: what each is, and what was done to it."""

from portal.domain.notices.chat import SERVICES, ChannelChange, ChatMessage, harmless
from portal.presentation.labels import words_of
from portal.queries.channels import ChannelChangeRecord
from portal.translation import _, lazy

KINDS: dict[str, str] = {
    ChannelChange.ADDED: lazy("Added"),
    ChannelChange.CHANGED: lazy("Changed"),
    ChannelChange.SWITCHED_ON: lazy("Turned on"),
    ChannelChange.SWITCHED_OFF: lazy("Turned off"),
    ChannelChange.TESTED: lazy("Tested"),
    ChannelChange.REMOVED: lazy("Removed"),
}


def service(scheme: str) -> str:
    """The name of a kind of service."""
    found = SERVICES.get(scheme)
    return _(found.name) if found else scheme


def done(change: ChannelChangeRecord) -> str:
    """What was done, in a line."""
    words, data = KINDS.get(change.kind, words_of(change.kind)), change.data
    before, after = data.get("before"), data.get("after")
    match change.kind:
        case ChannelChange.TESTED:
            return f"{words}. {data.get('result', '')}"
        case ChannelChange.ADDED:
            return f"{words}: {_shown(after)}"
        case ChannelChange.REMOVED:
            return f"{words}: {_shown(before)}"
        case ChannelChange.CHANGED if before == after:
            return _("%(words)s: a new address at the same place", words=words)
        case ChannelChange.CHANGED:
            return _(
                "%(part)s from %(before)s to %(after)s",
                part=words,
                before=_shown(before),
                after=_shown(after),
            )
    return words


def _shown(side: dict[str, str] | None) -> str:
    return f"{side['name']} ({side['scheme']}, {side['host']})" if side else _("nothing")


def test_message(name: str, public_url: str) -> ChatMessage:
    """What an administrator sends to themselves."""
    return ChatMessage(
        title=_("Test message"),
        text=_(
            "%(harmless)s is testing whether Gloria Approvals can write here.",
            harmless=harmless(name, 80),
        ),
        ending=_("Set up at: %(public_url)s/admin/channels", public_url=public_url),
    )
