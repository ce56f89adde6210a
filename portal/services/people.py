"""What administrators change about people, looked at before. Open tasks follow by themselves."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from portal.directory import planner
from portal.directory.planner import BEFORE_A_CHANGE
from portal.domain.errors import DomainError
from portal.domain.people.absence import ChangeKind, ReviewScope
from portal.domain.people.permissions import Role, may_change, roles_in
from portal.domain.request import apply as approval
from portal.domain.request.commands import ReviewPeople
from portal.domain.request.events import (
    SYSTEM,
    AttentionNeeded,
    Event,
    TaskDelegated,
    TaskGivenBack,
    TaskReassigned,
    TaskWithdrawn,
)
from portal.domain.request.state import Approval, Status
from portal.extensions import db, transaction
from portal.models import Calendar, Department, Group, GroupMember, Request, Task, User
from portal.models.columns import new_id
from portal.models.states import kept_states
from portal.queries import gaps
from portal.services import absences, sign_in
from portal.services.people_changes import have_reviewed, note
from portal.services.preferences import time_digests
from portal.translation import _

LONGEST_CHAIN = 100
# So many requests a preview looks at.
MOST_EFFECTS = 20


class PeopleRefused(Exception):
    """A change that cannot be made; the message is a sentence for people."""


class PersonAct(StrEnum):
    """What can be changed about somebody."""

    DEACTIVATE = "deactivate"
    ACTIVATE = "activate"
    MANAGER = "manager"
    ROLES = "roles"
    PLACE = "place"
    JOIN = "join"
    LEAVE = "leave"
    HEAD = "head"
    NO_HEAD = "no_head"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChange:
    """One change. `value`: the manager's or the place's id ("" for none), the group's or the
    department's code, or the roles.

    `actor_id` None: a command on the server. `successor_id`: who takes over what depends on
    somebody who is deactivated; `successors`: who takes over one part of it, by `part`. `seen`: the
    roles that the form was drawn with, where it said so.
    """

    person_id: str
    act: PersonAct
    value: str | tuple[str, ...] = ""
    actor_id: str | None = None
    reason: str = ""
    successor_id: str | None = None
    seen: str | None = None
    successors: Mapping[str, str] = field(default_factory=dict)

    def heir_of(self, part: str) -> str | None:
        """Who takes that part over, if anybody."""
        return self.successors.get(part) or self.successor_id


REPORTS = "reports"


def part(kind: str, key: str) -> str:
    """The name of a part of what depends on somebody: "head", "group", "type" or "task", and the
    code or id; `REPORTS` is another one."""
    return f"{kind}.{key}"


def change(wish: PersonChange) -> bool:
    """Make the change; False if it was so already. Raises PeopleRefused, and LookupError for an
    unknown person.
    """
    db.session.execute(BEFORE_A_CHANGE)
    made = apply(wish)
    db.session.commit()
    return made


def apply(wish: PersonChange) -> bool:
    """The same in the caller's transaction."""
    person = locked(wish.person_id, wish.actor_id)
    if person is None:
        raise LookupError(wish.person_id)
    require_power(wish.actor_id, person.roles, roles=wish.act is PersonAct.ROLES)
    return _ACTS[wish.act](wish, person)


def locked(person_id: str, actor_id: str | None) -> User | None:
    """The person; nobody else changes them or the actor meanwhile. Both in one order: two who
    change each other wait instead of standing in each other's way. Raises PeopleRefused where their
    personal data were erased."""
    both = [each for each in (person_id, actor_id) if each is not None]
    rows = select(User).where(User.id.in_(both)).order_by(User.id).with_for_update(key_share=True)
    found = next((each for each in db.session.scalars(rows) if each.id == person_id), None)
    if found is not None and found.erased_at is not None:
        raise PeopleRefused(
            _(
                "The personal data of %(name)s were erased. Add a new person instead.",
                name=found.name,
            )
        )
    return found


def require_power(
    actor_id: str | None, person_roles: Iterable[str], *, roles: bool = False
) -> None:
    """Raise PeopleRefused where the actor may not change a person with such roles; see
    `may_change`. A command on the server may."""
    if actor_id is None:
        return
    held = db.session.scalar(select(User.roles).where(User.id == actor_id, User.is_active))
    if not may_change(roles_in(held or ()), roles_in(person_roles), roles=roles):
        raise PeopleRefused(_("Only an administrator can do this."))


def _deactivate(wish: PersonChange, person: User) -> bool:
    if not person.is_active:
        return False
    if wish.person_id == wish.actor_id:
        raise PeopleRefused(_("You cannot deactivate yourself. Ask another administrator."))
    _require_another_admin(person)
    _hand_over(wish, person)
    _set(person, is_active=False)
    sign_in.end_all(person.id)
    _note(wish, ChangeKind.DEACTIVATED, {})
    cause = f"{person.name} was deactivated."
    absences.end_all_of(person.id, wish.actor_id, cause)
    have_reviewed(person.id, ReviewScope.TASKS, cause)
    return True


def _hand_over(wish: PersonChange, person: User) -> None:
    """Let successors manage whom they managed, head what they headed, and be in the groups of which
    they were the only active member; each is a change of its own. A successor who reported to them
    gets the manager who stood above them."""
    for each in {wish.successor_id, *wish.successors.values()} - {None}:
        _require_heir(person, each)
    given: list[tuple[str, PersonAct, str]] = []
    if (manager_id := wish.heir_of(REPORTS)) is not None:
        given += _reports_given(person, manager_id)
    heads = {code: wish.heir_of(part("head", code)) for code in gaps.headed_by(person.id)}
    groups = {code: wish.heir_of(part("group", code)) for code in gaps.only_member_of(person.id)}
    given += [(heir, PersonAct.HEAD, code) for code, heir in heads.items() if heir]
    given += [(heir, PersonAct.JOIN, code) for code, heir in groups.items() if heir]
    alone = replace(wish, successor_id=None, successors={})
    for person_id, act, value in given:
        apply(replace(alone, person_id=person_id, act=act, value=value))


def _require_heir(person: User, heir_id: str | None) -> None:
    heir = db.session.get(User, heir_id)
    if heir is None or not heir.is_active or heir_id == person.id:
        raise PeopleRefused(_("The successor must be another active person."))


def _reports_given(person: User, manager_id: str) -> list[tuple[str, PersonAct, str]]:
    """Everybody who reports to a person gets the new manager."""
    manager = db.session.get_one(User, manager_id)
    given = [(str(each.id), PersonAct.MANAGER, manager_id) for each in _reports_of(person, manager)]
    if manager.manager_id == person.id:
        given.insert(0, (manager_id, PersonAct.MANAGER, person.manager_id or ""))
    return given


def _reports_of(person: User, successor: User) -> Sequence[User]:
    mine = (User.manager_id == person.id, User.is_active, User.id != successor.id)
    return db.session.scalars(select(User).where(*mine).order_by(User.id)).all()


def _activate(wish: PersonChange, person: User) -> bool:
    if person.is_active:
        return False
    _set(person, is_active=True)
    _note(wish, ChangeKind.ACTIVATED, {})
    have_reviewed(person.id, ReviewScope.STUCK, f"{person.name} is active again.")
    return True


def _manager(wish: PersonChange, person: User) -> bool:
    manager_id = str(wish.value) or None
    if manager_id == person.manager_id:
        return False
    name = "nobody" if manager_id is None else _new_manager(person, manager_id)
    _note(wish, ChangeKind.MANAGER, {"before": person.manager_id, "after": manager_id})
    _set(person, manager_id=manager_id)
    cause = f"The manager of {person.name} is now {name}."
    have_reviewed(person.id, ReviewScope.REQUESTS, cause)
    return True


def _new_manager(person: User, manager_id: str) -> str:
    """The new manager's name. Nobody stands above themselves, over however many others."""
    manager = db.session.get(User, manager_id)
    if manager is None or not manager.is_active:
        raise PeopleRefused(_("The manager must be an active person."))
    above: str | None = manager_id
    for _step in range(LONGEST_CHAIN):
        if above == person.id:
            raise PeopleRefused(
                _(
                    "%(name)s manages %(manager)s already, directly or through others.",
                    name=person.name,
                    manager=manager.name,
                )
            )
        if above is None:
            break
        above = db.session.scalar(select(User.manager_id).where(User.id == above))
    return manager.name


def _roles(wish: PersonChange, person: User) -> bool:
    wanted = sorted({wish.value} if isinstance(wish.value, str) else set(wish.value))
    before = sorted(person.roles)
    if wanted == before:
        return False
    if wish.seen not in (None, " ".join(before)):
        raise PeopleRefused(_("Somebody changed the roles meanwhile. Look at them again."))
    # An auditor changes nothing, whatever else they are.
    becomes_auditor = Role.AUDITOR in wanted and Role.AUDITOR not in before
    if Role.ADMIN in before and (Role.ADMIN not in wanted or becomes_auditor):
        if wish.person_id == wish.actor_id:
            raise PeopleRefused(_("You cannot remove your own administrator role."))
        _require_another_admin(person)
    _note(wish, ChangeKind.ROLES, {"before": before, "after": wanted})
    _set(person, roles=wanted)
    have_reviewed(person.id, ReviewScope.TASKS, f"The roles of {person.name} were changed.")
    have_reviewed(person.id, ReviewScope.STUCK, f"The roles of {person.name} were changed.")
    return True


def _place(wish: PersonChange, person: User) -> bool:
    """Their clock moves with them: the times they are shown, and their quiet hours. Deadlines that
    stand stay where they are."""
    calendar_id = str(wish.value) or None
    if calendar_id == person.calendar_id:
        return False
    before = person.calendar_id and db.session.get(Calendar, person.calendar_id)
    after = _new_place(calendar_id)
    zones = {"zone_before": person.time_zone, "zone_after": person.time_zone}
    if after is not None:
        zones["zone_after"] = after.time_zone
    names = {"place_before": before and before.name, "place_after": after and after.name}
    _note(wish, ChangeKind.PLACE, {**names, **zones})
    _set(person, calendar_id=calendar_id, time_zone=zones["zone_after"])
    time_digests(str(person.id))
    return True


def _new_place(calendar_id: str | None) -> Calendar | None:
    """The calendar of the new place, which stays while this is done."""
    if calendar_id is None:
        return None
    calendar = db.session.get(Calendar, calendar_id, with_for_update={"read": True})
    if calendar is None:
        raise PeopleRefused(_("That location no longer exists. Choose another one."))
    return calendar


def _join(wish: PersonChange, person: User) -> bool:
    group = _group(wish)
    row = {"group_id": group.id, "user_id": person.id}
    joined = insert(GroupMember).values(row).on_conflict_do_nothing()
    if db.session.execute(joined.returning(GroupMember.user_id)).one_or_none() is None:
        return False
    _note(wish, ChangeKind.GROUP_JOINED, {"group": group.code})
    have_reviewed(
        person.id,
        ReviewScope.STUCK,
        f"{person.name} joined the group {group.name}.",
    )
    return True


def _leave(wish: PersonChange, person: User) -> bool:
    group = _group(wish)
    member = (GroupMember.group_id == group.id, GroupMember.user_id == person.id)
    left = delete(GroupMember).where(*member).returning(GroupMember.user_id)
    if db.session.execute(left).one_or_none() is None:
        return False
    _note(wish, ChangeKind.GROUP_LEFT, {"group": group.code})
    have_reviewed(
        person.id,
        ReviewScope.TASKS,
        f"{person.name} left the group {group.name}.",
    )
    return True


def _head(wish: PersonChange, person: User) -> bool:
    """Make somebody the head of a department, in place of whoever is."""
    department = _department(wish)
    if department.head_id == person.id:
        return False
    if not person.is_active:
        raise PeopleRefused(_("The head of a department must be an active person."))
    if department.head_id is not None:
        _head_no_more(wish, department, department.head_id)
    _head_it(department, person.id)
    data: dict[str, object] = {"department": department.name, "instead_of": department.head_id}
    _note(wish, ChangeKind.HEAD, data)
    cause = f"{person.name} heads {department.name} now."
    have_reviewed(person.id, ReviewScope.STUCK, cause)
    return True


def _no_head(wish: PersonChange, person: User) -> bool:
    department = _department(wish)
    if department.head_id != person.id:
        return False
    _head_no_more(wish, department, person.id)
    _head_it(department, None)
    return True


def _head_no_more(wish: PersonChange, department: Department, head_id: str) -> None:
    data: dict[str, Any] = {"department": department.name}
    note(head_id, ChangeKind.NO_HEAD, wish.actor_id, data, wish.reason)
    cause = f"{_name(head_id)} no longer heads {department.name}."
    have_reviewed(head_id, ReviewScope.TASKS, cause)


def _head_it(department: Department, head_id: str | None) -> None:
    change = update(Department).where(Department.id == department.id)
    db.session.execute(change.values(head_id=head_id).execution_options(synchronize_session=False))


def _department(wish: PersonChange) -> Department:
    """The department; nobody else gives it a head meanwhile."""
    statement = (
        select(Department).where(Department.code == str(wish.value)).with_for_update(key_share=True)
    )
    department = db.session.execute(statement).scalar()
    if department is None:
        raise PeopleRefused(_("There is no department %(value)s.", value=wish.value))
    return department


_ACTS: dict[PersonAct, Callable[[PersonChange, User], bool]] = {
    PersonAct.DEACTIVATE: _deactivate,
    PersonAct.ACTIVATE: _activate,
    PersonAct.MANAGER: _manager,
    PersonAct.ROLES: _roles,
    PersonAct.PLACE: _place,
    PersonAct.JOIN: _join,
    PersonAct.LEAVE: _leave,
    PersonAct.HEAD: _head,
    PersonAct.NO_HEAD: _no_head,
}


def known_roles(also: Iterable[str] = ()) -> list[str]:
    """Every role that anybody has, and those that the portal itself knows."""
    held = db.session.scalars(select(func.unnest(User.roles)).distinct())
    return sorted({*held, *also, *(role.value for role in Role if role is not Role.MEMBER)})


def by_email(email: str) -> str:
    """The id of the person with this address. Raises PeopleRefused."""
    found = db.session.scalar(
        select(User.id).where(func.lower(User.email) == email.strip().lower())
    )
    if found is None:
        raise PeopleRefused(_("No one has the email address %(email)s.", email=email))
    return found


def _group(wish: PersonChange) -> Group:
    group = db.session.execute(select(Group).where(Group.code == str(wish.value))).scalar()
    if group is None:
        raise PeopleRefused(_("There is no group %(value)s.", value=wish.value))
    return group


def _require_another_admin(person: User) -> None:
    if Role.ADMIN.value not in person.roles:
        return
    others = select(User.id).where(
        User.is_active,
        User.roles.contains([Role.ADMIN.value]),
        ~User.roles.contains([Role.AUDITOR.value]),
        User.id != person.id,
    )
    if db.session.execute(others.limit(1)).first() is None:
        raise PeopleRefused(
            _("%(name)s is the last administrator. Add another one first.", name=person.name)
        )


def _set(person: User, **columns: object) -> None:
    db.session.execute(update(User).where(User.id == person.id).values(**columns))


def _note(wish: PersonChange, kind: ChangeKind, data: dict[str, object]) -> None:
    note(wish.person_id, kind, wish.actor_id, data, wish.reason)


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to an open request, in words."""

    number: str
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Effects:
    """What happens to the requests looked at; `unseen`: how many more are concerned."""

    effects: tuple[Effect, ...]
    unseen: int


def effects_of(wish: PersonChange) -> Effects:
    """Try the change in a transaction that is taken back. Raises what `change` does."""
    with transaction():
        try:
            return _tried(wish)
        finally:
            db.session.rollback()


def _tried(wish: PersonChange) -> Effects:
    """Make the change, and read what it does; whoever calls takes it back."""
    concerned = _concerned(wish)
    if not apply(wish) or concerned is None:
        return Effects((), 0)
    rows = db.session.execute(
        select(Request.id, Request.number, Request.title)
        .where(concerned, Request.status == Status.PENDING)
        .order_by(Request.submitted_at, Request.id)
        .limit(MOST_EFFECTS)
    ).all()  # fmt: skip
    count = db.session.scalar(
        select(func.count()).where(concerned, Request.status == Status.PENDING)
    )
    states = kept_states(db.session.connection(), (str(row.id) for row in rows))
    found = tuple(_effect(row, states) for row in rows)
    return Effects(found, max(0, (count or 0) - len(rows)))


def _concerned(wish: PersonChange) -> ColumnElement[bool] | None:
    match wish.act:
        case PersonAct.ACTIVATE | PersonAct.JOIN:
            return Request.attention.is_not(None)
        case PersonAct.MANAGER:
            return Request.requester_id == wish.person_id
        case PersonAct.PLACE:
            return None
        case PersonAct.HEAD:
            head = db.session.scalar(
                select(Department.head_id).where(Department.code == str(wish.value))
            )
            return or_(Request.attention.is_not(None), _asks(head))
    return _asks(wish.person_id)


def _asks(person_id: str | None) -> ColumnElement[bool]:
    """Requests with an open task of that person."""
    mine = or_(Task.assignee_id == person_id, Task.acting_for == person_id)
    return Request.id.in_(select(Task.request_id).where(mine, Task.status == "OPEN"))


def _effect(row: Any, states: dict[str, Approval]) -> Effect:
    state = states.get(str(row.id))
    try:
        words = "" if state is None else _words(_review(state))
    except DomainError as error:
        words = _("cannot be predicted: %(error)s", error=error)
    return Effect(row.number, row.title, words or _("unchanged"))


def _review(state: Approval) -> list[Event]:
    """What the request's workflow would make of it, by the same rules and the same routing."""
    now = datetime.now(UTC)
    command = ReviewPeople(
        command_id=new_id(), request_id=state.request_id, actor_id=SYSTEM, at=now
    )
    events = approval.apply(state, command, now)
    for event in events:
        state = approval.evolve(state, event)
    if not state.wants_route:
        return events
    plan = planner.plan_next(db.session.connection(), approval.question(state, now))
    return [*events, *approval.route(replace(state), plan, now)]


def _words(events: list[Event]) -> str:
    told = [words for event in events if (words := _event_words(event))]
    return "; ".join(told)


def _event_words(event: Event) -> str:
    match event:
        case TaskReassigned():
            return _("goes to %(name)s", name=_name(event.to_id))
        case TaskDelegated():
            return _(
                "%(name)s decides for %(owner)s, who is away",
                name=_name(event.to_id),
                owner=_name(event.from_id),
            )
        case TaskGivenBack():
            return _("goes back to %(name)s", name=_name(event.to_id))
        case TaskWithdrawn() if event.dropped:
            return _("the other approvers are enough")
        case AttentionNeeded():
            return _("needs an administrator: no one else can decide")
    return ""


def _name(person_id: str) -> str:
    return db.session.scalar(select(User.name).where(User.id == person_id)) or "somebody"
