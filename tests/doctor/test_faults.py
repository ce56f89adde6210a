"""`flask portal doctor` finds what is planted, and says what to do."""

import asyncio
import errno
import http.server
import json
import os
import shutil
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from werkzeug.serving import make_server

from portal import config
from portal import doctor as clinic
from portal.config import ROOT, Settings
from portal.doctor import comparison, database, mail, proxy, record, storage, temporal
from portal.doctor import settings as given
from portal.doctor.finding import Finding, Level
from portal.services.file_store import FolderStore
from scripts.local.ports import any_free
from scripts.local.postgres import PostgresServer
from tests.mailing import mail_server, mailing

TABLE = "FROM portal.schema_revisions"
FORGET = f"DELETE {TABLE}"
Planted = dict[str, Finding]


def wrong(found: Iterator[Finding] | list[Finding]) -> Planted:
    """What is not well, by its code. Each says what to do."""
    kept = {each.code: each for each in found if each.level is not Level.OK}
    assert all(each.todo for each in kept.values())
    return kept


def change(settings: Settings, *statements: str) -> None:
    with psycopg.connect(settings.owner_url, autocommit=True) as connection:
        for each in statements:
            connection.execute(each)


# --- settings -------------------------------------------------------------------------------------


def test_settings_that_are_left_to_chance(settings: Settings, tmp_path: Path) -> None:
    assert set(wrong(given.examine(settings, {}))) == {"settings.environment"}
    inside = replace(
        settings,
        environment="production",
        log_level="DEBUG",
        attachments_dir=ROOT / "var" / "attachments",
        backups_dir=tmp_path,
        database_migration_url="",
    )
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o644)
    found = wrong(given.examine(inside, {"SECRET_KEY_FILE": str(secret)}))
    assert set(found) == {"settings.debug", "settings.inside", "settings.readable"}
    assert found["settings.readable"].todo == f"chmod o-rwx {secret}"


def test_a_secret_that_only_the_file_of_settings_names(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine of one's own, where the command line knows no variable of ours."""
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o644)
    (tmp_path / ".env").write_text(f"SECRET_KEY_FILE={secret}\n")
    (tmp_path / ".env").chmod(0o600)
    monkeypatch.setattr(config, "ROOT", tmp_path)
    assert wrong(given.examine(settings))["settings.readable"].todo == f"chmod o-rwx {secret}"


def test_secrets_that_a_container_mounts_are_read_by_nobody_else(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret-key"
    secret.write_text("x")
    secret.chmod(0o644)
    named = {"SECRET_KEY_FILE": str(secret)}
    assert "settings.readable" in wrong(given.examine(settings, named))
    monkeypatch.setattr(given, "MOUNTED", tmp_path)
    assert "settings.readable" not in wrong(given.examine(settings, named))


# --- the comparison with Temporal -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (None, "workflows.unchecked"),
        ('now(), NULL, \'{"left": 0, "open": 3}\'', None),
        ('now(), NULL, \'{"left": 2, "open": 3}\'', "workflows.differ"),
        ("now(), 'RPCError: away', '{\"left\": 0, \"open\": 3}'", "workflows.unchecked"),
        ("now() - interval '1 hour', NULL, '{\"left\": 0}'", "workflows.unchecked"),
    ],
)
def test_a_comparison_that_was_not_made_or_found_something(
    settings: Settings, row: str | None, code: str | None
) -> None:
    if row is not None:
        columns = "(name, done_at, trouble, report)"
        change(settings, f"INSERT INTO portal.checks {columns} VALUES ('workflows', {row})")
    assert set(wrong(comparison.examine(settings))) == ({code} if code else set())


# --- database -------------------------------------------------------------------------------------


def test_a_whole_database_is_well_but_for_the_tests_server(settings: Settings) -> None:
    """The server of the tests does not wait for the disk, and that is what the doctor says."""
    assert set(wrong(database.examine(settings))) == {"database.fsync", "database.commit"}


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        ([FORGET], "database.schema"),
        ([f"{FORGET} WHERE revision = (SELECT max(revision) {TABLE})"], "database.schema"),
        (["DROP EXTENSION pg_trgm CASCADE"], "database.extension"),
        (["REVOKE INSERT ON portal.commands FROM gloria_app"], "database.rights"),
    ],
)  # fmt: skip
def test_a_database_that_lacks_something(
    settings: Settings, statements: list[str], code: str
) -> None:
    change(settings, *statements)
    assert code in wrong(database.examine(settings))


def test_a_database_that_only_reads(settings: Settings) -> None:
    name = settings.database_url.rpartition("/")[2]
    change(settings, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        assert "database.read-only" in wrong(database.examine(settings))
    finally:
        with psycopg.connect(settings.owner_url, autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


def test_one_role_for_all_is_said(settings: Settings) -> None:
    wide = replace(settings, database_url=settings.owner_url)
    assert "database.one-role" in wrong(database.examine(wide))


def test_an_empty_database(settings: Settings, empty_database_url: str) -> None:
    found = wrong(database.examine(replace(settings, database_url=empty_database_url)))
    assert found["database.empty"].todo == "flask db upgrade"


def test_a_database_of_another_encoding(
    settings: Settings, postgres_server: PostgresServer
) -> None:
    """It answers in bytes, if asked without care, and then nothing seemed to be switched on."""
    options = (
        "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc TEMPLATE template0"
    )
    place = postgres_server.admin_url().rpartition("/")[0]
    with psycopg.connect(postgres_server.admin_url(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE plain_ascii {options}")
    try:
        found = wrong(database.examine(replace(settings, database_url=f"{place}/plain_ascii")))
    finally:
        with psycopg.connect(postgres_server.admin_url(), autocommit=True) as admin:
            admin.execute("DROP DATABASE plain_ascii WITH (FORCE)")
    assert found["database.encoding"].said == "the database is encoded in SQL_ASCII"
    assert "database.autovacuum" not in found
    assert "database.version" not in found


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"version": 130_015}, "database.version"),
        ({"is_standby": True}, "database.standby"),
        ({"autovacuum": "off"}, "database.autovacuum"),
        ({}, None),
    ],
)
def test_a_server_as_it_should_not_be(facts: dict[str, object], code: str | None) -> None:
    fine = {"version": 150_004, "shown": "15", "encoding": "UTF8", "is_standby": False}
    fine |= {"read_only": "off", "autovacuum": "on"}
    assert set(wrong(database._server(fine | facts))) == ({code} if code else set())


def test_a_superuser_and_too_few_connections(
    settings: Settings, postgres_server: PostgresServer
) -> None:
    wide = replace(settings, database_url=postgres_server.admin_url(), database_pool_size=200)
    found = wrong(database.examine(wide))
    assert {"database.superuser", "database.connections", "database.empty"} <= set(found)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://nobody:hunter2@127.0.0.1:1/none", "refused"),
        ("{server}/nowhere", 'database "nowhere" does not exist'),
    ],
)
def test_a_database_that_is_away(settings: Settings, url: str, words: str) -> None:
    server = settings.database_url.rpartition("/")[0]
    away = replace(settings, database_url=url.format(server=server))
    found = wrong(database.examine(away))
    assert set(found) == {"database.away"}
    assert words in found["database.away"].said
    assert "hunter2" not in found["database.away"].said


@pytest.mark.parametrize(
    ("seconds", "level"), [(0, Level.OK), (5, Level.WARNING), (60, Level.FAULT), (-60, Level.FAULT)]
)
def test_a_clock_that_is_wrong(seconds: int, level: Level) -> None:
    here = datetime(2026, 3, 1, tzinfo=UTC)
    there = here + timedelta(seconds=seconds)
    assert [each.level for each in database.clock(here, here, there)] == [level]


# --- the log --------------------------------------------------------------------------------------

SUBJECT = "'0192aaaa-0000-7000-8000-00000000000b'"
SEALED = f"INSERT INTO portal.audit_leaves VALUES (0, {SUBJECT}, 1, '')"
ANCHORED = (
    "INSERT INTO portal.audit_anchors (id, kind, size, anchored_at)"
    f" VALUES ({SUBJECT}, 'mail', 1, %s)"
)
LOST = "INSERT INTO portal.checks (name, trouble) VALUES ('{}', 'it was put back')"
WAITS = (
    "INSERT INTO portal.audit_queue (subject_id, seq, hash, queued_at)"
    f" VALUES ({SUBJECT}, 2, '', now() - interval '10 minutes')"
)
BROKEN = "INSERT INTO portal.checks (name, report) VALUES ('verification', '{\"problems\": 2}')"


@pytest.mark.parametrize(
    ("statements", "codes"),
    [
        ([], {"log.none"}),
        ([SEALED, ANCHORED % "now()"], set()),
        ([SEALED, ANCHORED % "now() - interval '3 days'"], {"log.anchor"}),
        ([SEALED], {"log.anchor"}),
        ([SEALED, LOST.format("anchoring")], {"log.anchor"}),
        ([SEALED, ANCHORED % "now()", WAITS], {"log.waits"}),
        ([SEALED, ANCHORED % "now()", WAITS, LOST.format("sealing")], {"log.refused"}),
        ([SEALED, ANCHORED % "now()", BROKEN], {"log.broken"}),
    ],
)
def test_a_log_that_proves_less_than_it_should(
    settings: Settings, statements: list[str], codes: set[str]
) -> None:
    (settings.audit_log_dir / "1").mkdir(parents=True)
    (settings.audit_log_dir / "1" / "checkpoint").touch()
    change(settings, *statements)
    assert set(wrong(record.examine(settings))) == codes


def test_a_log_that_pages_cannot_read_or_could_sign(settings: Settings) -> None:
    change(settings, SEALED, ANCHORED % "now()")
    settings.audit_key_file.parent.mkdir()
    settings.audit_key_file.touch()
    found = wrong(record.examine(replace(settings, environment="production")))
    assert set(found) == {"log.away", "log.key"}


# --- Temporal -------------------------------------------------------------------------------------


def test_a_temporal_that_is_away(settings: Settings) -> None:
    assert set(wrong(temporal.examine(settings))) == {"temporal.away"}


@pytest.mark.temporal
def test_nobody_polls(temporal_settings: Settings) -> None:
    found = wrong(temporal.examine(temporal_settings))
    assert set(found) - {"temporal.retention"} == {"workers.none", "workers.sealer"}
    assert temporal_settings.temporal_task_queue in found["workers.none"].said


def test_a_worker_that_polls_no_webhooks() -> None:
    """Each queue counts: what one thread polls says nothing about the others."""
    seen = {("q", temporal.WORKFLOW): 1, ("q-webhooks", temporal.ACTIVITY): 0}
    found = temporal._working(seen, "q")
    assert found.code == "workers.some"
    assert "nobody polls q-webhooks" in found.said


@pytest.mark.temporal
def test_a_namespace_that_is_missing_or_bare(temporal_settings: Settings) -> None:
    missing = replace(temporal_settings, temporal_namespace="not-there")
    found = wrong(temporal.examine(missing))
    assert "temporal operator namespace create -n not-there" in found["temporal.namespace"].todo

    async def register() -> None:
        client = await Client.connect(temporal_settings.temporal_address)
        kept = Duration(seconds=86_400)
        request = RegisterNamespaceRequest(
            namespace="bare", workflow_execution_retention_period=kept
        )
        await client.workflow_service.register_namespace(request)

    asyncio.run(register())
    bare = replace(temporal_settings, temporal_namespace="bare")
    for _ in range(100):  # the server takes a moment to know a new namespace
        found = wrong(temporal.examine(bare))
        if "temporal.namespace" not in found:
            break
    assert {"temporal.retention", "temporal.attributes", "workers.none"} <= set(found)


# --- mail -----------------------------------------------------------------------------------------


def test_a_mail_server_that_takes_us_and_others(settings: Settings) -> None:
    assert set(wrong(mail.examine(settings))) == {"mail.none"}
    assert set(wrong(mail.examine(mailing(settings, any_free())))) == {"mail.away"}
    with mail_server() as server:
        assert wrong(mail.examine(mailing(settings, server.port))) == {}
        bare = mailing(settings, server.port, tls="starttls")
        assert "SMTP_TLS=tls" in wrong(mail.examine(bare))["mail.away"].todo
        assert server.mails == []


# --- files and disk -------------------------------------------------------------------------------


def test_a_folder_for_files_is_tried(settings: Settings) -> None:
    assert not {"storage.away", "storage.full"} & set(wrong(storage.examine(settings)))
    assert [each for each in settings.attachments_dir.rglob("*") if each.is_file()] == []


def test_a_folder_for_files_that_is_none(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = wrong(storage.examine(replace(settings, attachments_dir=tmp_path / "file")))
    assert "may write to it" in found["storage.away"].todo


def closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a folder be as for another user: tests may run as root, whom no folder refuses."""
    stat, listed, access = Path.stat, Path.iterdir, os.access

    def refuse(path: Path) -> None:
        if path.is_relative_to(folder):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

    def guarded(of: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Path, *words: object, **named: object) -> object:
            refuse(path)
            return of(path, *words, **named)

        return call

    monkeypatch.setattr(Path, "stat", guarded(stat))
    monkeypatch.setattr(Path, "iterdir", guarded(listed))
    monkeypatch.setattr(os, "access", lambda path, mode: path != folder and access(path, mode))


def test_folders_that_this_user_may_not_enter(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed folder is a finding; it once ended the doctor with a traceback."""
    change(settings, SEALED, ANCHORED % "now()")
    shut = tmp_path / "shut"
    shut.mkdir()
    elsewhere = replace(settings, audit_log_dir=shut, backups_dir=shut / "backups")
    assert not {"disk.away", "storage.backups"} & set(wrong(storage.examine(elsewhere)))
    closed(shut, monkeypatch)
    assert {"disk.away", "storage.backups"} <= set(wrong(storage.examine(elsewhere)))
    assert "log.away" in wrong(record.examine(elsewhere))


def test_a_disk_that_gives_back_other_bytes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FolderStore, "read", lambda *_: iter([b"other"]))
    assert "storage.wrong" in wrong(storage.examine(settings))


@pytest.mark.parametrize(("megabytes", "code"), [(100, "disk.full"), (1_000, "disk.low")])
def test_a_disk_without_room(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, megabytes: int, code: str
) -> None:
    usage = namedtuple("usage", "total used free")(10**11, 0, megabytes * 10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert code in wrong(storage.examine(settings))


# --- the way that people come ---------------------------------------------------------------------


@contextmanager
def served(app: Callable[..., object], certificate: tuple[str, str] | None = None) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=certificate)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def publicly(settings: Settings, port: int, **values: object) -> Settings:
    url = f"http://127.0.0.1:{port}"
    return replace(settings, public_url=url, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hops", "hosts", "expected"),
    [
        (0, ("127.0.0.1",), set()),
        (1, ("127.0.0.1",), {"proxy.believes"}),
        (0, ("approvals.example",), {"proxy.host"}),
    ],
)
def test_what_the_portal_believes(
    make_app, settings: Settings, hops: int, hosts: tuple[str, ...], expected: set[str]
) -> None:
    app = make_app(replace(settings, trusted_proxies=hops, trusted_hosts=hosts))
    with served(app) as port:
        found = wrong(proxy.examine(publicly(settings, port, trusted_proxies=hops)))
    assert set(found) == expected


def test_a_public_address_where_nobody_or_somebody_else_answers(settings: Settings) -> None:
    assert set(wrong(proxy.examine(publicly(settings, any_free())))) == {"proxy.away"}

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(502 if self.headers["Host"].endswith("2") else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever).start()
        found = wrong(proxy.examine(publicly(settings, other.server_port)))
        other.shutdown()
    assert set(found) <= {"proxy.elsewhere", "proxy.pages"}
    assert found


# --- everything at once ---------------------------------------------------------------------------


def broken_everywhere(settings: Settings, folder: Path) -> Settings:
    """Settings and a database with nearly everything wrong."""
    settings.audit_key_file.parent.mkdir()
    settings.audit_key_file.touch()
    (folder / "file").touch()
    change(
        settings,
        "DROP EXTENSION pg_trgm CASCADE",
        "REVOKE INSERT ON portal.commands FROM gloria_app",
        "GRANT DELETE ON portal.audit_events TO gloria_app",
        f"{FORGET} WHERE revision = (SELECT max(revision) {TABLE})",
        SEALED, WAITS, BROKEN, LOST.format("anchoring"), LOST.format("workflows"),
    )  # fmt: skip
    return replace(
        mailing(settings, any_free()),
        environment="production", log_level="DEBUG", backups_dir=ROOT / "var" / "backups",
        attachments_dir=folder / "file", database_pool_size=200,
        public_url=f"http://127.0.0.1:{any_free()}",
    )  # fmt: skip


PLANTED = {
    "settings.debug", "settings.inside", "settings.readable", "settings.owner", "database.fsync",
    "database.commit", "database.rights", "database.one-role", "database.connections",
    "database.extension", "database.schema", "log.waits", "log.away", "log.key", "log.anchor",
    "log.broken", "temporal.away", "workflows.unchecked", "mail.away", "storage.away", "disk.full",
    "proxy.away",
}  # fmt: skip


def test_twenty_faults_at_once_are_each_found(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the whole examination, as an administrator with a bad day would see it."""
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o644)
    monkeypatch.setenv("SECRET_KEY_FILE", str(secret))
    usage = namedtuple("usage", "total used free")(10**11, 0, 10**8)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    found = wrong(clinic.examine(broken_everywhere(settings, tmp_path)))
    assert len(PLANTED) > 20
    assert PLANTED - set(found) == set()


# --- the command ----------------------------------------------------------------------------------


def test_the_command_says_what_to_do_and_leaves_with_one(app) -> None:
    result = app.test_cli_runner().invoke(args=["portal", "doctor"])
    assert result.exit_code == 1
    assert (
        "Temporal at 127.0.0.1:1: nobody answers there. [temporal.away]"
        in result.output.replace("there [", "there. [")
    )
    assert "-> look at TEMPORAL_ADDRESS" in result.output
    assert "to mend. docs/troubleshooting.md says more." in result.output
    lines = app.test_cli_runner().invoke(args=["portal", "doctor", "--json"]).output.splitlines()
    assert {"level", "code", "said", "todo"} == set(json.loads(lines[0]))


def test_warnings_alone_leave_with_three(app, monkeypatch: pytest.MonkeyPatch) -> None:
    for found, code in (([given.warning("a.b", "x", "y")], 3), ([given.well("a", "x")], 0)):
        monkeypatch.setattr(clinic, "examine", lambda _, found=found: iter(found))
        assert app.test_cli_runner().invoke(args=["portal", "doctor"]).exit_code == code
