"""The setup as a list of tasks, each done or not by what the installation holds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from portal.presentation import times
from portal.presentation.labels import listed
from portal.presentation.times import Viewpoint
from portal.queries.setup import SetupRecord
from portal.services import backups
from portal.translation import _, ngettext

# A backup is taken each night: whoever looks the day after one failed is not alarmed yet.
OLD = timedelta(days=2)


class State(StrEnum):
    """How a task stands."""

    DONE = "done"
    NEXT = "next"
    TODO = "todo"
    PROBLEM = "problem"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class SetupTask:
    """One task: where it is done (an endpoint, "" for outside the portal) and how it stands."""

    title: str
    text: str
    endpoint: str
    label: str
    state: State


@dataclass(frozen=True, slots=True)
class Section:
    """Tasks under one heading."""

    title: str
    tasks: tuple[SetupTask, ...]

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(task.state is State.DONE for task in self.tasks)


@dataclass(frozen=True, slots=True)
class HowItRuns:
    """How the portal is run, as far as its settings and its disk say. `last_backup`: when the
    newest in BACKUPS_DIR was begun; `sees_backups`: whether this process can look there."""

    mail: bool
    https: bool
    sees_backups: bool
    last_backup: datetime | None = None

    @classmethod
    def of(cls, *, mail: bool, https: bool, folder: Path) -> "HowItRuns":
        """With what lies in that folder of backups."""
        try:
            return cls(mail, https, True, backups.newest(folder))
        except OSError:
            return cls(mail, https, False)


def sections(found: SetupRecord, running: HowItRuns, view: Viewpoint) -> tuple[Section, ...]:
    """Everything in the order in which it is best done; the first that is open is the next."""
    drawn = (
        Section(_("Organisation"), _organisation(found, running.mail)),
        Section(_("People"), _people(found)),
        Section(_("First request"), _first_request(found)),
        Section(_("Running it"), (*_served(running, view), _signing_in(found))),
    )
    every = [task for section in drawn for task in section.tasks]
    following = next((task for task in every if task.state is State.TODO), None)
    return tuple(
        Section(
            section.title,
            tuple(_as_next(task) if task is following else task for task in section.tasks),
        )
        for section in drawn
    )


def _as_next(task: SetupTask) -> SetupTask:
    return SetupTask(task.title, task.text, task.endpoint, task.label, State.NEXT)


def _task(
    title: str, text: str, endpoint: str, label: str, *, done: bool, problem: bool = False
) -> SetupTask:
    state = State.PROBLEM if problem else State.DONE if done else State.TODO
    return SetupTask(title, text, endpoint, label, state)


def _settings(found: SetupRecord) -> tuple[SetupTask, ...]:
    return (
        _task(
            _("Name of the organisation"),
            found.name or _("It stands above the menu, so that people know where they are."),
            "admin.show_organisation",
            _("Enter the name"),
            done=bool(found.name),
        ),
        _task(
            _("Logo and colour"),
            _("People see that this portal is their organisation's.")
            if found.has_looks
            else _("On every page, in emails and on paper."),
            "admin.show_organisation",
            _("Organisation"),
            done=found.has_looks,
        ),
        _task(
            _("Currency and time zone"),
            _("New amounts and new people begin with the organisation's.")
            if found.has_defaults
            else _("Without them, new amounts are in EUR and new people in UTC."),
            "admin.show_organisation",
            _("Organisation"),
            done=found.has_defaults,
        ),
    )


def _organisation(found: SetupRecord, mail: bool) -> tuple[SetupTask, ...]:
    if found.mail_seen_by:
        told = _("A test email reached %(address)s.", address=found.mail_seen_by)
    elif found.mails_sent:
        told = _("The mail server took mail. Nobody said yet that it arrived.")
    elif mail:
        told = _("Nothing was sent yet. Send yourself a test email.")
    else:
        told = _("SMTP_HOST is not set: nobody gets email, and links are handed over by hand.")
    return (
        *_settings(found),
        _task(
            _("Second administrator"),
            ngettext("%(n)s administrator.", "%(n)s administrators.", found.administrators)
            if found.administrators > 1
            else _("Only you can administer. If your account is locked, nobody else can."),
            "admin.new_person",
            _("Add an administrator"),
            done=found.administrators > 1,
        ),
        _task(
            _("Working hours and holidays"),
            ngettext("%(n)s calendar.", "%(n)s calendars.", found.calendars)
            if found.calendars
            else _("Without a calendar, deadlines count every hour of every day."),
            "admin.new_calendar",
            _("Add a calendar"),
            done=found.calendars > 0,
        ),
        _task(
            _("Test email"),
            told,
            "admin.show_test_mail",
            _("Test email"),
            done=bool(found.mail_seen_by),
        ),
    )


def _people(found: SetupRecord) -> tuple[SetupTask, ...]:
    return (
        _task(
            _("People"),
            ngettext("%(n)s person.", "%(n)s people.", found.people),
            "admin.new_import",
            _("Import people"),
            done=found.people > 2,
        ),
        _task(
            _("Departments with heads"),
            ngettext("%(n)s has no head.", "%(n)s have no head.", found.headless)
            if found.headless
            else ngettext("%(n)s department.", "%(n)s departments.", found.departments),
            "admin.list_departments",
            _("Departments"),
            done=found.departments > 0,
            problem=found.headless > 0,
        ),
        _task(
            _("Everyone has a manager, or is one"),
            _adrift(found),
            "admin.list_people",
            _("People and groups"),
            done=found.people > 1,
            problem=found.adrift > 0 and found.people > 1,
        ),
    )  # fmt: skip


def _adrift(found: SetupRecord) -> str:
    names = listed(found.adrift_names)
    if not found.adrift:
        return _("Requests can go to everybody's manager.")
    if found.adrift > len(found.adrift_names):
        names = _("%(names)s and others", names=", ".join(found.adrift_names))
    return ngettext(
        "%(n)s person has neither: %(names)s.",
        "%(n)s people have neither: %(names)s.",
        found.adrift,
        names=names,
    )


def _first_request(found: SetupRecord) -> tuple[SetupTask, ...]:
    return (
        _task(
            _("First request type"),
            ngettext("%(n)s can be asked for.", "%(n)s can be asked for.", found.types)
            if found.types
            else _("Nothing can be asked for yet."),
            "admin.list_types" if found.types else "admin.new_type",
            _("Request types") if found.types else _("Choose from the gallery"),
            done=found.types > 0,
        ),
        _task(
            _("Try one request"),
            _("A request was approved.")
            if found.decided
            else _("Submit one and let it be approved: then you know that all of it works."),
            "requests.choose_type",
            _("New request"),
            done=found.decided > 0,
        ),
    )


def _served(running: HowItRuns, view: Viewpoint) -> tuple[SetupTask, ...]:
    at = running.last_backup
    return (
        _task(
            _("HTTPS"),
            _("People reach the portal by HTTPS.")
            if running.https
            else _("PUBLIC_URL begins with http: good for a trial on this machine only."),
            "",
            "",
            done=running.https,
        ),
        _task(
            _("Backup"),
            _backup(running, view),
            "",
            "",
            done=at is not None,
            problem=at is not None and view.now - at > OLD,
        ),
    )


def _backup(running: HowItRuns, view: Viewpoint) -> str:
    at = running.last_backup
    if at is not None:
        told = _("Last backup: %(at)s.", at=times.absolute(at, view.zone))
        if view.now - at <= OLD:
            return told
        return _("%(told)s See why scripts/backup did not run since.", told=told)
    if running.sees_backups:
        return _("None was taken yet. Let scripts/backup run each night on the server.")
    return _(
        "The portal sees no folder of backups. Let scripts/backup run each night on the server; "
        "it names the folder of each backup, and BACKUPS_DIR shows it here."
    )


def _signing_in(found: SetupRecord) -> SetupTask:
    without = found.without_password
    if found.people <= 1:
        return SetupTask(
            _("Everyone can sign in"),
            _("Opens when there are people to invite. Adding or importing people emails nobody."),
            "",
            "",
            State.LOCKED,
        )
    return _task(
        _("Everyone can sign in"),
        ngettext("%(n)s person has no password yet.", "%(n)s people have no password yet.", without)
        if without
        else _("Everyone with an email address has a password."),
        "admin.show_invitations",
        _("Invitations"),
        done=without == 0,
    )
