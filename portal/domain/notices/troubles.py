"""Why a message did not go out, as it is kept beside it: in English, with what a server said.

Whoever reads it reads it in their own language: what is kept is recognised by its marked text, and
what is none of these stands as it is.
"""

import re
from functools import cache

from portal.domain.marked import Sentence, msgid, sentence

SERVER_SAID = msgid("The mail server said %(code)s: %(words)s")
NO_ANSWER_WITHIN = msgid("The mail server gave no answer within %(seconds)s s.")
NO_ANSWER = msgid("No answer in time.")
UNREACHABLE = msgid("The mail server cannot be reached: %(words)s")
NO_ADDRESS = msgid("The person has no e-mail address that can be used.")
UNWRITABLE = msgid("It could not be written: %(words)s")
GONE = msgid("What it was about is gone.")
NEVER_TRIED = msgid("It was never tried.")
REPEATED = msgid("A later message in the same summary is about the same task.")
OTHER_KEY = msgid("The link was made with another SECRET_KEY: make a new one.")
CHANNEL_REMOVED = msgid("The channel was removed.")
CHANNEL_OFF = msgid("The channel is switched off.")
NOBODY = msgid("The person has nothing that can stand in the channel's address.")
UNREADABLE = msgid("The channel's address cannot be read with the present SECRET_KEY.")
BAD_ADDRESS = msgid("The address of the channel is not what the service takes.")
CHAT_NO_ANSWER = msgid("The chat service gave no answer within %(seconds)s s.")
CHAT_SAID = msgid("The chat service did not take it: %(words)s")
RECEIVER_UNREACHED = msgid("It was not delivered in time: the receiver could not be reached.")
# What is not true any more when it would be sent.
INACTIVE = msgid("The person's account is not active.")
MAY_NOT_SEE = msgid("The person may not see the request any more.")
NOT_THEIRS = msgid("The task was decided or is not theirs any more.")
SAID_LATER = msgid("A later message says the same.")
NOT_PENDING = msgid("The request does not wait for decisions now.")
MOVED_ON = msgid("The request has moved on.")
CALM = msgid("The request needs no attention any more.")
NO_FIGURES = msgid("Nobody reports to the person, and they may not see the figures of all.")
TROUBLES = (
    SERVER_SAID, NO_ANSWER_WITHIN, NO_ANSWER, UNREACHABLE, NO_ADDRESS, UNWRITABLE, GONE,
    NEVER_TRIED, REPEATED, OTHER_KEY, CHANNEL_REMOVED, CHANNEL_OFF, NOBODY, UNREADABLE, BAD_ADDRESS,
    CHAT_NO_ANSWER, CHAT_SAID, RECEIVER_UNREACHED, INACTIVE, MAY_NOT_SEE, NOT_THEIRS, SAID_LATER,
    NOT_PENDING, MOVED_ON, CALM, NO_FIGURES,
)  # fmt: skip


def unwritable(error: object) -> str:
    """What is kept of a message that could not be written."""
    return str(sentence(UNWRITABLE, words=f"{error!r:.200}"))


_PLACE = re.compile(r"%\\\((\w+)\\\)s|%\((\w+)\)s")


def recognised(kept: str) -> Sentence | None:
    """What is kept as a marked text with its values; None where it is none of ours."""
    for text, pattern in _patterns():
        found = pattern.fullmatch(kept)
        if found is not None:
            return sentence(text, **found.groupdict())
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((text, _pattern(text)) for text in TROUBLES)


def _pattern(text: str) -> re.Pattern[str]:
    places = _PLACE.sub(lambda found: f"(?P<{found[1] or found[2]}>.*?)", re.escape(text))
    return re.compile(places, re.DOTALL)
