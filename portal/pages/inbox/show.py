"""The inbox: what waits for the reader's decision."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.request.state import Priority
from portal.forms.fields import examine, uuid_of
from portal.forms.inbox import InboxForm
from portal.pages.inbox import blueprint
from portal.pages.layout_context import navigation, viewpoint
from portal.presentation.labels import count
from portal.presentation.parts import Chip, Tab
from portal.presentation.times import zone_named
from portal.presenters.answer import new_key, requests_url
from portal.presenters.bulk_selection import picks_of
from portal.presenters.current_stage import JUST_NOW
from portal.presenters.rows import InboxRow, inbox_rows
from portal.presenters.saved_views import SavedList, views_of
from portal.queries import acting, inbox
from portal.queries.history import type_names
from portal.queries.inbox import (
    OWN,
    PAGE,
    BeingApplied,
    InboxCounts,
    InboxCursor,
    InboxMoments,
    InboxPage,
    InboxTask,
    InboxView,
    Narrowed,
    Order,
)
from portal.security.guards import requires
from portal.security.sessions import Identity, me
from portal.translation import _, lazy, ngettext

LONGEST_SEARCH = 100
LARGEST_RANK = 2**62
LABELS = {
    InboxView.ALL: lazy("All"),
    InboxView.OVERDUE: lazy("Overdue"),
    InboxView.TODAY: lazy("Due today"),
    InboxView.LATER: lazy("Later"),
}


# What is needed by then, and in how many days from today that is.
NEEDED = {"today": 0, "week": 7, "month": 30}
NEEDED_LABELS = {
    "today": lazy("Today or before"),
    "week": lazy("Within 7 days"),
    "month": lazy("Within 30 days"),
}
ORDERS = {
    Order.DUE: lazy("Due first"),
    Order.NEEDED: lazy("Decision needed first"),
    Order.PRIORITY: lazy("Highest priority first"),
}


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What part of the inbox is shown, and in what order, as its address says."""

    view: InboxView = InboxView.ALL
    text: str = ""
    whose: str = ""
    type: str = ""
    priority: str = ""
    needed: str = ""
    sort: Order = Order.DUE

    @property
    def url(self) -> str:
        """The address of its first page."""
        return self.url_after(None)

    @property
    def values(self) -> dict[str, str]:
        """Its part of an address."""
        view = "" if self.view is InboxView.ALL else self.view.value
        sort = "" if self.sort is Order.DUE else self.sort.value
        every = {"view": view, "for": self.whose, "type": self.type, "priority": self.priority}
        every |= {"needed": self.needed, "sort": sort, "q": self.text}
        return {name: value for name, value in every.items() if value}

    @property
    def beside(self) -> dict[str, str]:
        """What the form of filters keeps: all that it does not ask for."""
        asked = ("type", "priority", "needed", "sort")
        return {name: value for name, value in self.values.items() if name not in asked}

    @property
    def is_narrow(self) -> bool:
        """Whether there may be fewer tasks than the view has."""
        return bool(self.text or self.type or self.priority or self.needed)

    @property
    def wide(self) -> "InboxFilter":
        """The same view without its filters."""
        return replace(self, text="", type="", priority="", needed="")

    def narrowed(self, clock: InboxMoments) -> Narrowed:
        """What the query is asked."""
        days = NEEDED.get(self.needed)
        return Narrowed(
            type_code=self.type,
            priority=Priority(self.priority) if self.priority else None,
            needed_until=None if days is None else clock.day_ends + timedelta(days=days),
            order=self.sort,
        )

    @property
    def hidden(self) -> dict[str, str]:
        """What a search in it keeps."""
        return {name: value for name, value in self.values.items() if name != "q"}

    def url_after(self, cursor: InboxCursor | None) -> str:
        """The address of the page behind a task."""
        values = self.values
        if cursor is not None:
            due = "" if cursor.due_at is None else str(int(cursor.due_at.timestamp() * 1_000_000))
            rank = f"{cursor.rank}_" if cursor.rank else ""
            values["after"] = f"{rank}{due}.{cursor.task_id}"
        path = url_for("inbox.show")
        return f"{path}?{urlencode(values)}" if values else path


@blueprint.get("/inbox")
@requires(Permission.DECIDE_OWN_TASKS)
def show() -> ResponseReturnValue:
    """The open tasks, in groups by when they are due."""
    person = me()
    clock = clock_of(person)
    form = form_of(request.args)
    shown = _filter_of(request.args, form)
    found = _page(shown, clock, _cursor())
    counts = inbox.counts(person.id, clock, shown.whose)
    picks = picks_of(found.tasks)
    return render_template(
        "pages/inbox/show.html",
        **_sent(person, counts.sent),
        **_controls(form, shown),
        groups=_drawn(_groups(found.tasks, clock, shown.sort), picks),
        may_pick=picks is not None,
        pickable=0 if picks is None else [*picks.values()].count(None),
        key=new_key(),
        **_numbers(shown, counts),
        owners=_owners(shown, found.tasks),
        views=views_of(SavedList.INBOX, person.id, shown.values),
        next_url=shown.url_after(found.following) if found.following else None,
        is_first="after" not in request.args,
    )


def _page(
    shown: InboxFilter, clock: InboxMoments, after: InboxCursor | None, most: int = PAGE
) -> InboxPage:
    return inbox.page(
        me().id, shown.view, clock, shown.text, after, most, shown.whose, shown.narrowed(clock)
    )


def _sent(person: Identity, sent: BeingApplied) -> dict[str, Any]:
    """What was decided and is being applied, and whether that takes long."""
    is_late = sent.since is not None and person.now - sent.since > JUST_NOW
    return {"sent": sent, "is_late": is_late}


def _controls(form: InboxForm, shown: InboxFilter) -> dict[str, Any]:
    """What the page's form, chips and headings are drawn from."""
    names = LABELS | {InboxView.ALL: ORDERS[shown.sort]}
    chips = _chips(form, shown)
    return {"form": form, "shown": shown, "chips": chips, "names": names,
            "clear_url": shown.wide.url}  # fmt: skip


def _numbers(shown: InboxFilter, counts: InboxCounts) -> dict[str, Any]:
    return {"counts": counts, "summary": _summary(counts), "tabs": _tabs(shown, counts)}


def filter_of(values: Mapping[str, str]) -> InboxFilter:
    """The filter that an address or a form names; anything else shows all."""
    return _filter_of(values, form_of(values))


def form_of(values: Mapping[str, str]) -> InboxForm:
    """The form of order and filters, as an address fills it in."""
    orders = {each.value: words for each, words in ORDERS.items()}
    return InboxForm(type_names(), orders, NEEDED_LABELS).read(values)


def _filter_of(values: Mapping[str, str], form: InboxForm) -> InboxFilter:
    text = examine(values.get("q", "")).text[:LONGEST_SEARCH]
    return InboxFilter(
        _view(values.get("view", "")),
        text,
        _whose(values.get("for", "")),
        type=form["type"].data,
        priority=form["priority"].data,
        needed=form["needed"].data,
        sort=Order(form["sort"].data or Order.DUE),
    )


def _chips(form: InboxForm, shown: InboxFilter) -> list[Chip]:
    """The active filters in words, each with the inbox's address without it."""
    without = {
        "type": replace(shown, type=""),
        "priority": replace(shown, priority=""),
        "needed": replace(shown, needed=""),
    }
    drawn: dict[str, Any] = {name: form[name] for name in without if form[name].data}
    return [
        Chip(field.label.text, str(dict(field.choices)[field.data]), without[name].url)
        for name, field in drawn.items()
    ]


def offered(shown: InboxFilter, most: int) -> list[str]:
    """Of the first so many tasks those that may be decided together."""
    found = _page(shown, clock_of(me()), None, most)
    picks = picks_of(found.tasks) or {}
    return [task.id for task in found.tasks if picks.get(task.id, "locked") is None]


def clock_of(person: Identity) -> InboxMoments:
    """Now, and the last moment of today on the person's own calendar."""
    zone = zone_named(person.time_zone)
    tomorrow = person.now.astimezone(zone).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time.min, zone).astimezone(UTC)
    return InboxMoments(person.now, midnight - timedelta(microseconds=1))


def _view(name: str) -> InboxView:
    return InboxView(name) if name in {view.value for view in InboxView} else InboxView.ALL


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
    groups: Mapping[InboxView, list[InboxTask]], picks: Mapping[str, str | None] | None
) -> dict[InboxView, list[InboxRow]]:
    place, view = requests_url(), viewpoint()
    return {group: inbox_rows(tasks, place, view, picks) for group, tasks in groups.items()}


def _groups(
    tasks: tuple[InboxTask, ...], clock: InboxMoments, order: Order
) -> dict[InboxView, list[InboxTask]]:
    """By when they are due; all together in another order."""
    if order is not Order.DUE:
        return {InboxView.ALL: list(tasks)} if tasks else {}
    """The page's tasks by group, in the order of the groups; empty groups are left out."""
    groups: dict[InboxView, list[InboxTask]] = {}
    for task in tasks:
        if task.due_at is None or task.due_at > clock.day_ends:
            group = InboxView.LATER
        else:
            group = InboxView.OVERDUE if task.due_at <= clock.now else InboxView.TODAY
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
        InboxView.ALL: counts.all,
        InboxView.OVERDUE: counts.overdue,
        InboxView.TODAY: counts.today,
        InboxView.LATER: counts.later,
    }
    return [
        Tab(label, replace(shown, view=view).url, numbers[view], view is shown.view)
        for view, label in LABELS.items()
    ]


def _cursor() -> InboxCursor | None:
    """The place that the address names; None, the beginning, for anything else."""
    place, _, key = request.args.get("after", "").partition(".")
    rank, _, due = place.rpartition("_")
    try:
        at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(due)) if due else None
        cursor = InboxCursor(at, str(UUID(key)), int(rank or 0))
    except (ValueError, OverflowError):
        return None
    return cursor if abs(cursor.rank) <= LARGEST_RANK else None
