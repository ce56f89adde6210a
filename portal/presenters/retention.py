"""Legal holds and retention in words."""

from collections.abc import Mapping
from typing import Any

from portal.domain.proof.retention import HoldScope, Retention
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
    texts, _comma, files = text.partition(",")
    if not all(not each or (each.isascii() and each.isdigit() and len(each) < 9)
               for each in (texts, files)):  # fmt: skip
        return Retention(0, 0)
    return Retention(int(texts) if texts else None, int(files) if files else None)


def ends_words(ends: Ends, days: Mapping[str, Any]) -> str:
    """Until when a part of what is kept about a person stays; `days`: the organisation's."""
    if ends is Ends.TYPES:
        return _("As long as the request's type says, after it was closed")
    if ends is Ends.REMOVED:
        return _("Until it is removed, or replaced")
    if ends is Ends.NEVER:
        return _("For ever: it is part of the record")
    length = days.get(ends.value)
    if length is None:
        return _("For ever: no retention is set")
    return ngettext("%(n)s day after it is over", "%(n)s days after it is over", length)


def unreachable() -> tuple[str, ...]:
    """What keeps erased texts for a while, or for good."""
    return (
        _("Temporal's own histories, until its retention ends."),
        _("Backups, until they are overwritten."),
        _("Emails and chat messages that were sent, and what programs were told by webhooks."),
        _("Exports and evidence packs that somebody has taken."),
        _("Names of files that came with comments: they are part of sealed events."),
    )


def _days(retention: Retention) -> tuple[int | None, int | None]:
    return retention.texts_days, retention.files_days
