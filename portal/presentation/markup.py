"""The small parts that stand fifty times on a list, drawn in Python: a template macro costs five
times as much, and a list is what people open most. Templates import them from components/."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import cache
from types import SimpleNamespace

from markupsafe import Markup, escape

from portal.presentation import labels, times
from portal.presentation.icons import icon
from portal.presentation.viewpoint import ViewpointSource

_DUE = {
    "overdue": ("bad", "exclamation-triangle"),
    "today": ("warn", "clock"),
    "later": ("neutral", "calendar"),
}


def _html(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - every value in it was escaped where it was put in


def pill(words: object, tone: str = "neutral", icon_name: str | None = None) -> Markup:
    """Words in a rounded box; the icon, where given, says the same as the tone."""
    sign = icon(icon_name, "mini") if icon_name else ""
    return _html(f'<span class="pill {escape(tone)}">{sign}{escape(words)}</span>')


@cache
def status_badge(status: str | Enum) -> Markup:
    """A request's status."""
    label = labels.status(status)
    return pill(label.words, label.tone, label.icon)


@cache
def priority(value: str | Enum) -> Markup:
    """A priority; nothing for the normal one. The word "priority" rests on phones."""
    label = labels.priority(value)
    if label == labels.PRIORITIES["MEDIUM"]:
        return Markup()
    noun = f'<span class="only-wide"> {label.sentence}</span>' if label.sentence else ""
    return pill(_html(f"<span>{escape(label.words)}{noun}</span>"), label.tone, label.icon)


def cell(value: object, kind: str = "fact") -> Markup:
    """A cell of a list row; `kind` says where a phone's card puts it."""
    return _html(f'<td role="cell" class="{escape(kind)}">{escape(value)}</td>')


def row_title(
    title: str | Markup, url: str, number: str, notes: tuple[object, ...] | list[object] = (),
    badge: object = "", kind: str = "",
) -> Markup:  # fmt: skip
    """The first cell of a list row: the link, the number and short notes."""
    wide = f'<span class="only-wide"> · {escape(kind)}</span>' if kind else ""
    rest = "".join(f" · {escape(note)}" for note in notes if note)
    return _html(
        f'<th role="rowheader" scope="row" class="what"><a href="{escape(url)}">{escape(title)}</a>'
        f'{escape(badge)}<span class="small"><span class="number">{escape(number)}</span>'
        f"{wide}{rest}</span></th>"
    )


def due_drawer(viewpoint: ViewpointSource) -> Callable[..., Markup]:
    """`due(at, long=False)` for the reader."""

    def due(at: datetime | None, long: bool = False) -> Markup:  # noqa: FBT001, FBT002, RUF100
        view = viewpoint()
        state = times.due(at, view.now, view.zone)
        words = state.long if long else state.short
        if state.kind not in _DUE:
            return _html(f'<span class="muted">{escape(words)}</span>')
        return pill(words, *_DUE[state.kind])

    return due


def drawings(viewpoint: ViewpointSource) -> SimpleNamespace:
    """All of them, as the template global `draw`."""
    return SimpleNamespace(
        pill=pill,
        status_badge=status_badge,
        priority=priority,
        cell=cell,
        row_title=row_title,
        due=due_drawer(viewpoint),
    )
