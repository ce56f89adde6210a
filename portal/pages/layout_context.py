"""What every page is drawn with: the reader's viewpoint, the navigation, the theme."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.local import LocalProxy

from portal.domain.branding import Branding
from portal.domain.people.permissions import Permission
from portal.forms.moment import in_address
from portal.presentation.navigation import AdminPlace, MenuPerson, Navigation, build
from portal.presentation.times import Viewpoint, zone_named
from portal.security import sessions
from portal.security.guards import request_id
from portal.security.sessions import Frame, Identity, me, signed_in

THEMES = ("light", "dark")
THEME_COOKIE = "theme"
SHORTCUTS_COOKIE = "shortcuts"
# Places of the navigation that are part of a larger blueprint: of the profile, and for admins.
PLACES_WITHIN = frozenset(
    {
        "away",
        "attention",
        "standing",
        "messages",
        "channels",
        "policy_moves",
        "retention",
        "people",
        "calendars",
        "organisation",
        "types",
        "tokens",
        "webhooks",
        "streams",
    }
)


def viewpoint() -> Viewpoint:
    """The reader's place and moment, the same for all of one page."""
    view: Viewpoint | None = g.get("viewpoint")
    if view is None:
        person = signed_in()
        view = g.viewpoint = (
            Viewpoint(now=person.now, zone=zone_named(person.time_zone))
            if person
            else Viewpoint(now=datetime.now(UTC))
        )
    return view


def look_from(at: datetime) -> None:
    """Say the times of this page as seen from that moment: "due in 2 days" was so then."""
    g.viewpoint = replace(viewpoint(), now=at)


def navigation() -> Navigation:
    """The frame's navigation, counted once a page and only where a page draws it."""
    if "navigation" not in g:
        g.navigation = _navigation()
    frame: Navigation = g.navigation
    return frame


def _navigation() -> Navigation:
    person = me()
    places = set(current_app.blueprints) | PLACES_WITHIN
    if not person.may(Permission.DECIDE_OWN_TASKS):
        places -= {"inbox", "away"}
    if not person.may(Permission.SUBMIT):
        places -= {"requests"}
    found = _frame(person)
    if not found.leads:
        places -= {"team"}
    if not (found.leads or person.may(Permission.READ_ALL)):
        places -= {"insights"}
    acting = tuple(each.name for each in found.acting)
    shown = MenuPerson(person.name, person.time_zone, tuple(sorted(person.roles)), acting)
    more = _places_of_rooms() if person.may(Permission.ADMINISTER) else []
    frame = build(shown, request.path, places, found.counts, request.script_root, more)
    return replace(
        frame,
        home_url=f"{request.script_root}/",
        away=found.away,
        closed=found.closed,
        branding=found.branding,
        acting=found.acting,
    )


def _frame(person: Identity) -> Frame:
    if "frame" not in g:
        g.frame = person.frame or sessions.frame(person.id)
    found: Frame = g.frame
    return found


def branding() -> Branding:
    """What the house looks like, asked once a page."""
    if "branding" not in g:
        person = signed_in()
        g.branding = _frame(person).branding if person else sessions.branding()
    look: Branding = g.branding
    current_app.extensions["usual_language"] = look.locale
    return look


def _places_of_rooms() -> list[AdminPlace]:
    """What rooms of their own bring to the menu of administrators, where it is there."""
    offers: list[Callable[[], AdminPlace | None]] = current_app.extensions["administration"]
    return [place for offer in offers if (place := offer()) is not None]


def closed() -> str | None:
    """What to say to visitors while the portal takes no commands; their page needs no database."""
    try:
        return sessions.closed()
    except SQLAlchemyError:
        return None


def own_language() -> str | None:
    """The language that the reader chose; None for visitors."""
    person = signed_in()
    return person.locale if person else None


def usual_language() -> str:
    """The organisation's language, for whoever says none: as this process saw it last for visitors,
    whose page needs no database."""
    person, seen = signed_in(), current_app.extensions
    if person is not None and request.method == "GET":
        seen["usual_language"] = _frame(person).branding.locale
    return str(seen.get("usual_language", ""))


def theme() -> str | None:
    """The chosen theme, or None for the system's own."""
    chosen = request.cookies.get(THEME_COOKIE)
    return chosen if chosen in THEMES else None


def _context() -> dict[str, Any]:
    return {
        "navigation": navigation,
        "branding": LocalProxy(branding),
        "now": LocalProxy(lambda: viewpoint().now),
        "theme": theme(),
        "shortcuts_off": request.cookies.get(SHORTCUTS_COOKIE) == "off",
        "request_id": request_id(),
        "me": LocalProxy(signed_in),
    }


def register(app: Flask) -> None:
    """Give the context to every template of the app, and what those need that are imported."""
    app.jinja_env.globals["moment_of"] = in_address
    app.context_processor(_context)
