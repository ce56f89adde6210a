"""Rows of the longest lists in words, for the loops of `components/rows.html`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from portal.presentation import times
from portal.presentation.highlight import excerpt, marked
from portal.presentation.icons import icon
from portal.presentation.labels import status as status_label
from portal.presentation.money import money
from portal.presentation.times import Viewpoint
from portal.queries.history import HistoryRow
from portal.queries.inbox import InboxTask
from portal.translation import _


class InboxRow(NamedTuple):
    """A task. `minor` is the amount for a script that adds up; `tone` and `icon`, which is drawn
    already, belong to the state; `locked`: it cannot be ticked, and a note says why."""

    id: str
    url: str
    number: str
    title: str
    notes: tuple[str, ...]
    requester: str
    amount: str
    minor: int | None
    currency: str | None
    waited: str
    needed_by: str
    priority: str
    state: str
    tone: str
    icon: str
    locked: bool


class RequestRow(NamedTuple):
    """A request. `submitted_at` is for machines; title, requester and excerpt may hold marks."""

    url: str
    number: str
    title: str
    kind: str
    requester: str
    amount: str
    submitted_at: str
    submitted: str
    status: str
    tone: str
    icon: str
    excerpt: str = ""


def inbox_rows(
    tasks: Iterable[InboxTask],
    requests_url: str,
    view: Viewpoint,
    picks: Mapping[str, str | None] | None = None,
) -> list[InboxRow]:
    """A request's address is `requests_url` and its number. `picks`: by task what keeps it from
    being ticked, None where nothing does."""
    return [_inbox_row(task, requests_url, view, picks or {}) for task in tasks]


def _inbox_row(
    task: InboxTask, requests_url: str, view: Viewpoint, picks: Mapping[str, str | None]
) -> InboxRow:
    lock = picks.get(task.id)
    acting = _("for %(name)s", name=task.acting_for) if task.acting_for else ""
    state, tone, sign = _state(task, view)
    return InboxRow(
        task.id,
        requests_url + task.number,
        task.number,
        task.title,
        tuple(note for note in (task.type_name, acting, lock) if note),
        task.requester_name,
        _amount(task.amount, task.currency),
        task.amount,
        task.currency,
        times.span(view.now - task.opened_at),
        times.rounded(task.needed_by, view.now, view.zone) if task.needed_by else "",
        task.priority,
        state,
        tone,
        icon(sign, "mini") if sign else "",
        lock is not None,
    )


def _state(task: InboxTask, view: Viewpoint) -> tuple[str, str, str]:
    """When it is due, unless something else comes first: words, tone and icon."""
    if task.on_hold:
        return _("On hold"), "warn", "pause-circle"
    if task.asked_at is not None:
        return _("Waiting for an answer"), "info", "question-mark-circle"
    due = times.due(task.due_at, view.now, view.zone)
    return due.short, due.tone, due.sign


def history_rows(
    rows: Iterable[HistoryRow], requests_url: str, view: Viewpoint
) -> Iterator[RequestRow]:
    """Requests as they stand."""
    for row in rows:
        status = status_label(row.status)
        yield RequestRow(
            requests_url + row.number,
            row.number,
            row.title,
            row.type_name,
            row.requester_name,
            _amount(row.amount, row.currency),
            times.iso_utc(row.submitted_at),
            times.relative(row.submitted_at, view.now),
            status.words,
            status.tone,
            icon(status.icon, "mini"),
        )


def found_rows(
    rows: Iterable[HistoryRow],
    texts: Mapping[str, str],
    words: Sequence[str],
    requests_url: str,
    view: Viewpoint,
) -> Iterator[RequestRow]:
    """The same with the words of a search marked, and the place in `texts` that was hit."""
    for row in rows:
        status = status_label(row.status)
        yield RequestRow(
            requests_url + row.number,
            row.number,
            marked(row.title, words),
            row.type_name,
            marked(row.requester_name, words),
            _amount(row.amount, row.currency),
            times.iso_utc(row.submitted_at),
            times.relative(row.submitted_at, view.now),
            status.words,
            status.tone,
            icon(status.icon, "mini"),
            excerpt(texts.get(row.id, ""), words),
        )


def _amount(minor: int | None, currency: str | None) -> str:
    return "" if minor is None or not currency else money(minor, currency)
