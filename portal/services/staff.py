"""People's records: a new person, and what is written about one. What else can be changed about
somebody has an act of its own in `services.people`; each is noted with before and after.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256
from zoneinfo import available_timezones

from sqlalchemy import func, insert, select, update

from portal.directory.planner import BEFORE_A_CHANGE
from portal.domain.people.absence import ChangeKind, ReviewScope
from portal.extensions import db
from portal.models import Department, User
from portal.services import accounts
from portal.services.accounts import AccountRefused
from portal.services.people import PeopleRefused, PersonChange, apply, locked, require_power
from portal.services.people_changes import have_reviewed, note
from portal.services.preferences import time_digests
from portal.translation import _

LONGEST_NUMBER = 40
LONGEST_TITLE = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is written about a person. Without an address nobody signs in or is mailed."""

    name: str
    email: str | None = None
    employee_no: str | None = None
    job_title: str | None = None
    department_id: str | None = None
    time_zone: str = "UTC"
    locale: str = ""

    @property
    def mark(self) -> str:
        """What tells one state of a record from another."""
        return sha256(repr(asdict(self)).encode()).hexdigest()[:16]


class FieldRefused(Exception):
    """A value that cannot be; `field` is one of `Details`, the message a sentence for people.
    `taken`: because somebody else has it."""

    def __init__(self, field: str, sentence: str, *, taken: bool = False) -> None:
        super().__init__(sentence)
        self.field, self.taken = field, taken


class RecordMoved(Exception):
    """Somebody else changed the record since the form was drawn."""


def add(person_id: str, details: Details, also: Iterable[PersonChange], actor_id: str) -> None:
    """Add a person, with a manager, a place, groups and roles (`also`). The same form sent again
    adds nobody. Raises FieldRefused and PeopleRefused."""
    db.session.execute(BEFORE_A_CHANGE)
    require_power(actor_id, ())
    if db.session.get(User, person_id) is None:
        insert_person(person_id, details, actor_id)
        for change in also:
            apply(change)
        have_reviewed(person_id, ReviewScope.STUCK, f"{details.name} was added.")
    db.session.commit()


def insert_person(person_id: str, details: Details, actor_id: str | None, words: str = "") -> None:
    """The same in the caller's transaction, without what goes beside. Raises FieldRefused."""
    details = checked(details, person_id)
    db.session.execute(insert(User).values(id=person_id, **asdict(details)))
    note(person_id, ChangeKind.ADDED, actor_id, {"after": _shown(details)}, words)


def change(person_id: str, details: Details, seen: str, actor_id: str, reason: str = "") -> bool:
    """Write something else about a person whose record was seen with the mark `seen`; False if it
    says so already. Raises FieldRefused, PeopleRefused, RecordMoved and LookupError."""
    db.session.execute(BEFORE_A_CHANGE)
    person = locked(person_id, actor_id)
    if person is None:
        raise LookupError(person_id)
    require_power(actor_id, person.roles)
    before = written(person)
    made = before != details and rewrite(person, details, actor_id, reason, seen=seen)
    db.session.commit()
    return made


def rewrite(
    person: User, details: Details, actor_id: str | None, reason: str, seen: str | None = None
) -> bool:
    """The same in the caller's transaction, where the record's mark is `seen`; None: whatever it
    is. Raises FieldRefused and RecordMoved."""
    before = written(person)
    if seen is not None and seen != before.mark:
        raise RecordMoved
    after = checked(details, person.id)
    shown = _shown(before), _shown(after)
    changed = [name for name in shown[0] if shown[0][name] != shown[1][name]]
    if not changed:
        return False
    sides = [{name: side[name] for name in changed} for side in shown]
    data = {"before": sides[0], "after": sides[1]}
    note(person.id, ChangeKind.DETAILS, actor_id, data, reason)
    db.session.execute(update(User).where(User.id == person.id).values(**asdict(after)))
    if before.time_zone != after.time_zone:
        time_digests(str(person.id))
    if before.department_id != after.department_id:
        cause = f"{after.name} moved to another department."
        have_reviewed(person.id, ReviewScope.REQUESTS, cause)
    return True


def written(person: User) -> Details:
    """What a person's row says."""
    return Details(**{name: getattr(person, name) for name in Details.__dataclass_fields__})


def checked(details: Details, person_id: str) -> Details:
    """The details as they are kept. Raises FieldRefused."""
    try:
        name = accounts.checked_name(details.name)
    except AccountRefused as refused:
        raise FieldRefused("name", str(refused)) from refused
    kept = {**asdict(details), "name": name}
    if details.email:
        try:
            kept["email"] = accounts.checked_email(details.email)
        except AccountRefused as refused:
            raise FieldRefused("email", str(refused)) from refused
    _require_free(Details(**kept), person_id)
    if details.time_zone not in available_timezones():
        raise FieldRefused("time_zone", _("Choose a time zone from the list."))
    return Details(**kept)


def _require_free(details: Details, person_id: str) -> None:
    """Nobody else has the address or the number. Changes of people wait for each other."""
    others = select(User.name).where(User.id != person_id)
    mine = {
        "email": func.lower(User.email) == (details.email or "").lower(),
        "employee_no": User.employee_no == details.employee_no,
    }
    for field, same in mine.items():
        name = getattr(details, field) and db.session.scalar(others.where(same))
        if name:
            raise FieldRefused(field, _("%(name)s has it already.", name=name), taken=True)


def _shown(details: Details) -> dict[str, str | None]:
    """The details as they are noted: a department by its name."""
    shown = asdict(details)
    given = shown.pop("department_id")
    name = given and db.session.scalar(select(Department.name).where(Department.id == given))
    if given and name is None:
        raise PeopleRefused(_("This department no longer exists. Choose another one."))
    return {**shown, "department": name}
