"""Mail texts as a page shows them: the product's words, and how a mail would look."""

from portal.domain.notices.kinds import KINDS
from portal.domain.notices.mail_texts import MailTopic, MailWords, TextUnusable, filled
from portal.presentation.money import money
from portal.translation import _, speaking

NUMBER, AMOUNT, REQUESTER = "PR-2052", 633_600, "Ana Ruiz"


def usual(topic: MailTopic, locale: str) -> MailWords:
    """The product's words in that language, with variables in their places."""
    with speaking(locale):
        return MailWords(_(topic.subject), _(topic.body, name="{name}"))


def example(topic: MailTopic, locale: str, name: str, organisation: str) -> dict[str, str]:
    """A value for each variable, as a mail to this person could have it."""
    heading = next((kind.heading for kind in KINDS.values() if kind.topic.code == topic.code), "")
    with speaking(locale):
        values = {
            "name": name,
            "organisation": organisation,
            "heading": _(heading) if heading else "",
            "sentence": _("%(name)s needs your approval.", name=REQUESTER),
            "number": NUMBER,
            "title": _("Six chairs for the library"),
            "type": _("Purchase"),
            "stage": _("Finance"),
            "requester": REQUESTER,
            "amount": money(AMOUNT, "EUR"),
            "due": "30 Nov, 17:00",
            "email": "ana.ruiz@example.org",
        }
    return {key: values[key] for key in topic.variables}


def preview(words: MailWords, values: dict[str, str]) -> MailWords | None:
    """The mail with these values; None where it cannot be filled."""
    try:
        return filled(words, values)
    except TextUnusable:
        return None
