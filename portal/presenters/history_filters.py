"""From the history's address to its filters, and back."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from portal.domain.request.state import Status
from portal.forms.history import HistoryForm
from portal.presentation import labels
from portal.presentation.parts import Chip
from portal.presentation.times import day
from portal.queries import history
from portal.queries.history import Filters, HistoryCursor

NAMES = ("text", "status", "type", "person", "from", "to")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def form_of(types: Mapping[str, str], given: Mapping[str, str]) -> HistoryForm:
    """The form as the address fills it in."""
    statuses = {status: labels.status(status).words for status in Status}
    form = HistoryForm(types, statuses)
    form.process(MultiDict({name: given.get(name, "") for name in NAMES}))
    form.validate()
    return form


def filters_of(form: HistoryForm, zone: ZoneInfo) -> Filters:
    """What the form asks for; its days are the reader's own, both included."""
    first, last = form.given("from"), form.given("to")
    status, person = form.given("status"), form.given("person")
    return Filters(
        status=Status(status) if status else None,
        type_code=form.given("type"),
        requesters=history.people_named(person) if person else None,
        since=datetime.combine(first, time.min, zone) if first else None,
        until=datetime.combine(last + timedelta(days=1), time.min, zone) if last else None,
        text=form.given("text") or "",
    )


def chips_of(
    form: HistoryForm, types: Mapping[str, str], address: Callable[..., str | None]
) -> list[Chip]:
    """The active filters in words, each with the list's address without it."""
    words: dict[str, Callable[[str], str]] = {
        "status": lambda code: labels.status(code).words,
        "type": lambda code: types.get(code, code),
    }
    chips = []
    for name in NAMES:
        value = form.given(name)
        if value is not None:
            shown = day(value) if name in ("from", "to") else words.get(name, str)(value)
            chips.append(Chip(form[name].label.text, shown, address(form, without=name) or ""))
    return chips


def text_of_cursor(cursor: HistoryCursor) -> str:
    """A place in the list as it stands in an address."""
    return f"{(cursor.submitted_at - _EPOCH) // timedelta(microseconds=1)}.{cursor.id}"


def cursor_of(text: str) -> HistoryCursor | None:
    """The place that an address names; None, the beginning, for anything else."""
    at, _, key = text.partition(".")
    try:
        return HistoryCursor(_EPOCH + timedelta(microseconds=int(at)), str(UUID(key)))
    except (ValueError, OverflowError):
        return None
