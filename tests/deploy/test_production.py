"""Pages, worker and sealer as docker-compose.yml runs them, behind nginx."""

import asyncio
import http.cookiejar
import json
import os
import re
import secrets
import signal
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from temporalio.client import Client

from portal.app import create_app
from portal.config import Settings
from portal.extensions import db
from portal.proof.roles import APP, SEAL
from portal.workflows.names import seal_schedule
from scripts.local.postgres import PostgresServer
from scripts.local.temporal import TemporalServer
from tests.asking import ANSWERS, CODE, insert_type
from tests.conftest import settings_for
from tests.databases import Databases
from tests.deploy.composed import Services
from tests.deploy.doors import Authority, door
from tests.deploy.proxies import Site, behind
from tests.pages_read import Document, Form
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
    sealer: "subprocess.Popen[str]"
    admin: psycopg.Connection
    role: str
    folder: Path
    url: str
    authority: Authority
    temporal: TemporalServer

    @property
    def url_file(self) -> Path:
        """The address of the database as the pages and the worker read it."""
        return self.folder / "secrets" / "database-url"

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
        self.sealer.send_signal(signal.SIGHUP)

    def said(self, name: str = "worker") -> str:
        """What the worker wrote so far, or the sealer."""
        return (self.folder / f"{name}.log").read_text()

    def seal_now(self) -> None:
        """Have the sealer take a turn; else it does each minute."""

        async def trigger() -> None:
            client = await Client.connect(self.temporal.address)
            await client.get_schedule_handle(seal_schedule(self.role)).trigger()

        asyncio.run(trigger())

    def renew(self) -> None:
        """The signal, and what it is for: each process has new connections."""
        changed, said = time.monotonic(), self.said("sealer").count("Sealing the record")
        self.reload()
        until(lambda: self.is_newer(time.monotonic() - changed), "new connections everywhere")
        until(lambda: self.said("sealer").count("Sealing the record") > said, "the sealer anew")

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
    authority = Authority(folder)
    authority.trust("first")
    authority.show("first")
    with databases.lent(new=True) as lent, ExitStack() as stack:
        database = lent.rpartition("/")[2]
        fill(settings_for(lent))
        admin, role, password = stack.enter_context(a_role(postgres_server, database))
        port = stack.enter_context(door(authority, postgres_server.port, is_postgres=True))
        place = f"127.0.0.1:{port}/{database}?sslmode=verify-full&sslrootcert={authority.ca}"
        url = f"postgresql://{role}:{password}@{place}"
        port = int(temporal_server.address.rpartition(":")[2])
        port = stack.enter_context(door(authority, port, is_postgres=False))
        given = {"PUBLIC_URL": "https://localhost", "TEMPORAL_ADDRESS": f"127.0.0.1:{port}"}
        services = Services(folder, stack, given, besides(role, authority))
        services.keep(
            database_url=url,
            database_migration_url=lent,
            database_seal_url=f"postgresql://{SEAL}:{postgres_server.password}@{place}",
            secret_key=KEY,
        )
        site = served(services, settings_for(lent))
        worker, sealer = services.start("worker"), services.start("sealer")
        house = House(site, worker, sealer, admin, role, folder, url, authority, temporal_server)
        until(lambda: "Connected to Temporal" in house.said(), "a worker")
        until(lambda: "Sealing the record" in house.said("sealer"), "a sealer")
        yield house


def besides(queue: str, authority: Authority) -> dict[str, str]:
    """Settings of this test for every service."""
    return {
        "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "WEB_CONCURRENCY": "1",
        "TEMPORAL_TASK_QUEUE": queue, "OUTCOME_WAIT_MS": "5000", "TEMPORAL_TLS": "true",
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(authority.ca),
        "TEMPORAL_TLS_SERVER_NAME": "localhost",
    }  # fmt: skip


def served(services: Services, settings: Settings) -> Site:
    """Tables and log, then the pages behind nginx."""
    order = services.order
    order.is_up("database")
    services.run("migrate")
    order.is_up("migrate", "service_completed_successfully")
    own = services.settings_of("web") | {"DATABASE_URL": "", "SECRET_KEY": ""}
    own = {name: own[name] for name in own if name not in ("PUBLIC_URL", "TRUSTED_PROXIES")}
    site = services.stack.enter_context(
        behind("nginx", settings, services.folder, own | {"LOG_LEVEL": "WARNING"})
    )
    services.given["PUBLIC_URL"] = site.settings.public_url
    order.is_up("web")
    order.may_start("proxy")
    services.run("sealer", "flask", "portal", "audit", "begin")
    return site


def test_a_request_is_decided(house: House) -> None:
    ana, ben = Browser(house.site).sign_in("ana"), Browser(house.site).sign_in("ben")
    number = house.ask(ana)
    house.decide(ben, number)
    assert "Approved" in ana.open(f"/requests/{number}")
    lines = (house.said() + house.said("sealer")).splitlines()
    assert all(json.loads(line) for line in lines)


def test_what_was_decided_is_sealed_by_the_account_of_the_sealer(house: House) -> None:
    waiting = "SELECT count(*) FROM portal.audit_queue"
    house.seal_now()
    until(lambda: house.admin.execute(waiting).fetchone() == (0,), "a seal")
    assert list((house.folder / "var/lib/gloria/audit").glob("1/checkpoint"))
    writes = "SELECT has_table_privilege(%s, 'portal.audit_leaves', 'INSERT')"
    assert house.admin.execute(writes, (house.role,)).fetchone() == (False,)
    assert house.admin.execute(writes, (SEAL,)).fetchone() == (True,)


def test_password_and_certificates_are_changed_while_people_work(house: House) -> None:
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
        house.authority.trust("first", "second")
        house.authority.show("second")
        house.authority.trust("second")
        house.renew()
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
