"""Rows of the longest lists, drawn whole: fifty rows of template calls cost more than the rest."""

from collections.abc import Iterable

from markupsafe import Markup

from portal.presentation import times
from portal.presentation.filters import money_tag, time_tag
from portal.presentation.markup import cell, due_drawer, pill, row_title, status_badge
from portal.presentation.viewpoint import Viewpoint
from portal.queries.history import HistoryRow
from portal.queries.inbox import InboxTask

_START, _END = Markup('<tr role="row" data-row>'), Markup("</tr>\n")
_ON_HOLD = cell(pill("On hold", "warn", "pause-circle"), "state")


def inbox_rows(tasks: Iterable[InboxTask], requests_url: str, view: Viewpoint) -> Markup:
    """What `list_table` holds for these tasks; a request's address is `requests_url` and number."""
    due = due_drawer(lambda: view)
    parts: list[Markup] = []
    for task in tasks:
        notes = (task.type_name, f"for {task.acting_for}" if task.acting_for else None)
        waited = times.span(view.now - task.opened_at)
        parts += (
            _START,
            row_title(task.title, requests_url + task.number, task.number, notes),
            cell(task.requester_name),
            cell(money_tag(task.amount, task.currency), "amount"),
            cell(waited, "hide"),
            _ON_HOLD if task.on_hold else cell(due(task.due_at), "state"),
            _END,
        )
    return Markup("").join(parts)


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
