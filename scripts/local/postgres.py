"""A PostgreSQL server of our own, from the wheel's programs.

It listens on 127.0.0.1 only, has no Unix socket, and asks for a password (SCRAM). The superuser
``postgres`` makes databases and roles (`portal.proof.roles`); the portal signs in as
``gloria_app``, who may only add to the record, and migrations as ``gloria_migrate``, who acts as
the owner.
"""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from portal.proof import roles
from scripts.local import account as accounts
from scripts.local import binaries, processes, secret
from scripts.local.account import Account
from scripts.local.failure import LocalFailure, explained, from_log
from scripts.local.ports import HOST

SUPERUSER = "postgres"
# Who owns everything. Before there were roles, one who signed in did.
ROLE = roles.OWNER
FORMER = "gloria"
DATABASE = "gloria"
PATIENCE = 60.0
OPTIONS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "jit": "off",
}
FORGETFUL = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "256MB",
}  # fmt: skip


@dataclass(frozen=True)
class PostgresServer:
    """A running server."""

    service: processes.Service
    port: int
    admin_password: str
    password: str

    def url(self, database: str = DATABASE, role: str = roles.MIGRATE) -> str:
        """The address for a role; that of migrations acts as the owner."""
        return f"postgresql://{role}:{quote(self.password)}@{HOST}:{self.port}/{database}"

    def app_url(self, database: str = DATABASE) -> str:
        """The address for the portal itself."""
        return self.url(database, roles.APP)

    def admin_url(self, database: str = "postgres") -> str:
        """The address for the superuser."""
        return (
            f"postgresql://{SUPERUSER}:{quote(self.admin_password)}@{HOST}:{self.port}/{database}"
        )

    def stop(self) -> None:
        """Fast shutdown: clients are cut, committed work is on disk."""
        self.service.stop()


def start_postgres(home: Path, port: int, log: Path, *, durable: bool = True) -> PostgresServer:
    """Start the server whose data belong to ``home``; the first time, make them.

    A server left over from a killed run on the same data is stopped first. Not durable means
    faster and lost in a crash: for tests. Raises LocalFailure with a sentence for people.
    """
    account = accounts.unprivileged()
    with explained(home):
        place = accounts.folder_for(home.resolve(), account)
        programs = binaries.postgres(place, account)
        admin_password = secret.kept(home / "admin-password")
        password = secret.kept(home / "password")
        data = place / "data"
        if not data.exists():
            _make_cluster(programs, data, account, admin_password)
    _end_leftover(data)
    options = OPTIONS | {"port": str(port)} | ({} if durable else FORGETFUL)
    command = [str(programs / "postgres"), "-D", str(data)]
    command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    service = processes.start(
        "PostgreSQL",
        command,
        log,
        account=account,
        cwd=data if account is None else Path("/"),
        stop_signal=signal.SIGINT,
    )
    server = PostgresServer(service, port, admin_password, password)
    try:
        _wait(server)
        _make_database(server)
    except BaseException:
        server.stop()
        raise
    return server


@contextmanager
def running_postgres(home: Path, port: int, *, durable: bool = True) -> Iterator[PostgresServer]:
    """A server for the length of a ``with`` block."""
    server = start_postgres(home, port, home / "postgres.log", durable=durable)
    try:
        yield server
    finally:
        server.stop()


def _make_cluster(programs: Path, data: Path, account: Account | None, password: str) -> None:
    """Run initdb in a draft folder, then give it its name: a half-made one never counts."""
    draft = data.with_name("data-draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    word = data.with_name("initial-password")
    secret.write_private(word, password)
    if account is not None:
        account.own(draft)
        account.own(word)
    command = [str(programs / "initdb"), "-D", str(draft), "-U", SUPERUSER, "--pwfile", str(word)]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = subprocess.run(
        command,
        cwd="/",
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        capture_output=True,
        text=True,
        check=False,
    )
    word.unlink()
    if done.returncode != 0:
        if "No space left on device" in done.stderr:
            raise LocalFailure(f"The disk that holds {data} is full: free some space, then retry.")
        raise LocalFailure("PostgreSQL could not make its data folder:", done.stderr.strip())
    draft.rename(data)


def _end_leftover(data: Path) -> None:
    """Stop a server that a killed run left on these data, and clear a pid file without one."""
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text(encoding="ascii").splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    words = processes.command_line(pid)
    if str(data) in words:
        processes.end(pid, signal.SIGINT)
    lock.unlink(missing_ok=True)


def _wait(server: PostgresServer) -> None:
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        if not server.service.is_running():
            raise from_log("PostgreSQL", server.service.log)
        try:
            psycopg.connect(server.admin_url(), connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise LocalFailure(
                    f"Another PostgreSQL answers on port {server.port}, or the password files "
                    "under var/postgres were changed."
                ) from error
            time.sleep(0.05)
        else:
            return
    raise from_log("PostgreSQL", server.service.log)


def _make_database(server: PostgresServer) -> None:
    """Make the portal's roles and database where they are missing, and hand over what a version
    before them left."""
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
        if ROLE not in known:
            words = dict.fromkeys(roles.SIGNING_IN, server.password)
            with connection.transaction():
                for statement in roles.make_statements(words):
                    connection.execute(statement.encode())
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone()
        if found is None:
            make_database = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(make_database.format(sql.Identifier(DATABASE), sql.Identifier(ROLE)))
    if FORMER in known:
        _hand_over(server)


def _hand_over(server: PostgresServer) -> None:
    with psycopg.connect(server.admin_url(DATABASE), autocommit=True) as connection:
        for statement in roles.hand_over_statements(DATABASE, FORMER):
            connection.execute(statement.encode())
        connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(FORMER)))
