"""Web and worker under production's settings behind nginx."""

import http.cookiejar
import json
import os
import re
import secrets
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from portal.app import create_app
from portal.config import ROOT, Settings
from portal.extensions import db
from portal.proof.roles import APP
from scripts.local.postgres import PostgresServer
from scripts.local.temporal import TemporalServer
from tests.asking import ANSWERS, CODE, insert_type
from tests.conftest import settings_for
from tests.databases import Databases
from tests.deploy.proxies import Site, behind
from tests.pages_read import Document, Form
from tests.programs import started
from tests.test_gunicorn import KEY
from tests.web import PASSWORD, insert_people

pytestmark = [pytest.mark.slow, pytest.mark.proxies, pytest.mark.temporal]
NEW_FORM = f"/requests/new/{CODE}"
PATIENCE = 400.0
PROGRAMS = {"gloria-web", "gloria-worker", "gloria-relay", "gloria-messages"}


@dataclass
class Browser:
    """Keeps cookies, follows redirects, trusts the site's own CA; one for each person."""

    site: Site
    opener: urllib.request.OpenerDirector = field(init=False)

    def __post_init__(self) -> None:
        context = ssl.create_default_context(cafile=str(self.site.folder / "ca.pem"))
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        handler = urllib.request.HTTPSHandler(context=context)
        self.opener = urllib.request.build_opener(handler, cookies)

    def open(self, path: str, data: dict[str, str] | None = None) -> str:
        """The page that a GET or a form leads to; raises HTTPError for any other answer."""
        body = urllib.parse.urlencode(data).encode() if data is not None else None
        url = urllib.parse.urljoin(self.site.settings.public_url, path)
        sent = urllib.request.Request(url, body, {"Origin": self.site.settings.public_url})
        with self.opener.open(sent, timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    def send(self, page: str, action: str, **values: str) -> str:
        """Send the form of a page whose address begins so."""
        form = form_of(page, action)
        return self.open(form.action or "", {**form.values, **values})

    def sign_in(self, name: str) -> "Browser":
        """Be that person of tests/web.py."""
        email = f"{name}@example.org"
        self.send(self.open("/sign-in"), "/sign-in", email=email, password=PASSWORD)
        return self


def form_of(page: str, action: str) -> Form:
    forms = [each for each in Document(page).forms if (each.action or "").startswith(action)]
    assert forms, f"no form posts to {action}: {' '.join(Document(page).words())[:300]}"
    return forms[0]


def until(what: Callable[[], object], name: str) -> None:
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        if what():
            return
        time.sleep(0.1)
    raise AssertionError(f"after {PATIENCE:g} s not yet: {name}")


@dataclass
class House:
    """The whole installation, and the way for an administrator to the database's server."""

    site: Site
    worker: "subprocess.Popen[str]"
    admin: psycopg.Connection
    role: str
    url_file: Path
    url: str

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.url_file.parent

    def ask(self, browser: Browser) -> str:
        """Submit a request; its number."""
        page = browser.send(browser.open(NEW_FORM), NEW_FORM, **ANSWERS)
        page = browser.send(page, f"{NEW_FORM}/submit")
        found = re.search(r"CH-\d+", page)
        assert found, page
        return found[0]

    def decide(self, browser: Browser, number: str) -> None:
        """Approve it, and wait until its page says so."""
        page = ""

        def has_come() -> bool:
            nonlocal page
            page = browser.open(f"/requests/{number}") if number in browser.open("/inbox") else ""
            return "/tasks/" in page

        until(has_come, f"{number} in the inbox")
        task = next(each for each in Document(page).forms if "/tasks/" in (each.action or ""))
        browser.send(page, task.action or "", choice="approve", decision="approve")
        until(lambda: "Approved" in browser.open(f"/requests/{number}"), f"{number} approved")

    def reload(self) -> None:
        """The signal, for the pages and for the worker with its relay."""
        self.site.pages.send_signal(signal.SIGHUP)
        self.worker.send_signal(signal.SIGHUP)

    def said(self) -> str:
        """What the worker wrote so far."""
        return (self.folder / "worker.log").read_text()

    def is_newer(self, seconds: float) -> bool:
        """Whether each program has connections, and none that is older than so many seconds."""
        oldest = self._connections()
        return oldest.keys() >= PROGRAMS and max(oldest.values()) < seconds

    def _connections(self) -> dict[str, float]:
        rows = self.admin.execute(
            "SELECT application_name, extract(epoch FROM clock_timestamp() - min(backend_start))"
            " FROM pg_stat_activity WHERE usename = %s AND datname = current_database() GROUP BY 1",
            (self.role,),
        )
        return {name: float(age) for name, age in rows.fetchall()}


@contextmanager
def a_role(server: PostgresServer, database: str) -> Iterator[tuple[psycopg.Connection, str, str]]:
    """A role of the test's own that may what the portal's may, and its password."""
    name, password = f"changer_{secrets.token_hex(4)}", secrets.token_hex(8)
    url = f"{server.admin_url().rpartition('/')[0]}/{database}"
    make = "CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}"
    drop = "DROP ROLE IF EXISTS {}"
    with psycopg.connect(url, autocommit=True) as admin:
        account, group = sql.Identifier(name), sql.Identifier(APP)
        admin.execute(sql.SQL(make).format(account, sql.Literal(password), group))
        try:
            yield admin, name, password
        finally:
            admin.execute(sql.SQL(drop).format(account))


def fill(settings: Settings) -> None:
    """People and a type of request."""
    app = create_app(settings)
    with app.app_context():
        insert_people()
        insert_type()
        db.session.commit()
        db.engine.dispose()


@pytest.fixture(scope="module")
def house(
    databases: Databases,
    postgres_server: PostgresServer,
    temporal_server: TemporalServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with databases.lent(new=True) as lent:
        database = lent.rpartition("/")[2]
        fill(settings_for(lent))
        with a_role(postgres_server, database) as (admin, role, password):
            url = f"postgresql://{role}:{password}@127.0.0.1:{postgres_server.port}/{database}"
            file = folder / "database-url"
            file.write_text(url)
            env = {
                "DATABASE_URL": "", "DATABASE_URL_FILE": str(file), "WEB_CONCURRENCY": "2",
                "TEMPORAL_ADDRESS": temporal_server.address, "SECRET_KEY": KEY,
                "TEMPORAL_TASK_QUEUE": role, "ATTACHMENTS_DIR": str(folder / "files"),
                "OUTCOME_WAIT_MS": "5000", "LOG_LEVEL": "WARNING",
            }  # fmt: skip
            with (
                (folder / "worker.log").open("w") as log,
                behind("nginx", settings_for(lent), folder, env) as site,
            ):
                own = {**env, "ENVIRONMENT": "production", "PUBLIC_URL": site.settings.public_url}
                command = [sys.executable, "worker.py"]
                given = {
                    "PATH": os.environ["PATH"],
                    "PYTHONUNBUFFERED": "1",
                    **own,
                    "LOG_LEVEL": "INFO",
                }
                options = {"cwd": ROOT, "env": given, "stdout": log, "stderr": subprocess.STDOUT}
                with started(command, **options) as worker:
                    house = House(site, worker, admin, role, file, url)
                    until(lambda: "Connected to Temporal" in house.said(), "a worker")
                    yield house


def test_a_request_is_decided(house: House) -> None:
    ana, ben = Browser(house.site).sign_in("ana"), Browser(house.site).sign_in("ben")
    number = house.ask(ana)
    house.decide(ben, number)
    assert "Approved" in ana.open(f"/requests/{number}")
    assert all(json.loads(line) for line in house.said().splitlines())


def test_the_password_of_the_database_is_changed_while_people_work(house: House) -> None:
    with at_work(house) as done:
        house.url_file.write_text(house.url.replace(house.role, "nobody", 1))
        house.reload()
        until(lambda: "Goes on with the settings it has" in house.said(), "a refusal")
        assert (house.worker.poll(), house.site.pages.poll()) == (None, None)
        done.more()
        password = secrets.token_hex(8)
        scheme, _, place = house.url.partition("@")
        house.url_file.write_text(f"{scheme.rpartition(':')[0]}:{password}@{place}")
        change = sql.SQL("ALTER ROLE {} PASSWORD {}")
        house.admin.execute(change.format(sql.Identifier(house.role), sql.Literal(password)))
        done.more()
        changed = time.monotonic()
        house.reload()
        until(lambda: house.is_newer(time.monotonic() - changed), "new connections everywhere")
        done.more()
    assert done.failures == []
    ben = Browser(house.site).sign_in("ben")
    for number in done.numbers[-2:]:
        house.decide(ben, number)
    asked = "SELECT count(*) FROM portal.requests WHERE number = ANY(%s)"
    found = house.admin.execute(asked, (done.numbers,)).fetchone()
    assert found == (len(done.numbers),)


@dataclass
class Work:
    """What people did meanwhile."""

    numbers: list[str] = field(default_factory=list)
    pages: int = 0
    failures: list[str] = field(default_factory=list)

    def more(self) -> None:
        """Wait until they did some more of each."""
        numbers, pages = len(self.numbers) + 1, self.pages + 10
        until(lambda: len(self.numbers) >= numbers and self.pages >= pages, "more work")


@contextmanager
def at_work(house: House) -> Iterator[Work]:
    """Ana asks and Ben reads, without a pause."""
    done, end = Work(), threading.Event()

    def ask(ana: Browser) -> None:
        done.numbers.append(house.ask(ana))

    def read(ben: Browser) -> None:
        ben.open("/inbox")
        done.pages += 1

    def repeat(name: str, act: Callable[[Browser], None]) -> None:
        browser = Browser(house.site).sign_in(name)
        while not end.is_set():
            try:
                act(browser)
            except Exception as failure:  # noqa: BLE001 - each is what the test is about
                done.failures.append(repr(failure))

    work: tuple[tuple[str, Callable[[Browser], None]], ...] = (("ana", ask), ("ben", read))
    threads = [threading.Thread(target=repeat, args=each) for each in work]
    for each in threads:
        each.start()
    try:
        done.more()
        yield done
    finally:
        end.set()
        for each in threads:
            each.join(PATIENCE)
