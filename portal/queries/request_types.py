"""The kinds of request that people can make, how long each usually takes; and, for administrators,
their versions and drafts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Interval, Row, Select, bindparam, case, func, select, text, true
from sqlalchemy.orm import aliased

from portal.domain.codec import decode
from portal.domain.policy.forms import FormField
from portal.domain.policy.policy import Askers, Policy
from portal.domain.policy.types import TypeContent
from portal.domain.request.state import OPEN
from portal.extensions import Question, db
from portal.models import (
    Department,
    Draft,
    PolicyVersion,
    Request,
    RequestType,
    TypeChange,
    TypeDraft,
    User,
)
from portal.models.columns import by_name
from portal.queries import own_texts

# The newest requests of a type tell its usual duration, if enough of them are closed.
LOOKED_AT = 200
ENOUGH = 5
# Whoever changed a type: a person, or what else did it, in words.
WHO = func.coalesce(User.name, TypeChange.data["by"].astext, "")


@dataclass(frozen=True, slots=True)
class TypeChoice:
    """A type as the first page offers it. `typical`: the median time to the outcome, None where
    too few are closed to say."""

    code: str
    name: str
    description: str
    module: str | None
    typical: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRecord:
    """A type with the form of the version in force. `askers`: who may ask; None: everybody."""

    code: str
    name: str
    description: str
    prefix: str
    workflow: str
    form: tuple[FormField, ...]
    policy_version_id: str
    default_priority: str
    module: str | None
    askers: Askers | None = None


def choices(person_id: str | None = None) -> tuple[TypeChoice, ...]:
    """The types that can be asked for, by the names as the reader reads them: for this person,
    where one is named."""
    rows = db.session.execute(_choices()).all()
    if person_id is not None and any(row[-1] for row in rows):
        own = _belongs(person_id)
        rows = [row for row in rows if own.may_ask(_askers(row[-1]))]
    return own_texts.by_name(map(_choice, rows))


def _choice(row: Row[*tuple[Any, ...]]) -> TypeChoice:
    say = own_texts.say_of(row.policy_version_id)
    code, name, description, module, typical = row[:5]
    return TypeChoice(code, say(name), say(description), module, typical)


def find(code: str) -> TypeRecord | None:
    """The type of that code, if requests of it can be made; what is said from here on is about
    it."""
    row = _one().one_or_none(db.session.connection(), {"code": code})
    return None if row is None else _type(row)


def direct(code: str) -> TypeRecord | None:
    """A type by its code, whether or not pages offer it."""
    row = _any_one().one_or_none(db.session.connection(), {"code": code})
    return None if row is None else _type(row)


def _type(row: Any) -> TypeRecord:
    values = row._asdict()
    values["askers"] = _askers(values["askers"])
    form = tuple(decode(FormField, entry) for entry in values["form"])
    values["form"] = own_texts.form_of(row.policy_version_id, form)
    own_texts.show_version(row.policy_version_id)
    return own_texts.as_read(TypeRecord(**values), "name", "description")


@dataclass(frozen=True, slots=True)
class Belongs:
    """The codes of a person's groups, and of their department and those above it."""

    groups: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()

    def may_ask(self, askers: Askers | None) -> bool:
        """Whether the person is among those who may ask; everybody is where nothing is said."""
        return askers is None or askers.admit(self.groups, self.departments)


def may_ask(askers: Askers | None, person_id: str) -> bool:
    """Whether a person is among those who may ask."""
    return askers is None or _belongs(person_id).may_ask(askers)


def may_ask_by(policy_version_id: str, person_id: str) -> bool:
    """The same by a version; one that is not there lets everybody."""
    askers = select(PolicyVersion.definition["askers"]).where(PolicyVersion.id == policy_version_id)
    return may_ask(_askers(db.session.scalar(askers)), person_id)


def _askers(data: Any) -> Askers | None:
    return decode(Askers, data) if data else None


# UNION drops repeated rows: a circle of departments ends by itself.
# Raw: a recursion.
BELONGS = text("""
WITH RECURSIVE above(id, code, parent_id) AS (
    SELECT d.id, d.code, d.parent_id FROM portal.departments d
    JOIN portal.users u ON u.department_id = d.id WHERE u.id = CAST(:person AS uuid)
    UNION
    SELECT d.id, d.code, d.parent_id FROM portal.departments d JOIN above ON above.parent_id = d.id
)
SELECT ARRAY(SELECT code FROM above) AS departments, ARRAY(
    SELECT g.code FROM portal.groups g JOIN portal.group_members m ON m.group_id = g.id
    WHERE m.user_id = CAST(:person AS uuid)
) AS groups
""")


def _belongs(person_id: str) -> Belongs:
    row = db.session.execute(BELONGS, {"person": person_id}).one()
    return Belongs(frozenset(row.groups), frozenset(row.departments))


def _usable() -> tuple[Any, ...]:
    return RequestType.is_active, RequestType.policy_version_id.is_not(None)


@cache
def _choices() -> Select[*tuple[Any, ...]]:
    # A range of one, not an equal: else the planner may walk through the requests of all types.
    newest = (
        select((Request.closed_at - Request.submitted_at).label("took"))
        .where(Request.type_code >= RequestType.code, Request.type_code <= RequestType.code)
        .order_by(Request.type_code.desc(), Request.submitted_at.desc(), Request.id.desc())
        .limit(LOOKED_AT)
        .correlate(RequestType)
        .subquery()
    )
    middle = func.percentile_cont(0.5).within_group(newest.c.took.asc())
    typical = select(case((func.count(newest.c.took) >= ENOUGH, middle)).cast(Interval))
    return (
        select(
            RequestType.code,
            RequestType.name,
            RequestType.description,
            RequestType.module,
            typical.select_from(newest).scalar_subquery(),
            RequestType.policy_version_id,
            PolicyVersion.definition["askers"],
        )
        .join(PolicyVersion, PolicyVersion.id == RequestType.policy_version_id)
        .where(*_usable())
    )


@cache
def _one() -> Question:
    return Question(_by_code().where(*_usable()))


@cache
def _any_one() -> Question:
    return Question(_by_code())


def _by_code() -> Select[*tuple[Any, ...]]:
    statement = select(
        RequestType.code, RequestType.name, RequestType.description, RequestType.prefix,
        RequestType.workflow, PolicyVersion.form, RequestType.policy_version_id,
        RequestType.default_priority, RequestType.module,
        PolicyVersion.definition["askers"].label("askers"),
    )  # fmt: skip
    statement = statement.join(PolicyVersion, PolicyVersion.id == RequestType.policy_version_id)
    return statement.where(RequestType.code == bindparam("code"))


@dataclass(frozen=True, slots=True)
class TypeRow:
    """A type in the administrators' list. `version`: the one in force; `revision`: the draft's."""

    code: str
    name: str
    description: str
    prefix: str
    is_active: bool
    version: int | None
    open_requests: int
    revision: int | None
    changed_at: datetime | None
    changed_by: str | None
    policy_version_id: str | None

    @property
    def state(self) -> str:
        """In which part of the list it stands."""
        if self.version is None:
            return "draft"
        return "live" if self.is_active else "retired"


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One published version. `open_requests`: how many follow it."""

    id: str
    number: int
    content: TypeContent
    note: str
    published_at: datetime | None
    published_by: str | None
    open_requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOfType:
    """The draft of a type; names are people's. `reviewed_mark` is the hash that was sent;
    `updated_by` None: no person did it."""

    revision: int
    content: TypeContent
    editors: tuple[str, ...]
    reasons: dict[str, str]
    reviewed_mark: str | None
    sent_by_id: str | None
    sent_by: str | None
    approved_by: str | None
    updated_by: str | None
    updated_at: datetime
    publish_at: datetime | None

    @property
    def in_review(self) -> bool:
        """Whether what was sent is still what it says."""
        return self.reviewed_mark is not None and self.reviewed_mark == self.content.mark

    @property
    def is_approved(self) -> bool:
        """Whether somebody else approved what it says now."""
        return self.in_review and self.approved_by is not None


@dataclass(frozen=True, slots=True)
class TypeChangeRecord:
    """Something that was done to a type."""

    kind: str
    actor: str
    data: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminType:
    """A type as its administrators see it: `versions` newest first, of which `live` is in force."""

    id: str
    code: str
    name: str
    prefix: str
    is_active: bool
    live: VersionRecord | None
    versions: tuple[VersionRecord, ...]
    draft: DraftOfType | None
    drafts_of_people: int

    @property
    def next_number(self) -> int:
        """The number of the version that the draft will be."""
        return self.versions[0].number + 1 if self.versions else 1

    def version(self, number: int) -> VersionRecord | None:
        """The version of that number."""
        return next((each for each in self.versions if each.number == number), None)


def all_of_them() -> tuple[TypeRow, ...]:
    """Every type, by the names as the reader reads them."""
    changed = (
        select(TypeChange.at, WHO.label("name"))
        .outerjoin(User, User.id == TypeChange.actor_id)
        .where(TypeChange.request_type_id == RequestType.id)
        .order_by(TypeChange.at.desc())
        .limit(1)
        .lateral()
    )
    open_ones = (
        select(func.count())
        .where(Request.type_code == RequestType.code, Request.status.in_(_open()))
        .correlate(RequestType)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            RequestType.code, RequestType.name, RequestType.description, RequestType.prefix,
            RequestType.is_active, PolicyVersion.version, open_ones, TypeDraft.revision,
            func.coalesce(changed.c.at, PolicyVersion.published_at), changed.c.name,
            RequestType.policy_version_id,
        )
        .outerjoin(PolicyVersion, PolicyVersion.id == RequestType.policy_version_id)
        .outerjoin(TypeDraft, TypeDraft.request_type_id == RequestType.id)
        .outerjoin(changed, true())
    )  # fmt: skip
    found = (own_texts.as_read(TypeRow(*row), "name", "description") for row in rows)
    return own_texts.by_name(found)


def of_administrators(code: str) -> AdminType | None:
    """A type with its versions and its draft."""
    row = db.session.execute(
        select(
            RequestType.id, RequestType.code, RequestType.name, RequestType.prefix,
            RequestType.is_active, PolicyVersion.version,
            select(func.count()).where(Draft.type_code == code).scalar_subquery().label("drafts"),
        )
        .outerjoin(PolicyVersion, PolicyVersion.id == RequestType.policy_version_id)
        .where(RequestType.code == code)
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    versions = _versions(row.id, row.name)
    return AdminType(
        id=row.id,
        code=row.code,
        name=row.name,
        prefix=row.prefix,
        is_active=row.is_active,
        live=next((each for each in versions if each.number == row.version), None),
        versions=versions,
        draft=_draft(row.id),
        drafts_of_people=row.drafts,
    )


def changes_of(type_id: str, most: int = 20) -> tuple[TypeChangeRecord, ...]:
    """What was done to a type, the newest first."""
    rows = db.session.execute(
        select(TypeChange.kind, WHO, TypeChange.data, TypeChange.at)
        .outerjoin(User, User.id == TypeChange.actor_id)
        .where(TypeChange.request_type_id == type_id)
        .order_by(TypeChange.at.desc(), TypeChange.id.desc())
        .limit(most)
    )
    return tuple(TypeChangeRecord(*row) for row in rows)


def _versions(type_id: str, name: str) -> tuple[VersionRecord, ...]:
    follow = (
        select(func.count())
        .where(Request.policy_version_id == PolicyVersion.id, Request.status.in_(_open()))
        .correlate(PolicyVersion)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            PolicyVersion.id, PolicyVersion.version, PolicyVersion.name, PolicyVersion.description,
            PolicyVersion.form, PolicyVersion.definition, PolicyVersion.translations,
            PolicyVersion.note, PolicyVersion.published_at, User.name.label("publisher"),
            follow.label("follow"),
        )
        .outerjoin(User, User.id == PolicyVersion.published_by)
        .where(PolicyVersion.request_type_id == type_id)
        .order_by(PolicyVersion.version.desc())
    )  # fmt: skip
    return tuple(
        VersionRecord(
            each.id,
            each.version,
            _content(each, name),
            each.note,
            each.published_at,
            each.publisher,
            each.follow,
        )
        for each in rows
    )


def _content(row: Any, type_name: str) -> TypeContent:
    form = tuple(decode(FormField, entry) for entry in row.form)
    policy = decode(Policy, row.definition) if row.definition else Policy(stages=())
    return TypeContent(
        name=row.name or type_name, description=row.description, form=form, policy=policy,
        translations=row.translations,
    )  # fmt: skip


def _draft(type_id: str) -> DraftOfType | None:
    sender, approver, editor = aliased(User), aliased(User), aliased(User)
    row = db.session.execute(
        select(
            TypeDraft.revision, TypeDraft.content, TypeDraft.editors, TypeDraft.reasons,
            TypeDraft.reviewed_mark, TypeDraft.sent_by.label("sent_by_id"),
            sender.name.label("sent_by"), approver.name.label("approved_by"),
            editor.name.label("updated_by"), TypeDraft.updated_at, TypeDraft.publish_at,
        )
        .outerjoin(editor, editor.id == TypeDraft.updated_by)
        .outerjoin(sender, sender.id == TypeDraft.sent_by)
        .outerjoin(approver, approver.id == TypeDraft.approved_by)
        .where(TypeDraft.request_type_id == type_id)
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    content = decode(TypeContent, row.content)
    return DraftOfType(**{**row._mapping, "content": content, "editors": tuple(row.editors)})


def _open() -> list[str]:
    return [status.value for status in sorted(OPEN)]


def departments() -> dict[str, str]:
    """Every department's name by its code, in the order of names."""
    rows = db.session.execute(
        select(Department.code, Department.name).order_by(by_name(Department.name))
    )
    return {row.code: row.name for row in rows}


def roles() -> tuple[str, ...]:
    """The roles that anybody active has."""
    found = select(func.unnest(User.roles).label("role")).where(User.is_active).distinct()
    return tuple(sorted(db.session.scalars(found)))


def addresses_of(person_ids: Collection[str]) -> dict[str, str]:
    """Mail addresses by person id; whoever has none is left out."""
    rows = db.session.execute(
        select(User.id, User.email).where(User.id.in_(person_ids), User.email.is_not(None))
    )
    return {row.id: row.email for row in rows}


def people_at(addresses: Collection[str]) -> dict[str, str]:
    """Person ids by mail address in small letters; unknown addresses are left out."""
    small = [each.lower() for each in addresses]
    email = func.lower(User.email)
    rows = db.session.execute(select(email.label("email"), User.id).where(email.in_(small)))
    return {row.email: row.id for row in rows}


@dataclass(frozen=True, slots=True)
class NewestRequest:
    """A request as a condition reads it: `values` by the names of fields, and beside them the
    priority and the code of the requester's department."""

    number: str
    title: str
    amount: int | None
    currency: str | None
    values: dict[str, Any]


def newest_of(code: str, most: int = 5) -> tuple[NewestRequest, ...]:
    """The newest requests of a type."""
    rows = db.session.execute(
        select(
            Request.number, Request.title, Request.amount, Request.currency, Request.fields,
            Request.priority, Department.code.label("department"),
        )
        .join(User, User.id == Request.requester_id)
        .outerjoin(Department, Department.id == User.department_id)
        .where(Request.type_code == code)
        .order_by(Request.submitted_at.desc(), Request.id.desc())
        .limit(most)
    )  # fmt: skip
    return tuple(
        NewestRequest(
            row.number, row.title, row.amount, row.currency,
            {**row.fields, "priority": row.priority, "department": row.department},
        )
        for row in rows
    )  # fmt: skip
