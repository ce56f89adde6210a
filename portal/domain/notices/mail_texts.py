"""An organisation's own words in mails: for which mails, with which variables, and what is wrong.

A text holds variables such as `{number}`; `{{` and `}}` are the braces themselves. Nothing else is
done with it: a text is no program. Filling fails only for what the check would have refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from portal.domain.marked import Sentence, msgid, sentence
from portal.domain.notices.kinds import TOPICS

LONGEST_SUBJECT, LONGEST_BODY = 150, 2_000
PLACE = re.compile(r"\{\{|\}\}|\{([^{}\n]{0,40})\}|[{}]")

GENERAL = {
    "name": msgid("Who gets the email"),
    "organisation": msgid("Name of the organisation"),
}
OF_REQUEST = {
    "heading": msgid("What it is about, such as “Needs your approval”"),
    "sentence": msgid("What happened, in the portal's words"),
    "number": msgid("Number of the request"),
    "title": msgid("Title of the request"),
    "type": msgid("Request type"),
    "stage": msgid("Stage, if there is one"),
    "requester": msgid("Requester"),
    "amount": msgid("Amount, if there is one"),
    "due": msgid("When it is due, if it is"),
}
GREETING = msgid("Hello %(name)s,")
OF_PASSWORD = {"email": msgid("Email address")}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTopic:
    """Mails that have their words in common. `label`: when they are sent; `subject` and `body`: the
    product's own words."""

    code: str
    label: str
    variables: Mapping[str, str]
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class MailWords:
    """Subject and first words of a mail, with variables or filled."""

    subject: str
    body: str


MAIL_TOPICS: dict[str, MailTopic] = {
    each.code: each
    for each in (
        *(
            MailTopic(
                code=topic.code,
                label=topic.label,
                variables=GENERAL | OF_REQUEST,
                subject="{heading}: {title} ({number})",
                body="{sentence}",
            )
            for topic in TOPICS
        ),
        MailTopic(
            code="invitation",
            label=msgid("I am invited"),
            variables=GENERAL | OF_PASSWORD,
            subject=msgid("Welcome: choose your password"),
            body=GREETING,
        ),
        MailTopic(
            code="reset",
            label=msgid("I forgot my password"),
            variables=GENERAL | OF_PASSWORD,
            subject=msgid("Choose a new password"),
            body=GREETING,
        ),
    )
}


class TextUnusable(Exception):
    """A text that cannot be filled; the message names the variable."""


def problems(text: str, topic: MailTopic, *, is_subject: bool) -> Iterator[Sentence]:
    """Everything that is wrong with a text, in its order."""
    for found in PLACE.finditer(text):
        name = found[1]
        if name is None and found[0] in "{}":
            yield sentence(
                msgid("A %(brace)s stands alone. Write it twice for the sign itself."),
                brace=found[0],
            )
        elif name is not None and name not in topic.variables:
            yield _unknown(name, topic)
    if is_subject and "number" in topic.variables and "{number}" not in text:
        yield sentence(msgid("The subject needs {number}, so that people can tell requests apart."))


def _unknown(name: str, topic: MailTopic) -> Sentence:
    near = get_close_matches(name.strip().lower(), topic.variables, 1, 0.6)
    if near:
        text = msgid("{%(name)s} is no variable. Did you mean {%(near)s}?")
        return sentence(text, name=name, near=near[0])
    return sentence(msgid("{%(name)s} is no variable here. Use one of the list."), name=name)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with the values in its places. Raises TextUnusable."""

    def put(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            if len(found[0]) == 1:
                raise TextUnusable(found[0])
            return found[0][0]
        if name not in values:
            raise TextUnusable(f"{{{name}}}")
        return values[name]

    return PLACE.sub(put, text)


def filled(words: MailWords, values: Mapping[str, str]) -> MailWords:
    """Both texts filled. Raises TextUnusable, also where nothing would be left of one."""
    made = MailWords(fill(words.subject, values), fill(words.body, values))
    if not made.subject.strip() or not made.body.strip():
        raise TextUnusable("…")
    return made
