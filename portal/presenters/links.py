"""What the pages of a link say."""

from dataclasses import dataclass

from portal.domain.policy.policy import Decision
from portal.presentation.errors import ErrorPage
from portal.presentation.labels import people_in, status
from portal.presentation.parts import FieldChange
from portal.presenters.facts import revision_of
from portal.queries import request as requests
from portal.queries.links import LinkRecord
from portal.queries.people import names_of
from portal.queries.request import Reader
from portal.security.sessions import Identity
from portal.translation import _, lazy


@dataclass(frozen=True, slots=True)
class News:
    """What happened since a message was sent: a sentence, and the fields that differ."""

    sentence: str
    changes: tuple[FieldChange, ...] = ()


_BEFORE = {
    Decision.APPROVE: lazy("{name} already approved this."),
    Decision.REJECT: lazy("{name} already rejected this."),
    Decision.SEND_BACK: lazy("{name} already returned this."),
    "": lazy("{name} already decided this."),
}


def elsewhere(link: LinkRecord) -> ErrorPage:
    """The link was sent to another person."""
    name = link.recipient_name
    return ErrorPage(
        403,
        _("This link is for someone else"),
        _("It was sent to %(name)s and works only for %(name)s. Nothing was changed.", name=name),
        (
            _("If you should decide for %(name)s, ask %(name)s to delegate to you.", name=name),
            _("If that is not possible, ask an administrator to reassign the task to you."),
            _("If you were asked too, the request is in your inbox."),
        ),
        "lock-closed",
    )


def news(link: LinkRecord, person: Identity) -> News:
    """Why the link no longer leads to a decision."""
    if link.decided_by is not None:
        name = link.decided_by_name
        taken = _BEFORE.get(link.taken or "", _BEFORE[""])
        return News(taken.format(name=name))
    if link.content_version != link.seen_version:
        return News(_("The request changed after the message was sent."), _changes(link, person))
    return News(
        _(
            "This request no longer needs your decision. %(sentence)s",
            sentence=status(link.status).sentence,
        )
    )


def _changes(link: LinkRecord, person: Identity) -> tuple[FieldChange, ...]:
    record = requests.find_by_task(link.task_id, Reader(person.id))
    if record is None:
        return ()
    names = names_of(people_in(record.form, record.fields))
    revision = revision_of(record, names, link.seen_version)
    return revision.changes if revision is not None else ()
