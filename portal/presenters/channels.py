"""Chat channels in words: what each is, and what was done to it."""

from portal.domain.notices.chat import SERVICES, ChannelChange, ChatMessage, harmless
from portal.presentation.labels import words_of
from portal.queries.channels import ChangeRecord

KINDS: dict[str, str] = {
    ChannelChange.ADDED: "Added",
    ChannelChange.CHANGED: "Changed",
    ChannelChange.SWITCHED_ON: "Switched on",
    ChannelChange.SWITCHED_OFF: "Switched off",
    ChannelChange.TESTED: "Tested",
    ChannelChange.REMOVED: "Removed",
}


def service(scheme: str) -> str:
    """The name of a kind of service."""
    found = SERVICES.get(scheme)
    return found.name if found else scheme


def done(change: ChangeRecord) -> str:
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
            return f"{words}: a new address at the same place"
        case ChannelChange.CHANGED:
            return f"{words} from {_shown(before)} to {_shown(after)}"
    return words


def _shown(side: dict[str, str] | None) -> str:
    return f"{side['name']} ({side['scheme']}, {side['host']})" if side else "nothing"


def test_message(name: str, public_url: str) -> ChatMessage:
    """What an administrator sends to themselves."""
    return ChatMessage(
        title="A test message",
        text=f"{harmless(name, 80)} tries whether Gloria Approvals can write here.",
        ending=f"Set up at: {public_url}/admin/channels",
    )
