"""No text of a person hides another, pushes a button off the page, or makes it scroll sideways;
and a printed page has no heading without its text."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import insert, select, text, update
from werkzeug.serving import make_server

from portal.config import Settings
from portal.domain.policy.policy import Bulk, Policy
from portal.domain.request.commands import Comment
from portal.domain.request.state import Content
from portal.extensions import db
from portal.models import Department, Group, RequestType, SavedView, User
from portal.models.columns import new_id
from portal.security.sessions import cookie_name
from portal.translation import MIRRORED, PSEUDO, tag
from portal.translation.pseudo import TRIALS
from tests.asking import CODE, FINANCE, MANAGER, insert_type
from tests.browsers import follow, launched
from tests.clients import begin_session
from tests.in_process import InProcess, submit
from tests.web import People

pytestmark = pytest.mark.browser

WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
WIDTHS = (320, 1024, 1280, 1366)
# Rows of lists that show an address below a name.
ADDRESSES = (
    """INSERT INTO portal.webhook_endpoints
        (id, name, url, sealed, state, failing_since, last_error)
        VALUES (gen_random_uuid(), :name, :url, '', 'on', now(), :name)""",
    """INSERT INTO portal.log_streams (id, name, protocol, address, shape, sealed, state, next_leaf,
        failing_since, last_error)
        VALUES (gen_random_uuid(), :name, 'https', :url, 'json', '', 'on', 0, now(), :name)""",
    """UPDATE portal.users SET email = left(lower(:name), 60) || '@' || left(lower(:name), 60)
        || '.example.org' WHERE name LIKE 'Dan %'""",
)
# What is cut off by a box around it, or stands beyond the page; whatever is hidden, or may scroll
# by itself, is left out.
CUT = """() => {
  const root = document.documentElement, page = root.clientWidth, found = [];
  const apart = 'thead, .vh, svg, .scroll, [popover], dialog, datalist, option';
  if (root.scrollWidth > page) found.push('scrolls ' + root.scrollWidth);
  for (const each of document.querySelectorAll('main *, .side *, .topbar *')) {
    const box = each.getBoundingClientRect();
    if (!box.width || !box.height || each.closest(apart) || !each.checkVisibility()) continue;
    let left = 0, right = page, around = each.parentElement;
    for (; around && around !== document.body; around = around.parentElement) {
      const style = getComputedStyle(around);
      if (style.position === 'fixed') break;
      if (style.overflowX === 'visible') continue;
      // What may be scrolled by itself is not lost, and what ends in dots says so.
      if (around.matches('.tabs *, .tabs, pre') || style.textOverflow === 'ellipsis') {
        right = Infinity;
        left = -Infinity;
        break;
      }
      right = Math.min(right, around.getBoundingClientRect().right);
      left = Math.max(left, around.getBoundingClientRect().left);
    }
    const words = each.textContent.trim().slice(0, 30);
    const text = document.createRange();
    text.selectNodeContents(each);
    const inside = text.getBoundingClientRect();
    const ends = each.children.length || !inside.width ? box : inside;
    const most = Math.max(box.right, ends.right), least = Math.min(box.left, ends.left);
    if (most > right + 1 || least < left - 1)
      found.push(`${each.tagName}.${each.className} ${words}`);
  }
  return found.slice(0, 5);
}"""
# A heading is empty where nothing is seen between it and the next of its rank.
EMPTY = """() => {
  const seen = each => each.checkVisibility() && each.getBoundingClientRect().height > 0;
  const empty = [];
  for (const heading of document.querySelectorAll('main :is(h1, h2, h3)')) {
    if (!seen(heading) || heading.matches('.vh')) continue;
    const around = heading.closest('section, .card, article, aside');
    if (!around || heading.tagName === 'H1') continue;
    const walker = document.createTreeWalker(around, NodeFilter.SHOW_TEXT);
    let text = '';
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (parent && seen(parent) && !parent.closest('.vh')) text += walker.currentNode.data.trim();
    }
    if (text === heading.textContent.trim().replace(/\\s+/g, ' ')) empty.push(text);
  }
  return empty;
}"""


@pytest.fixture
def app(make_app: Callable[[Settings], Flask], settings: Settings) -> Flask:
    """The application, for readers of English and of both trial languages."""
    return make_app(replace(settings, languages=("en", *TRIALS)))


@pytest.fixture
def house(app: Flask, people: People, process: InProcess) -> dict[str, str]:
    """Long words wherever people type; two requests that wait for Ben, one decided together."""
    policy = Policy(stages=(MANAGER, FINANCE), bulk=Bulk(), undo_seconds=60)
    with app.app_context():
        ids = insert_type(policy=policy)
        for person in (people.ana, people.ben, people.cleo):
            name = update(User).where(User.id == person)
            db.session.execute(name.values(name=f"{WORD} {WORD[::-1]}", job_title=WORD))
        for table in (Department, Group, RequestType):
            db.session.execute(update(table).values(name=WORD))
        view = {"id": new_id(), "user_id": people.ben, "place": "inbox", "name": WORD[:60]}
        db.session.execute(insert(SavedView).values(**view, filters={"q": WORD}))
        for each in ADDRESSES:
            db.session.execute(text(each), {"name": WORD, "url": f"https://example.org/{WORD}"})
        db.session.commit()
    for number in ("CH-1", "CH-2"):
        fields = {"amount": 12_000_000_00, "reason": WORD * 3, "offers": []}
        content = Content(title=WORD + WORD, fields=fields, amount=12_000_000_00, currency="EUR")
        state = process.give(submit(ids, people, number=number, content=content))
        said = Comment(
            command_id=new_id(), request_id=state.request_id, actor_id=people.ana,
            at=datetime.now(UTC), comment=f"{WORD} https://example.org/{WORD}",
        )  # fmt: skip
        process.give(said)
    with app.app_context():
        units = {
            "department": db.session.scalars(select(Department.id)).first(),
            "group": db.session.scalars(select(Group.id)).first(),
        }
    units |= {"task": state.open_tasks[0].id, "request": state.request_id}
    return {name: str(each) for name, each in units.items()}


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """The application's address."""
    served = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{served.port}"
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium."""
    with launched(chromium) as browser:
        yield browser


def pages_of(people: People, house: dict[str, str]) -> dict[str, list[str]]:
    """Addresses, by whose eyes they are seen with."""
    request, task = "/requests/CH-2", house["task"]
    return {
        people.ben: [
            "/inbox", f"/inbox?q={WORD}", "/inbox?sort=priority&type=" + CODE, request, "/views",
            "/history", f"/search?q={WORD[:20]}", f"/search?in=comments&q={WORD[:20]}", "/away",
            "/notifications", "/team", f"/tasks/{task}/reassign", f"/tasks/{task}/question",
            "/history/CH-2", "/profile",
        ],
        people.ana: [
            "/requests", request, f"{request}/amend", f"{request}/withdraw", "/requests/new",
            f"/requests/new/{CODE}",
        ],
        people.adam: [
            "/admin/people", f"/admin/people/{people.ana}", request, f"{request}/override",
            "/admin/attention", "/admin/calendars", "/admin/departments", "/admin/groups",
            f"/admin/departments/{house['department']}", f"/admin/groups/{house['group']}",
            "/admin/people/chart", f"/admin/people/{people.ana}/edit", "/admin/invitations",
            "/admin/people/import", "/admin/types", f"/admin/types/{CODE}", "/admin/tokens",
            f"/admin/types/{CODE}/readers", "/insights", "/insights/targets", "/history/CH-2/time",
            "/profile/security", f"/people/{people.ana}/sign-ins", "/api/docs",
            "/admin/organisation", "/admin/organisation/logo", "/admin/organisation/mail-texts",
            "/admin/types/gallery/leave", "/admin/webhooks", "/admin/webhooks/new",
            "/admin/webhooks/deliveries", "/admin/streams", "/admin/streams/new",
            "/profile/tokens", "/admin/health", "/audit", "/admin/calendars/due",
            f"/audit?text={WORD[:20]}", f"/audit/{house['request']}/1",
        ],
    }  # fmt: skip


def arrive(browser: Browser, app: Flask, server: str, person: str) -> Page:
    """That person's page in the browser, signed in."""
    token = new_id()
    begin_session(app, person, token)
    context = browser.new_context(base_url=server, reduced_motion="reduce")
    name = cookie_name(app.config["SETTINGS"], "session")
    context.add_cookies([{"name": name, "value": token, "url": server}])
    return context.new_page()


def faults(page: Page, widths: tuple[int, ...] = WIDTHS) -> list[tuple[str, object, str]]:
    """What is wrong with the page as it stands, at each width and on paper."""
    path, wrong = page.url.partition("//")[2].partition("/")[2], []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        wrong += [(path, width, each) for each in page.evaluate(CUT)]
    page.emulate_media(media="print")
    wrong += [(path, "print", each) for each in page.evaluate(EMPTY)]
    page.emulate_media(media="screen")
    return wrong


def test_no_page_is_cut_and_none_prints_an_empty_heading(
    app: Flask, people: People, house: dict[str, str], server: str, browser: Browser
) -> None:
    wrong: list[tuple[str, object, str]] = []
    for person, paths in pages_of(people, house).items():
        page = arrive(browser, app, server, person)
        for path in paths:
            answer = page.goto(path)
            if answer is None or answer.status != 200:
                wrong.append((path, 0, str(answer)))
            wrong += faults(page)
        page.context.close()
    assert not wrong, "\n".join(map(str, wrong))


def test_neither_is_what_follows_a_form(
    app: Flask, people: People, house: dict[str, str], server: str, browser: Browser
) -> None:
    ana = arrive(browser, app, server, people.ana)
    ana.goto(f"/requests/new/{CODE}")
    for name, words in (("title", WORD), ("amount", "x" + WORD), ("reason", WORD * 2)):
        ana.locator(f"[name={name}]").fill(words)
    follow(ana.locator("#request-form button.primary"))
    wrong = faults(ana)
    ana.locator("[name=amount]").fill("12")
    follow(ana.locator("#request-form button.primary"))
    ana.wait_for_url("**/check?*")
    wrong += faults(ana)
    ben = arrive(browser, app, server, people.ben)
    ben.goto("/inbox")
    follow(ben.locator("button[name=all]"))
    wrong += faults(ben)
    follow(ben.locator("button.approve").first)
    ben.wait_for_url("**/batches/*")
    wrong += faults(ben)
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize(("code", "widths"), [(PSEUDO, (320,)), (MIRRORED, (320, 1280))])
def test_nothing_is_cut_where_texts_are_longer_or_run_from_right_to_left(
    app: Flask, people: People, house: dict[str, str], server: str, browser: Browser,
    code: str, widths: tuple[int, ...],
) -> None:  # fmt: skip
    with app.app_context():
        db.session.execute(update(User).values(locale=code))
        db.session.commit()
    wrong: list[tuple[str, object, str]] = []
    for person, paths in pages_of(people, house).items():
        page = arrive(browser, app, server, person)
        for path in paths:
            page.goto(path)
            # The guide for programs knows no person: its language is the browser's.
            wanted = "en-GB" if path == "/api/docs" else tag(code)
            assert page.locator("html").get_attribute("lang") == wanted
            wrong += faults(page, widths)
        page.context.close()
    assert not wrong, "\n".join(map(str, wrong))
