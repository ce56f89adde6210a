"""What the pages of a link say."""

from dataclasses import dataclass

from portal.domain.marked import msgid
from portal.domain.policy.policy import Decision
from portal.presentation.errors import ErrorPage
from portal.presentation.form_words import people_in
from portal.presentation.labels import status
from portal.presentation.parts import Change
from portal.presenters.revisions import revision_of
from portal.queries import request as requests
from portal.queries.links import LinkRecord
from portal.queries.readers import Reader
from portal.security.identity import Identity
from portal.translation import _


@dataclass(frozen=True, slots=True)
class News:
    """What happened since a message was sent: a sentence, and the fields that differ."""

    sentence: str
    changes: tuple[Change, ...] = ()


def elsewhere(link: LinkRecord) -> ErrorPage:
    """The link was sent to another person."""
    name = link.recipient_name
    return ErrorPage(
        403,
        "This link is for somebody else",
        f"It was sent to {name}, and it opens for {name} only. Nothing was changed.",
        (
            f"If you should decide in place of {name}, ask {name} to set up a delegation to you.",
            "If that is not possible, an administrator can give the task to you.",
            "If you were asked yourself, the request stands in your inbox.",
        ),
        "lock-closed",
    )


def deed(link: LinkRecord) -> str:
    """What was done with the task, such as "approved this"."""
    return _(DEEDS[Decision(link.taken)]) if link.taken else _("decided this")


DEEDS = {
    Decision.APPROVE: msgid("approved this"),
    Decision.REJECT: msgid("rejected this"),
    Decision.SEND_BACK: msgid("returned this"),
}


def news(link: LinkRecord, person: Identity) -> News:
    """Why the link no longer leads to a decision."""
    if link.decided_by is not None:
        return News(f"{link.decided_by_name} {deed(link)} before you did.")
    if link.content_version != link.seen_version:
        return News("The request was changed after the message was sent.", _changes(link, person))
    return News(f"The request does not need your decision any more. {status(link.status).sentence}")


def _changes(link: LinkRecord, person: Identity) -> tuple[Change, ...]:
    record = requests.find_by_task(link.task_id, Reader(person.id))
    if record is None:
        return ()
    names = requests.names_of(people_in(record.form, record.fields))
    revision = revision_of(record, names, link.seen_version)
    return revision.changes if revision is not None else ()
