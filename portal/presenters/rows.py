"""Rows of the longest lists, drawn whole: fifty rows of template calls cost more than the rest."""

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from portal.presentation import times
from portal.presentation.filters import money_tag, time_tag
from portal.presentation.icons import icon
from portal.presentation.markup import cell, due_drawer, pill, row_title, status_badge
from portal.presentation.viewpoint import Viewpoint
from portal.queries.history import HistoryRow
from portal.queries.inbox import InboxTask

_START, _END = Markup('<tr role="row" data-row>'), Markup("</tr>\n")
_LOCKED = cell(icon("lock-closed"), "pick")
_TICK = Markup(
    '<td role="cell" class="pick"><input type="checkbox" name="task" value="{}"'
    ' aria-label="Choose {}"{}></td>'
)
_ASKING = cell(pill("Waiting for an answer", "info", "question-mark-circle"), "state")
_ON_HOLD = cell(pill("On hold", "warn", "pause-circle"), "state")


def inbox_rows(
    tasks: Iterable[InboxTask],
    requests_url: str,
    view: Viewpoint,
    picks: Mapping[str, str | None] | None = None,
) -> Markup:
    """What `list_table` holds for these tasks; a request's address is `requests_url` and number.

    `picks`: by task what keeps it from being ticked, None where nothing does; None: no ticks.
    """
    due = due_drawer(lambda: view)
    parts: list[Markup | str] = []
    for task in tasks:
        lock = picks.get(task.id) if picks else None
        notes = (task.type_name, f"for {task.acting_for}" if task.acting_for else None, lock)
        waited = times.span(view.now - task.opened_at)
        parts += (
            _START,
            "" if picks is None else _LOCKED if lock else _tick(task),
            row_title(task.title, requests_url + task.number, task.number, notes),
            cell(task.requester_name),
            cell(money_tag(task.amount, task.currency), "amount"),
            cell(waited, "hide"),
            _state(task, due(task.due_at)),
            _END,
        )
    return Markup("").join(parts)


def _state(task: InboxTask, due: Markup) -> Markup:
    """When it is due, unless something else comes first."""
    if task.on_hold:
        return _ON_HOLD
    return _ASKING if task.asked_at is not None else cell(due, "state")


def _tick(task: InboxTask) -> Markup:
    """A box to choose the task; a script adds up its amount."""
    sum_of = ""
    if task.amount is not None and task.currency:
        sum_of = Markup(' data-minor="{}" data-currency="{}"').format(task.amount, task.currency)
    return _TICK.format(task.id, task.number, sum_of)


def history_rows(rows: Iterable[HistoryRow], requests_url: str, view: Viewpoint) -> Markup:
    """The same for the history."""
    parts: list[Markup] = []
    for row in rows:
        parts += (
            _START,
            row_title(row.title, requests_url + row.number, row.number, kind=row.type_name),
            cell(row.requester_name),
            cell(money_tag(row.amount, row.currency), "amount"),
            cell(time_tag(row.submitted_at, "relative", lambda: view)),
            cell(status_badge(row.status), "state"),
            _END,
        )
    return Markup("").join(parts)
