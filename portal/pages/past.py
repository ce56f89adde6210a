"""Pages as of a moment in the address: to read only. Who may see them is judged now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from portal.forms.moment import MomentForm, in_address
from portal.pages.layout_context import look_from, viewpoint
from portal.translation import _


@dataclass(frozen=True, slots=True)
class PastOf:
    """What one looks back at, as it is now: its name, title, number, its page with the words of the
    way back. `first`: from when on there is something to see, with the words of the way there."""

    name: str
    here: str
    title: str
    back: str
    number: str | None = None
    first: datetime | None = None
    first_words: str = ""


class NothingThenError(Exception):
    """There is nothing to show of that moment. `first`: from when on there is."""

    def __init__(self, title: str, why: str, status: int, first: datetime | None = None) -> None:
        super().__init__(title)
        self.title, self.why, self.status, self.first = title, why, status, first


def picker() -> MomentForm:
    """The picker of a moment, for the page as it is now."""
    return MomentForm(viewpoint().zone, "")


def draw_past(
    of: PastOf, template: str, find: Callable[[datetime], dict[str, Any]]
) -> ResponseReturnValue:
    """The page as of the moment in the address, from what `find` gives the template of it; or the
    page that says why there is none."""
    view = viewpoint()
    form = MomentForm(view.zone, request.args.get("at", ""))
    try:
        at = _moment(of, form, view.now)
        look_from(at)
        found = find(at)
    except NothingThenError as nothing:
        look_from(view.now)
        return _without(of, form, nothing)
    return make_response(render_template(template, at=at, form=form, here=of.here, **found))


def steps(older: datetime | None, newer: datetime | None) -> dict[str, str | None]:
    """The moments before and after, as an address has them."""
    return {
        "older": None if older is None else in_address(older),
        "newer": None if newer is None else in_address(newer),
    }


def _moment(of: PastOf, form: MomentForm, now: datetime) -> datetime:
    at = form.moment
    if at is None:
        why = "" if form.errors else _("Choose a date and a time.")
        raise NothingThenError(_("No such moment"), why, 400)
    if at.replace(microsecond=0) > now:
        why = _("Nobody knows yet how %(number)s will stand then.", number=of.name)
        raise NothingThenError(_("That moment is still to come"), why, 400)
    return at


def _without(of: PastOf, form: MomentForm, nothing: NothingThenError) -> ResponseReturnValue:
    first = nothing.first or of.first
    drawn = render_template(
        "pages/past/nothing.html",
        of=of,
        form=form,
        heading=nothing.title,
        why=nothing.why,
        first_url=first and f"{of.here}?at={in_address(first)}",
        first_words=of.first_words or _("See it as it was then"),
    )
    return make_response(drawn, nothing.status)
