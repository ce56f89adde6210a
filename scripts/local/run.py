"""``./scripts/run``: the whole portal on this machine, from one command."""

import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from scripts.local import addresses, options, parts, postgres, surroundings, temporal
from scripts.local.failure import LocalFailure, explained, tail
from scripts.local.installation import Installation
from scripts.local.ports import choosing_alone
from scripts.local.processes import Service, leave
from scripts.local.supervisor import (
    PartDied,
    Stopped,
    Supervisor,
    ignore_signals,
    stopping_on_signals,
)

SPACE_NEEDED = 300 * 1024 * 1024
PATIENCE = 180.0
NOT_THERE = "--with-legacy makes up an old engine, and does so only in a database of its own."
MOVE = """\
Old engine     {0}/admin/cutover (for an administrator) shows the move, which is
               {1} scripts/migrate_workflows_to_temporal.py

"""
NO_ACCOUNTS = "No demo accounts here: ./scripts/flask portal create-admin makes the first account."
FIRST = """\
First account  {}
               This link makes the first administrator's account. It works once, for a day."""


@dataclass
class Run:
    """One run, from the first look at the settings to the stop."""

    options: options.Options
    installation: Installation = field(default_factory=Installation)

    def __post_init__(self) -> None:
        self.given = surroundings.given(self.installation.root)
        self.supervisor = Supervisor(self.installation)
        if self.given.get("ENVIRONMENT", "").strip() == "production":
            raise LocalFailure(surroundings.NOT_FOR_PRODUCTION)
        self.database_url = surroundings.database_url(self.given)
        self.own_database = self.database_url is None
        self.own_temporal = "TEMPORAL_ADDRESS" not in self.given
        self.own_mail = "SMTP_HOST" not in self.given

    def start(self) -> None:
        """Start every part and wait until all are healthy. Raises LocalFailure."""
        began = time.monotonic()
        self.supervisor.end_leftovers()
        if self.options.fresh:
            self._delete()
        _check_space(self.installation.var)
        self._check_given()
        with choosing_alone():
            ports = addresses.choose(self.options, self.installation, self._started())
            print(*ports.notes, sep="\n", end="\n" * bool(ports.notes), flush=True)
            env = self._servers(ports)
            self._portal(ports, env)
        self._greet(env, time.monotonic() - began)

    def _started(self) -> frozenset[str]:
        names = {"port"}
        names |= {"postgres_port"} if self.own_database else set()
        names |= {"temporal_port", "temporal_ui_port"} if self.own_temporal else set()
        names |= {"smtp_port"} if self.own_mail else set()
        return frozenset(names)

    def _check_given(self) -> None:
        if self.options.with_legacy and not self.own_database:
            raise LocalFailure(NOT_THERE)
        if self.database_url is not None:
            surroundings.check_database(self.database_url)
        # Over TLS the worker says what is wrong: it has the certificates.
        if not self.own_temporal and self.given.get("TEMPORAL_TLS") != "true":
            namespace = self.given.get("TEMPORAL_NAMESPACE", "default")
            surroundings.check_temporal(self.given["TEMPORAL_ADDRESS"], namespace)

    def _servers(self, ports: addresses.Ports) -> dict[str, str]:
        """Start the servers that are ours; the settings for the portal's own processes."""
        if self.own_temporal:
            print("Starting Temporal ...", flush=True)
            self.supervisor.add(
                self._temporal(ports), lambda: self._temporal(ports), is_server=True
            )
        url = self.database_url or ""
        if self.own_database:
            print("Starting PostgreSQL ...", flush=True)
            database = self._postgres(ports)
            self.supervisor.add(
                database.service, lambda: self._postgres(ports).service, is_server=True
            )
            url = database.app_url()
        added = surroundings.additions(
            self.installation, url, ports.temporal_port, ports.temporal_ui_port, ports.port
        )
        if self.own_database:
            added |= surroundings.roles_of(database)
        in_files = {name for name in added if f"{name}_FILE" in self.given} - set(self.given)
        settings = {
            name: self.given.get(name, value)
            for name, value in added.items()
            if name not in in_files
        }
        if self.own_mail:
            settings |= surroundings.catching(self.installation.var / "mail", ports.smtp_port)
        surroundings.write_local_env(self.installation, settings)
        return {**self.given, **settings}

    def _temporal(self, ports: addresses.Ports) -> Service:
        return temporal.launch_temporal(
            ports.temporal_port,
            self.installation.log("temporal"),
            ui_port=ports.temporal_ui_port,
            store=self.installation.var / "temporal" / "temporal.sqlite",
        ).service

    def _postgres(self, ports: addresses.Ports) -> postgres.PostgresServer:
        home = self.installation.var / "postgres"
        return postgres.start_postgres(
            home, ports.postgres_port, self.installation.log("postgresql")
        )

    def _portal(self, ports: addresses.Ports, env: dict[str, str]) -> None:
        """Prepare the database, start worker and web, and wait until all are ready."""
        kit = parts.Parts(self.installation, self.options, env)
        demo = not self.options.empty and not self.installation.demo_accounts.exists()
        print("Preparing the database" + ", with the demo organisation" * demo + " ...", flush=True)
        self.installation.log("preparation").unlink(missing_ok=True)
        preparation = kit.prepare(demo=demo, own_temporal=self.own_temporal)
        try:
            if not self._was_prepared():
                self._wait_for(preparation, "migrated\n")
            print("Starting worker and web ...", flush=True)
            if self.own_mail:
                catch = partial(kit.mail_catcher, ports.smtp_port)
                self.supervisor.add(catch(), catch)
            self.supervisor.add(kit.worker(), kit.worker)
            self.supervisor.add(kit.web(ports.port), lambda: kit.web(ports.port))
            self._wait_for(preparation)
        finally:
            preparation.stop()
        self.installation.remember("prepared", {self.installation.code(): 1})
        self.supervisor.wait(lambda: parts.is_ready(ports.port), "The web", PATIENCE)

    def _was_prepared(self) -> bool:
        """Whether our own database had all migrations of this very code at the last start.

        Then worker and web need not wait for the preparation, which runs all the same.
        """
        return self.own_database and self.installation.code() in self.installation.remembered(
            "prepared"
        )

    def _wait_for(self, preparation: Service, words: str = "") -> None:
        """Wait until the preparation has said the words, or has ended. Raises if it failed."""
        self.supervisor.wait(
            lambda: (
                not preparation.is_running()
                or (words != "" and words in tail(preparation.log) + "\n")
            ),
            "The preparation of the database",
            PATIENCE,
        )
        if preparation.process.returncode:
            sentence = f"The database could not be prepared. The end of {preparation.log}:"
            raise LocalFailure(sentence, tail(preparation.log))

    def _delete(self) -> None:
        var = self.installation.var
        if not self.options.yes:
            if not sys.stdin.isatty():
                raise LocalFailure(f"--fresh deletes all data under {var}: add --yes to say so.")
            answer = input(f"Delete all requests, accounts and files under {var}? Type yes: ")
            if answer.strip().lower() != "yes":
                raise LocalFailure("Nothing was deleted and nothing was started.")
        ports = self.installation.remembered("ports")
        with explained(var):
            self.installation.delete()
            # Bookmarks and open tabs go on to work.
            self.installation.remember("ports", ports)

    def _greet(self, env: dict[str, str], seconds: float) -> None:
        accounts = self.installation.demo_accounts
        lines = accounts.read_text(encoding="utf-8").strip() if accounts.exists() else ""
        if not lines and (link := parts.first_link(env, self.installation.root)):
            lines = FIRST.format(link)
        mail = f"  Sent mail      {env['PUBLIC_URL']}/dev/mail\n" if self.own_mail else ""
        print(
            f"\nGloria Approvals runs (started in {seconds:.1f} s).\n"
            f"  Portal         {env['PUBLIC_URL']}\n"
            f"  Temporal       {env['TEMPORAL_UI_URL']}\n"
            f"{mail}"
            f"  Logs           {self.installation.var / 'log'}\n\n"
            f"{lines or NO_ACCOUNTS}\n\n"
            f"{MOVE.format(env['PUBLIC_URL'], sys.executable) * self.options.with_legacy}"
            "Ctrl-C stops everything and keeps the data.",
            flush=True,
        )


def _check_space(folder: Path) -> None:
    with explained(folder):
        free = shutil.disk_usage(folder).free
    if free < SPACE_NEEDED:
        raise LocalFailure(
            f"The disk that holds {folder} is full: {free // 2**20} MB are free, and the servers "
            f"need {SPACE_NEEDED // 2**20} MB to begin with."
        )


def main(arguments: list[str]) -> int:
    """Run until Ctrl-C or SIGTERM. Returns the exit code (see ``options.EPILOGUE``)."""
    chosen = options.parse(arguments)
    os.umask(0o077)  # what the parts write is for this user alone
    os.chdir(Installation().root)
    try:
        with Installation().locked(), stopping_on_signals():
            return _run(Run(chosen))
    except LocalFailure as failure:
        print(failure.sentence, *filter(None, [failure.detail]), sep="\n", file=sys.stderr)
        return 2


def _run(run: Run) -> int:
    code = 2
    try:
        run.start()
        code = 1
        run.supervisor.watch()
    except Stopped:
        print("\nStopping ...", flush=True)
        code = 0
    except PartDied as death:
        print(death, file=sys.stderr, flush=True)
    finally:
        ignore_signals()
        run.supervisor.stop()
    print("Stopped; the data are kept.", flush=True)
    return code


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
