"""The frame around every signed-in page: where one can go, and who is here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from portal.domain.branding import Branding
from portal.domain.marked import msgid
from portal.domain.people.directory import OnNow
from portal.presentation import labels
from portal.translation import _


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One line of the navigation. `current` is "page" on that very page, "true" on one below it."""

    label: str
    url: str
    icon: str
    count: int | None = None
    current: str | None = None

    @property
    def count_words(self) -> str:
        """The counter as shown."""
        return "" if self.count is None else labels.count(self.count)


@dataclass(frozen=True, slots=True)
class MenuPerson:
    """Who is signed in. `acting_for` names the people they stand in for today."""

    name: str
    zone: str = "UTC"
    roles: tuple[str, ...] = ()
    acting_for: tuple[str, ...] = ()

    @property
    def initials(self) -> str:
        """First letters of the first and last name."""
        parts = self.name.split() or ["?"]
        return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


@dataclass(frozen=True, slots=True)
class Navigation:
    """What `layouts/base.html` draws. `new_url` is None for those who may not submit.

    `away`: who decides for the reader meanwhile; `acting`: for whom the reader decides.
    `closed`: what to say on every page while the portal takes no commands. `branding`: what
    the house is called and looks like.
    """

    person: MenuPerson
    items: tuple[MenuItem, ...]
    home_url: str
    sign_out_url: str
    new_url: str | None = None
    profile_url: str | None = None
    administration: tuple[MenuItem, ...] = ()
    on_new: bool = False
    away_url: str = "/away"
    away: tuple[OnNow, ...] = ()
    acting: tuple[OnNow, ...] = ()
    closed: str | None = None
    branding: Branding = field(default_factory=Branding)


@dataclass(frozen=True, slots=True)
class AdminPlace:
    """A line under Administration that a room of its own brings; `path` is without the root;
    `is_first`: above the others."""

    label: str
    path: str
    icon: str
    is_first: bool = False


_PLACES = (
    ("inbox", msgid("Inbox"), "inbox"),
    ("requests", msgid("My requests"), "document-text"),
    ("history", msgid("History"), "clock"),
    ("search", msgid("Search"), "magnifying-glass"),
    ("notifications", msgid("Notifications"), "bell"),
    ("away", msgid("Away"), "calendar-days"),
    ("team", msgid("Team"), "user-group"),
    ("insights", msgid("Insights"), "chart-bar"),
)
_ADMINISTRATION = (
    ("attention", msgid("Needs attention"), "exclamation-triangle", {"admin"}),
    ("standing", msgid("Health"), "heart", {"admin"}),
    ("messages", msgid("Messages"), "envelope", {"admin"}),
    ("channels", msgid("Chat channels"), "chat-bubble-left-right", {"admin"}),
    ("policy_moves", msgid("Older policies"), "arrow-up-on-square-stack", {"admin"}),
    ("audit", msgid("Audit"), "shield-check", {"auditor", "admin"}),
    ("retention", msgid("Retention"), "archive-box", {"auditor", "admin"}),
    ("rules", msgid("Rules"), "arrows-right-left", {"admin"}),
    ("types", msgid("Request types"), "squares-2x2", {"admin", "type_editor", "type_publisher"}),
    ("people", msgid("People and groups"), "users", {"admin", "people_admin"}),
    ("calendars", msgid("Calendars"), "calendar", {"admin"}),
    ("organisation", msgid("Organisation"), "building-office-2", {"admin"}),
    ("tokens", msgid("API tokens"), "key", {"admin"}),
    ("webhooks", msgid("Webhooks"), "signal", {"admin"}),
    ("streams", msgid("Audit streams"), "arrow-up-tray", {"admin"}),
    ("jobs", msgid("Jobs"), "queue-list", {"admin"}),
    ("settings", msgid("Settings"), "cog-6-tooth", {"admin"}),
)

# Addresses that are not simply the blueprint's name.
_PATHS = {
    "attention": "admin/attention",
    "standing": "admin/health",
    "channels": "admin/channels",
    "people": "admin/people",
    "calendars": "admin/calendars",
    "organisation": "admin/organisation",
    "types": "admin/types",
    "messages": "admin/messages",
    "tokens": "admin/tokens",
    "webhooks": "admin/webhooks",
    "streams": "admin/streams",
    "policy_moves": "admin/policy-moves",
    "retention": "admin/retention",
}

# What else is part of a place, under an address of its own.
_WITHIN = {
    "admin/people": ("admin/departments", "admin/groups", "admin/invitations"),
    "admin/retention": ("admin/holds",),
}


def build(
    person: MenuPerson,
    path: str,
    available: Collection[str],
    counts: Mapping[str, int] | None = None,
    root: str = "",
    more: Collection[AdminPlace] = (),
) -> Navigation:
    """The navigation of one page. `path` is the page's path without `root` (the mount point);
    `available` names the places the app has; `counts` gives counters by place; `more` places stand
    under Administration."""
    numbers = counts or {}
    roles = {role.lower() for role in person.roles}
    may_submit = "auditor" not in roles

    def entry(where: str, label: str, icon: str, number: int | None = None) -> MenuItem:
        return MenuItem(label, f"{root}/{where}", icon, number, _current(where, path))

    def item(place: str, label: str, icon: str) -> MenuItem:
        return entry(_PATHS.get(place, place), _(label), icon, numbers.get(place))

    places = [place for place in _PLACES if place[0] in available]
    admin = [p for p in _ADMINISTRATION if p[0] in available and roles & p[3]]
    return Navigation(
        person=person,
        items=tuple(item(*place) for place in places),
        home_url=f"{root}/inbox",
        sign_out_url=f"{root}/sign-out",
        new_url=f"{root}/requests/new" if may_submit else None,
        profile_url=f"{root}/profile" if "profile" in available else None,
        administration=(
            *(entry(each.path, each.label, each.icon) for each in more if each.is_first),
            *(item(place, label, icon) for place, label, icon, _ in admin),
            *(entry(each.path, each.label, each.icon) for each in more if not each.is_first),
        ),
        on_new=path.startswith("/requests/new"),
        away_url=f"{root}/away",
    )


def _current(place: str, path: str) -> str | None:
    if path.rstrip("/") == f"/{place}":
        return "page"
    # A request is read by its requester, its approvers and auditors alike: no place is "its" place.
    below = path.startswith(f"/{place}/") and place != "requests"
    within = (f"{path}/".startswith(f"/{each}/") for each in _WITHIN.get(place, ()))
    return "true" if below or any(within) else None
