"""People and groups written by an identity provider (SCIM 2.0): by the same acts as on the pages,
each noted with before and after, so that routes, open tasks and rights follow in the same way.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from portal.directory.planner import BEFORE_A_CHANGE
from portal.domain.marked import msgid
from portal.domain.people import provisioning as rules
from portal.domain.people.absence import ReviewScope
from portal.domain.people.permissions import Role, may_change, roles_in
from portal.domain.policy.types import is_id
from portal.extensions import db
from portal.models import Department, Group, GroupMember, ProvisionedGroup, ProvisionedPerson, User
from portal.models.columns import new_id
from portal.queries import gaps
from portal.queries import provisioning as kept
from portal.services import leaving, organisation, people, staff
from portal.services.accounts import time_zones
from portal.services.people import PeopleRefused, PersonAct, PersonChange, part
from portal.services.people_changes import have_reviewed
from portal.services.staff import Details
from portal.translation import _

ADDRESS_KEPT = msgid(
    "The address of an administrator or auditor is changed by an administrator, on their page."
)


class ReferenceRefused(PeopleRefused):
    """A manager or member that somebody or a group cannot have."""


class AlreadyThere(Exception):
    """Somebody else, or another group, has this name."""


@dataclass(frozen=True, slots=True)
class Source:
    """The provider that writes: its token, by id and name; and the languages that people can have
    here."""

    token_id: str
    name: str
    languages: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What the history of changes says of it."""
        return f"SCIM: {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidedPerson:
    """Somebody as a provider wants them: attributes by their names in SCIM. `whole`: it sent all of
    them, rather than a change of some; `shown`: what it was shown before."""

    user_name: str
    external_id: str | None
    attributes: dict[str, Any]
    shown: dict[str, Any]
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidedGroup:
    """A group as a provider wants it; `members`: ids of people."""

    name: str
    external_id: str | None
    members: tuple[str, ...]


@contextmanager
def operation(*, writes: bool) -> Iterator[None]:
    """One thing that a provider asks for: all of it or nothing. Changes of people wait for each
    other, so that what was read is still so when it is written."""
    if not writes:
        yield
        return
    db.session.execute(BEFORE_A_CHANGE)
    try:
        yield
    except BaseException:
        db.session.rollback()
        raise
    db.session.commit()


def add_person(given: ProvidedPerson, source: Source) -> str:
    """Add somebody, or take back whoever the provider deleted before; their id. Raises
    AlreadyThere, FieldRefused and PeopleRefused."""
    former = _deleted(given)
    _require_free_name(given.user_name, former)
    if former is not None:
        change_person(former, given, source)
        return former
    person_id = new_id()
    details = _details(None, given, given.attributes, source)
    staff.insert_person(person_id, details, None, source.words)
    have_reviewed(person_id, ReviewScope.STUCK, f"{details.name} was added.")
    person = _locked(person_id)
    attributes = rules.merged({}, {}, given.attributes, whole=True)
    _beside(person, attributes, source)
    _keep(person_id, given, attributes, source)
    return person_id


def change_person(person_id: str, given: ProvidedPerson, source: Source) -> None:
    """Write what a provider wants of somebody. Raises LookupError beside those of `add_person`."""
    person, row = _locked(person_id), db.session.get(ProvisionedPerson, person_id)
    _require_free_name(given.user_name, person_id)
    before = {} if row is None else row.written
    attributes = rules.merged(before, given.shown, given.attributes, whole=given.whole)
    details = _details(person, given, attributes, source)
    _require_power(person, details)
    staff.rewrite(person, details, None, source.words)
    _beside(person, attributes, source)
    _keep(person_id, given, attributes, source)


def remove_person(person_id: str, source: Source) -> None:
    """Somebody is deleted there: deactivated here, and the provider sees them no more. Raises
    LookupError and PeopleRefused."""
    person = _locked(person_id)
    _deactivate(person, source)
    row = {
        "user_id": person_id, "user_name": _user_name(person), "source": source.name,
        "token_id": source.token_id,
    }  # fmt: skip
    gone = {"removed_at": func.clock_timestamp(), "changed_at": func.clock_timestamp()}
    db.session.execute(
        insert(ProvisionedPerson)
        .values(**row, **gone)
        .on_conflict_do_update(index_elements=["user_id"], set_=gone)
    )


def _locked(person_id: str) -> User:
    person = people.locked(person_id, None) if is_id(person_id) else None
    if person is None:
        raise LookupError(person_id)
    return person


def _user_name(person: User) -> str:
    return person.email or person.employee_no or str(person.id)


def _deleted(given: ProvidedPerson) -> str | None:
    """Whom the provider deleted and now means again: by its own id, the name, or the address."""
    address = rules.address(given.user_name, given.attributes)
    same = [func.lower(ProvisionedPerson.user_name) == given.user_name.lower()]
    if given.external_id:
        same.append(ProvisionedPerson.external_id == given.external_id)
    if address:
        same.append(func.lower(User.email) == address.lower())
    return db.session.scalar(
        select(User.id)
        .join(ProvisionedPerson, ProvisionedPerson.user_id == User.id)
        .where(ProvisionedPerson.removed_at.is_not(None), or_(*same))
        .order_by(*(each.desc() for each in same), User.id)
        .limit(1)
    )


def _require_free_name(user_name: str, but: str | None) -> None:
    others = (
        select(User.id)
        .outerjoin(ProvisionedPerson, ProvisionedPerson.user_id == User.id)
        .where(func.lower(kept.USER_NAME) == user_name.lower())
    )
    if but is not None:
        others = others.where(User.id != but)
    if db.session.scalar(others.limit(1)) is not None:
        raise AlreadyThere(_("%(name)s has it already.", name=user_name))


def _details(
    person: User | None, given: ProvidedPerson, attributes: dict[str, Any], source: Source
) -> Details:
    """What a person's record says then: a field that the provider never wrote stays."""
    before = Details(name=given.user_name) if person is None else staff.written(person)
    values: dict[str, Any] = {}
    if person is None or "name" in attributes or "displayName" in attributes:
        values["name"] = rules.full_name(given.user_name, attributes)
    if person is None or "emails" in attributes or _renamed(person, given):
        values["email"] = rules.address(given.user_name, attributes)
    for name in ("title", "employeeNumber"):
        if name in attributes:
            values[rules.FIELDS[name]] = (attributes[name] or "").strip() or None
    if "department" in attributes:
        values["department_id"] = _department(attributes["department"])
    if (zone := attributes.get("timezone")) in time_zones():
        values["time_zone"] = zone
    if (code := rules.language(attributes, source.languages)) is not None:
        values["locale"] = code
    return replace(before, **values)


def _renamed(person: User, given: ProvidedPerson) -> bool:
    row = db.session.get(ProvisionedPerson, person.id)
    before = _user_name(person) if row is None else row.user_name
    return "@" in given.user_name and before.lower() != given.user_name.lower()


def _department(text: str | None) -> str | None:
    """The department of that name or code. One that is not here is none: somebody has to say who
    heads it first."""
    if not text:
        return None
    wanted = text.strip().lower()
    named = or_(func.lower(Department.name) == wanted, func.lower(Department.code) == wanted)
    found = select(Department.id).where(named).order_by(Department.code).limit(1)
    return db.session.scalar(found)


def _require_power(person: User, details: Details) -> None:
    """Whoever writes the address by which an administrator signs in could become one: a provider
    may do no more there than whoever keeps people."""
    keeps = frozenset({Role.PEOPLE_ADMIN})
    before, after = (person.email or "").lower(), (details.email or "").lower()
    if before != after and not may_change(keeps, roles_in(person.roles)):
        raise PeopleRefused(_(ADDRESS_KEPT))


def _beside(person: User, attributes: dict[str, Any], source: Source) -> None:
    """Manager, and whether somebody is active."""
    if "manager" in attributes:
        _manage(person, attributes["manager"] or "", source)
    if attributes.get("active") is False:
        _deactivate(person, source)
    elif attributes.get("active") is True:
        _change(person, PersonAct.ACTIVATE, source)


def _manage(person: User, manager_id: str, source: Source) -> None:
    if manager_id and not is_id(manager_id):
        raise ReferenceRefused(_("The manager must be an active person."))
    try:
        _change(person, PersonAct.MANAGER, source, manager_id)
    except PeopleRefused as refused:
        raise ReferenceRefused(str(refused)) from refused
    db.session.refresh(person)


def _deactivate(person: User, source: Source) -> None:
    """As on the page of somebody who leaves: whoever stood above them takes over what depends on
    them, where that is somebody active; policies that name them get a draft that names the other.
    """
    wish = _wish(person, PersonAct.DEACTIVATE, source)
    above = person.manager_id and db.session.get(User, person.manager_id)
    if above and above.is_active:
        heir = str(above.id)
        named = {part("type", code): heir for code in gaps.named_in(wish.person_id)}
        wish = replace(wish, successor_id=heir, successors=named)
    leaving.deactivate(wish, edits_types=True)


def _change(person: User, act: PersonAct, source: Source, value: str = "") -> None:
    people.apply(_wish(person, act, source, value))


def _wish(person: User, act: PersonAct, source: Source, value: str = "") -> PersonChange:
    return PersonChange(person_id=str(person.id), act=act, value=value, reason=source.words)


def _keep(
    person_id: str, given: ProvidedPerson, attributes: dict[str, Any], source: Source
) -> None:
    """Note what the provider wrote, and what was made of it."""
    person = db.session.get_one(User, person_id, populate_existing=True)
    fields = {rules.FIELDS[name] for name in attributes}
    if rules.address(given.user_name, {}) == person.email:
        fields.add("email")
    values = {
        "user_name": given.user_name, "external_id": given.external_id, "written": attributes,
        "taken": {name: getattr(person, name) for name in sorted(fields)}, "source": source.name,
        "token_id": source.token_id, "changed_at": func.clock_timestamp(), "removed_at": None,
    }  # fmt: skip
    db.session.execute(
        insert(ProvisionedPerson)
        .values(user_id=person_id, **values)
        .on_conflict_do_update(index_elements=["user_id"], set_=values)
    )


def add_group(given: ProvidedGroup, source: Source) -> str:
    """Make a group, or take back one that the provider deleted before; its id. Raises AlreadyThere,
    UnitRefused and PeopleRefused."""
    former = db.session.scalar(
        select(Group.id)
        .join(ProvisionedGroup, ProvisionedGroup.group_id == Group.id)
        .where(
            func.lower(Group.name) == given.name.lower(), ProvisionedGroup.removed_at.is_not(None)
        )
        .limit(1)
    )
    if former is not None:
        change_group(former, given, source)
        return former
    _require_free_group(given.name, None)
    group_id = new_id()
    code = rules.code_for(given.name, tuple(db.session.scalars(select(Group.code))))
    organisation.insert_unit(group_id, code, organisation.GroupDetails(name=given.name), None)
    _fill(group_id, given.members, source)
    _keep_group(group_id, given.external_id, source)
    return group_id


def change_group(group_id: str, given: ProvidedGroup, source: Source) -> None:
    """Write what a provider wants of a group. Raises LookupError beside those of `add_group`."""
    group = db.session.get(Group, group_id) if is_id(group_id) else None
    if group is None:
        raise LookupError(group_id)
    _require_free_group(given.name, group_id)
    details = organisation.GroupDetails(name=given.name, purpose=group.purpose)
    organisation.rewrite_unit(group_id, details, None)
    _fill(group_id, given.members, source)
    _keep_group(group_id, given.external_id, source)


def remove_group(group_id: str, source: Source) -> None:
    """A group is deleted there: nobody is in it any more, and the provider does not see it. It
    stays here, for rules may name it. Raises LookupError."""
    if not is_id(group_id) or db.session.get(Group, group_id) is None:
        raise LookupError(group_id)
    _fill(group_id, (), source)
    _keep_group(group_id, None, source, gone=True)


def _require_free_group(name: str, but: str | None) -> None:
    others = select(Group.id).where(func.lower(Group.name) == name.lower())
    if but is not None:
        others = others.where(Group.id != but)
    if db.session.scalar(others.limit(1)) is not None:
        raise AlreadyThere(_("%(name)s has it already.", name=name))


def _fill(group_id: str, members: Collection[str], source: Source) -> None:
    """Let exactly these people be in the group. Raises PeopleRefused for one that is not here."""
    code = db.session.scalars(select(Group.code).where(Group.id == group_id)).one()
    rows = db.session.scalars(select(GroupMember.user_id).where(GroupMember.group_id == group_id))
    before, after = set(rows), set(members)
    for act, ids in ((PersonAct.JOIN, after - before), (PersonAct.LEAVE, before - after)):
        for person_id in sorted(ids):
            try:
                _change(_locked(person_id), act, source, code)
            except LookupError:
                words = _("There is no person %(id)s.", id=person_id[:60])
                raise ReferenceRefused(words) from None


def _keep_group(
    group_id: str, external_id: str | None, source: Source, *, gone: bool = False
) -> None:
    now = func.clock_timestamp()
    values = {
        "external_id": external_id, "source": source.name, "token_id": source.token_id,
        "changed_at": now, "removed_at": now if gone else None,
    }  # fmt: skip
    db.session.execute(
        insert(ProvisionedGroup)
        .values(group_id=group_id, **values)
        .on_conflict_do_update(index_elements=["group_id"], set_=values)
    )
