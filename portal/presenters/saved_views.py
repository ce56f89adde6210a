"""Saved views as links above their list."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from flask import url_for

from portal.presenters.history_filters import NAMES
from portal.queries import saved_views
from portal.queries.saved_views import SavedViewRecord

# The database does not keep the order of the values; addresses are the same however they came.
_ORDER = {
    name: at for at, name in enumerate(("view", "for", "q", *NAMES, "priority", "needed", "sort"))
}


class SavedList(StrEnum):
    """A list whose filters can be saved."""

    INBOX = "inbox"
    HISTORY = "history"

    def url(self, filters: Mapping[str, str]) -> str:
        """The list's address with these filters."""
        path = url_for(f"{self.value}.show")
        order = sorted(filters.items(), key=lambda each: _ORDER.get(each[0], len(_ORDER)))
        return f"{path}?{urlencode(order)}" if filters else path


@dataclass(frozen=True, slots=True)
class Views:
    """What stands above a list: the saved views as (name, address, whether it is the open one), and
    the filters that could be saved now; none while they are saved already."""

    place: str
    links: tuple[tuple[str, str, bool], ...]
    to_save: dict[str, str]


def views_of(place: SavedList, user_id: str, filters: dict[str, str]) -> Views:
    """The reader's views of a list that shows these filters."""
    found = saved_views.listed(user_id, place.value)
    links = tuple((each.name, link_of(each), each.filters == filters) for each in found)
    is_saved = any(current for _, _, current in links)
    return Views(place.value, links, {} if is_saved else filters)


def link_of(view: SavedViewRecord) -> str:
    """The address of a view."""
    return SavedList(view.place).url(view.filters)
