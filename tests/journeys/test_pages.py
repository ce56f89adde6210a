"""Every page at three widths, light on a desk, dark on a phone: axe, console, sideways scroll.

Those that tests/presentation/test_gallery.py looks at do not stand here again.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser

from tests.browsers import violations
from tests.journeys.installation import Installation
from tests.journeys.people import Person

Arrive = Callable[..., Person]
SIGHTS: tuple[tuple[int, int, Any], ...] = (
    (1280, 900, "light"), (390, 844, "light"), (320, 640, "dark"),
)  # fmt: skip
PAGES = {
    "marta.lindqvist": (
        "/requests/new/purchase", "/notifications", "/profile", "/search", "/search?q=leave",
        "/search?in=comments&q=the", "/no-such-page",
        "/dev/mail", "/profile/notifications", "/away", "/views", "/team", "/insights",
        "/profile/password",
    ),
    "ada.admin": (
        "/admin/attention", "/admin/people", "/admin/people/new", "/admin/departments",
        "/admin/departments/new", "/admin/groups", "/admin/groups/new", "/admin/invitations",
        "/admin/setup", "/admin/setup/mail", "/admin/people/import", "/admin/people/chart",
        "/admin/organisation", "/admin/organisation/colour",
        "/admin/cutover", "/requests/{open}/override",
        "/requests/{open}/approvers", "/requests/{open}/hold", "/admin/policy-moves",
        "/admin/messages", "/admin/channels", "/admin/channels/new",
        "/admin/webhooks", "/admin/webhooks/new", "/admin/webhooks/deliveries",
        "/admin/streams", "/admin/streams/new", "/audit/exports",
        "/admin/calendars", "/admin/calendars/new", "/admin/types", "/admin/types/new",
        "/admin/types/purchase", "/admin/types/purchase/versions/1",
        "/admin/types/purchase?at={then}", "/admin/people/{person}?at={then}",
        "/admin/calendars/due?on=2026-12-24&at=16:55", "/requests/{closed}", "/requests/{held}",
        "/insights", "/insights?weeks=52&type=purchase", "/insights/targets",
    ),
    "victor.audit": (
        "/history", "/history/{closed}", "/requests/{returned}", "/requests/{closed}?at={then}",
        "/requests/{closed}?at=1999-12-31",
    ),
}  # fmt: skip
VISITS = [(who, path) for who, paths in PAGES.items() for path in paths]


@pytest.fixture(scope="module")
def numbers(installation: Installation) -> dict[str, str]:
    """A request of the demonstration for each state that looks different."""
    states = {"open": "PENDING", "closed": "APPROVED", "held": "ON_HOLD", "returned": "RETURNED"}
    question = (
        "SELECT r.number FROM portal.requests r JOIN portal.tasks t ON t.request_id = r.id"
        " JOIN portal.users u ON u.id = t.assignee_id"
        " WHERE r.status = %s ORDER BY (u.email LIKE 'marta%%') DESC, r.number DESC LIMIT 1"
    )
    with psycopg.connect(installation.database_url) as connection:
        found = {name: connection.execute(question, [s]).fetchone() for name, s in states.items()}
        someone = "SELECT id::text FROM portal.users WHERE email LIKE 'marta%'"
        found["person"] = connection.execute(someone).fetchone()
    then = {"then": datetime.now(UTC).isoformat()[:19] + "Z"}
    return then | {name: row[0] for name, row in found.items() if row}


@pytest.fixture(scope="module")
def cookies(chromium: Browser, installation: Installation) -> dict[str, list[Any]]:
    """Sign in once for each person."""
    kept = {}
    for key in PAGES:
        person = Person.arrive(chromium, installation, key)
        kept[key] = person.page.context.cookies()
        person.leave()
    return kept


@pytest.mark.parametrize(("who", "path"), VISITS)
def test_page_is_sound(
    chromium: Browser, installation: Installation, numbers: dict[str, str],
    cookies: dict[str, list[Any]], who: str, path: str,
) -> None:  # fmt: skip
    url = installation.url + path.format(**numbers)
    context = chromium.new_context(reduced_motion="reduce", locale="en-GB")
    context.add_cookies(cookies[who])
    page = context.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    found: list[object] = []
    page.goto(url)
    for width, height, scheme in SIGHTS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (width, url)
        if width != 390:
            found += violations(page)
    context.close()
    assert not found
    assert not [text for text in messages if "Content Security Policy" in text], messages
