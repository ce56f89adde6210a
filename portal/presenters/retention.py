"""Legal holds and retention in words."""

from collections.abc import Mapping
from typing import Any

from portal.domain.proof.retention import Bar, HoldScope, Retention
from portal.queries.kept import Ends
from portal.translation import _, lazy, ngettext

NEW_TITLES = {
    HoldScope.REQUEST: lazy("Hold a request"),
    HoldScope.PERSON: lazy("Hold a person"),
    HoldScope.TYPE: lazy("Hold a request type"),
}


def title(scope: str) -> str:
    """What a page calls placing a hold."""
    return str(NEW_TITLES[HoldScope(scope)])


def scope_words(scope: str) -> str:
    """What kind of thing a hold is on."""
    words = {
        HoldScope.REQUEST: _("Request"),
        HoldScope.PERSON: _("Person"),
        HoldScope.TYPE: _("Request type"),
    }
    return words[HoldScope(scope)]


def covers(scope: str) -> str:
    """What a hold of this scope keeps."""
    if scope == HoldScope.REQUEST:
        return _("Texts and files of this request are kept.")
    if scope == HoldScope.PERSON:
        return _("Every request the person takes part in, their drafts, sessions and messages.")
    return _("Every request of this type, and drafts of new ones.")


def days_words(days: int | None) -> str:
    """How long something is kept."""
    if days is None:
        return _("For ever")
    return ngettext("%(n)s day after closing", "%(n)s days after closing", days)


def seen_of(retention: Retention) -> str:
    """The retention of a type as a form carries it."""
    return ",".join("" if each is None else str(each) for each in _days(retention))


def retention_of(text: str) -> Retention:
    """What `seen_of` wrote; of anything else, days that are nobody's."""
    parts = text.split(",")
    is_known = len(parts) == 3 and all(
        not each or (each.isascii() and each.isdigit() and len(each) < 9) for each in parts
    )
    if not is_known:
        return Retention(0, 0, 0)
    return Retention(*(int(each) if each else None for each in parts))


def ends_words(ends: Ends, days: Mapping[str, Any]) -> str:
    """Until when a part of what is kept about a person stays; `days`: the organisation's."""
    if ends is Ends.TYPES:
        return _("As long as the request's type says, after it was closed")
    if ends is Ends.REMOVED:
        return _("Until it is removed, or replaced")
    if ends is Ends.NEVER:
        return _("For ever: it is part of the record")
    length = days.get(ends.value)
    if ends is Ends.FORMER:
        if length is None:
            return _("Until an administrator erases what is personal in it, after leaving")
        return ngettext(
            "%(n)s day after leaving: then what is personal in it is erased",
            "%(n)s days after leaving: then what is personal in it is erased",
            length,
        )
    if length is None:
        return _("For ever: no retention is set")
    return ngettext("%(n)s day after it is over", "%(n)s days after it is over", length)


ERASURE = {
    "person": lazy(
        "Name, email, employee number, job title and location are erased; a label stands in place "
        "of the name. Department, manager and roles stay: they prove who had which rights."
    ),
    "groups": lazy("Stay: they prove who was asked, and why."),
    "requests": lazy("Stay as long as their type says, with the label in place of the name."),
    "tasks": lazy("Stay, with the label in place of the name: decisions can still be proved."),
    "comments": lazy("Stay with their requests, as long as the type says."),
    "files": lazy("Stay with their requests, as long as the type says. Others are erased."),
    "drafts": lazy("Erased."),
    "notifications": lazy("Erased. In those of others the label replaces the name."),
    "preferences": lazy("Erased."),
    "monthly_mails": lazy("Erased."),
    "views": lazy("Erased."),
    "absences": lazy("The reason is erased. Who decided for whom stays: it proves their right."),
    "sessions": lazy("Erased."),
    "sign_ins": lazy(
        "Address and browser are erased. That they signed in, when and how stays: it belongs to "
        "their decisions."
    ),
    "passkeys": lazy(
        "Their names are erased. The public keys stay: decisions were signed by them."
    ),
    "accounts": lazy("Erased."),
    "tokens": lazy("Names and addresses are erased. What they were for stays."),
    "provider": lazy("Erased."),
    "changes": lazy("What they say is erased. That something was changed, when and by whom stays."),
    "acts": lazy(
        "Of signing in, and of changes to the person: what they say is erased, and their hash "
        "stays. What they did beside requests stays whole: it is proof."
    ),
}


def erasure_words(code: str) -> str:
    """What becomes of a part of what is kept, once the personal data are erased."""
    return str(ERASURE[code])


def bar_words(bar: Bar) -> str:
    """Why somebody's personal data are not erased."""
    words = {
        Bar.ACTIVE: _("They are active. Deactivate them first."),
        Bar.OPEN: _("A request of theirs is open, or they have an open task."),
        Bar.HELD: _("A legal hold is on them, or on a request that they took part in."),
    }
    return words[bar]


def unreachable_of_person() -> tuple[str, ...]:
    """Where a name stays for a while, or for good."""
    return (
        _("Sealed events: whom a stage would have been escalated to."),
        _("What people wrote, until the texts of that request are erased."),
        *unreachable()[:-1],
    )


def unreachable() -> tuple[str, ...]:
    """What keeps erased texts for a while, or for good."""
    return (
        _("Temporal's own histories, until its retention ends."),
        _("Backups, until they are overwritten."),
        _("Emails and chat messages that were sent, and what programs were told by webhooks."),
        _("Exports and evidence packs that somebody has taken."),
        _("Names of files that came with comments: they are part of sealed events."),
    )


def _days(retention: Retention) -> tuple[int | None, ...]:
    return retention.texts_days, retention.files_days, retention.requests_days
