"""The inbox: what waits for the reader's decision."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.forms.fields import examine, uuid_of
from portal.pages.inbox import blueprint
from portal.pages.layout_context import navigation, viewpoint
from portal.presentation.labels import count
from portal.presentation.parts import Tab
from portal.presentation.times import zone_named
from portal.presenters.answer import new_key, requests_url
from portal.presenters.bulk_selection import picks_of
from portal.presenters.rows import InboxRow, inbox_rows
from portal.presenters.saved_views import Place, views_of
from portal.queries import acting, inbox
from portal.queries.inbox import OWN, Clock, Cursor, InboxCounts, InboxTask, View
from portal.security.guards import requires
from portal.security.sessions import Identity, me
from portal.translation import _, lazy, ngettext

LONGEST_SEARCH = 100
LABELS = {
    View.ALL: lazy("All"),
    View.OVERDUE: lazy("Overdue"),
    View.TODAY: lazy("Due today"),
    View.LATER: lazy("Later"),
}


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What part of the inbox is shown, as its address says."""

    view: View = View.ALL
    text: str = ""
    whose: str = ""

    @property
    def url(self) -> str:
        """The address of its first page."""
        return self.url_after(None)

    @property
    def values(self) -> dict[str, str]:
        """Its part of an address."""
        view = "" if self.view is View.ALL else self.view.value
        every = {"view": view, "for": self.whose, "q": self.text}
        return {name: value for name, value in every.items() if value}

    @property
    def hidden(self) -> dict[str, str]:
        """What a search in it keeps."""
        return {name: value for name, value in self.values.items() if name != "q"}

    def url_after(self, cursor: Cursor | None) -> str:
        """The address of the page behind a task."""
        values = self.values
        if cursor is not None:
            due = "" if cursor.due_at is None else str(int(cursor.due_at.timestamp() * 1_000_000))
            values["after"] = f"{due}.{cursor.task_id}"
        path = url_for("inbox.show")
        return f"{path}?{urlencode(values)}" if values else path


@blueprint.get("/inbox")
@requires(Permission.DECIDE_OWN_TASKS)
def show() -> ResponseReturnValue:
    """The open tasks, in groups by when they are due."""
    person = me()
    clock = clock_of(person)
    shown = filter_of(request.args)
    found = inbox.page(person.id, shown.view, clock, shown.text, _cursor(), whose=shown.whose)
    counts = inbox.counts(person.id, clock, shown.whose)
    picks = picks_of(found.tasks)
    return render_template(
        "pages/inbox/show.html",
        groups=_drawn(_groups(found.tasks, clock), picks),
        may_pick=picks is not None,
        pickable=0 if picks is None else [*picks.values()].count(None),
        key=new_key(),
        counts=counts,
        summary=_summary(counts),
        tabs=_tabs(shown, counts),
        owners=_owners(shown, found.tasks),
        shown=shown,
        views=views_of(Place.INBOX, person.id, shown.values),
        clear_url=replace(shown, text="").url,
        next_url=shown.url_after(found.following) if found.following else None,
        is_first="after" not in request.args,
    )


def filter_of(values: Mapping[str, str]) -> InboxFilter:
    """The filter that an address or a form names; anything else shows all."""
    text = examine(values.get("q", "")).text[:LONGEST_SEARCH]
    return InboxFilter(_view(values.get("view", "")), text, _whose(values.get("for", "")))


def offered(shown: InboxFilter, most: int) -> list[str]:
    """Of the first so many tasks those that may be decided together."""
    person = me()
    clock = clock_of(person)
    found = inbox.page(person.id, shown.view, clock, shown.text, most=most, whose=shown.whose)
    picks = picks_of(found.tasks) or {}
    return [task.id for task in found.tasks if picks.get(task.id, "locked") is None]


def clock_of(person: Identity) -> Clock:
    """Now, and the last moment of today on the person's own calendar."""
    zone = zone_named(person.time_zone)
    tomorrow = person.now.astimezone(zone).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time.min, zone).astimezone(UTC)
    return Clock(person.now, midnight - timedelta(microseconds=1))


def _view(name: str) -> View:
    return View(name) if name in {view.value for view in View} else View.ALL


def _whose(name: str) -> str:
    """`OWN`, a person's id, or all for anything else."""
    return name if name == OWN else uuid_of(name) or ""


def _owners(shown: InboxFilter, tasks: tuple[InboxTask, ...]) -> list[Tab]:
    """For whom the reader has tasks, to choose between; nothing for whoever acts for nobody."""
    acts = shown.whose or navigation().acting or any(task.acting_for for task in tasks)
    names = acting.owners(me().id) if acts else ()
    if not names and not shown.whose:
        return []
    every = (
        ("", _("Everyone")),
        (OWN, _("Mine")),
        *((key, _("For %(name)s", name=name)) for key, name in names),
    )
    return [
        Tab(label, replace(shown, whose=key).url, None, key == shown.whose) for key, label in every
    ]


def _drawn(
    groups: Mapping[View, list[InboxTask]], picks: Mapping[str, str | None] | None
) -> dict[View, list[InboxRow]]:
    place, view = requests_url(), viewpoint()
    return {group: inbox_rows(tasks, place, view, picks) for group, tasks in groups.items()}


def _groups(tasks: tuple[InboxTask, ...], clock: Clock) -> dict[View, list[InboxTask]]:
    """The page's tasks by group, in the order of the groups; empty groups are left out."""
    groups: dict[View, list[InboxTask]] = {}
    for task in tasks:
        if task.due_at is None or task.due_at > clock.day_ends:
            group = View.LATER
        else:
            group = View.OVERDUE if task.due_at <= clock.now else View.TODAY
        groups.setdefault(group, []).append(task)
    return groups


def _summary(counts: InboxCounts) -> str:
    if not counts.all:
        return _("Nothing needs your approval.")
    waiting = ngettext(
        "%(count)s request needs your approval",
        "%(count)s requests need your approval",
        counts.all,
        count=count(counts.all),
    )
    if not counts.overdue:
        return _("%(requests)s.", requests=waiting)
    return _("%(requests)s, %(count)s overdue.", requests=waiting, count=count(counts.overdue))


def _tabs(shown: InboxFilter, counts: InboxCounts) -> list[Tab]:
    numbers = {
        View.ALL: counts.all,
        View.OVERDUE: counts.overdue,
        View.TODAY: counts.today,
        View.LATER: counts.later,
    }
    return [
        Tab(label, replace(shown, view=view).url, numbers[view], view is shown.view)
        for view, label in LABELS.items()
    ]


def _cursor() -> Cursor | None:
    """The place that the address names; None, the beginning, for anything else."""
    due, _, key = request.args.get("after", "").partition(".")
    try:
        at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(due)) if due else None
        return Cursor(at, str(UUID(key)))
    except (ValueError, OverflowError):
        return None
