"""People and groups as an identity provider reads them, found by its filters, page by page."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scim2_models import InvalidFilterException
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)
from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    not_,
    null,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from portal.domain.policy.types import is_id
from portal.extensions import db
from portal.models import (
    Department,
    Group,
    GroupMember,
    OrganisationChange,
    PeopleChange,
    ProvisionedGroup,
    ProvisionedPerson,
    User,
)

Manager = aliased(User)
Clause = ColumnElement[bool]
USER_NAME = func.coalesce(
    ProvisionedPerson.user_name, User.email, User.employee_no, cast(User.id, Text)
)
_CHANGED = func.greatest(
    User.created_at,
    ProvisionedPerson.changed_at,
    select(func.max(PeopleChange.at))
    .where(PeopleChange.person_id == User.id)
    .correlate(User)
    .scalar_subquery(),
)
_GROUP_CHANGES = (
    select(
        func.min(OrganisationChange.at).label("first"),
        func.max(OrganisationChange.at).label("last"),
    )
    .where(OrganisationChange.subject == "group", OrganisationChange.subject_id == Group.id)
    .correlate(Group)
    .lateral()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedRecord:
    """Somebody as the portal has them, and what a provider wrote. `written` None: it wrote nothing.
    `groups`: names by id."""

    id: str
    user_name: str
    external_id: str | None
    written: dict[str, Any] | None
    taken: dict[str, Any] | None
    name: str
    email: str | None
    job_title: str | None
    employee_no: str | None
    department_id: str | None
    department: str | None
    manager_id: str | None
    manager: str | None
    time_zone: str
    locale: str
    is_active: bool
    created_at: datetime
    changed_at: datetime
    groups: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedGroupRecord:
    """A group; `members`: names by id. Times are None where nobody knows them."""

    id: str
    name: str
    external_id: str | None
    created_at: datetime | None
    changed_at: datetime | None
    members: dict[str, str] = field(default_factory=dict)


def count_people(wanted: FilterNode | None) -> int:
    """How many people the filter names."""
    counted = _from_people(select(func.count(User.id)), wanted)
    return db.session.scalar(counted) or 0


def people(
    wanted: FilterNode | None = None,
    order: tuple[AttrPath, bool] | None = None,
    offset: int = 0,
    limit: int | None = None,
    only: str | None = None,
) -> tuple[ProvisionedRecord, ...]:
    """Those people, by an attribute (True: descending) and by id; `only`: the one of that id."""
    statement = _from_people(
        select(
            User.id, USER_NAME.label("user_name"), ProvisionedPerson.external_id,
            ProvisionedPerson.written, ProvisionedPerson.taken, User.name, User.email,
            User.job_title, User.employee_no, User.department_id,
            Department.name.label("department"), User.manager_id, Manager.name.label("manager"),
            User.time_zone, User.locale, User.is_active, User.created_at,
            _CHANGED.label("changed_at"),
        ),
        wanted,
    )  # fmt: skip
    if only is not None:
        statement = statement.where(User.id == only)
    rows = db.session.execute(_paged(statement, PEOPLE, User.id, order, offset, limit)).all()
    groups = _names_by(
        select(GroupMember.user_id, Group.id, Group.name)
        .join(Group, Group.id == GroupMember.group_id)
        .where(GroupMember.user_id.in_([row.id for row in rows]), *_visible_groups())
    )
    return tuple(ProvisionedRecord(**row._mapping, groups=groups.get(row.id, {})) for row in rows)


def person(person_id: str) -> ProvisionedRecord | None:
    """One of them; None where there is none."""
    found = people(only=person_id) if is_id(person_id) else ()
    return found[0] if found else None


def count_groups(wanted: FilterNode | None) -> int:
    """How many groups the filter names."""
    return db.session.scalar(_from_groups(select(func.count(Group.id)), wanted)) or 0


def groups(
    wanted: FilterNode | None = None,
    order: tuple[AttrPath, bool] | None = None,
    offset: int = 0,
    limit: int | None = None,
    only: str | None = None,
) -> tuple[ProvisionedGroupRecord, ...]:
    """Those groups, with everybody in them."""
    changes = _GROUP_CHANGES
    joined = (
        select(func.max(GroupMember.added_at))
        .where(GroupMember.group_id == Group.id)
        .correlate(Group)
        .scalar_subquery()
    )
    statement = _from_groups(
        select(
            Group.id, Group.name, ProvisionedGroup.external_id,
            func.coalesce(changes.c.first, ProvisionedGroup.created_at).label("created_at"),
            func.greatest(changes.c.last, ProvisionedGroup.changed_at, joined).label("changed_at"),
        ).outerjoin(changes, Group.id.is_not(None)),
        wanted,
    )  # fmt: skip
    if only is not None:
        statement = statement.where(Group.id == only)
    rows = db.session.execute(_paged(statement, GROUPS, Group.id, order, offset, limit)).all()
    members = _names_by(
        select(GroupMember.group_id, User.id, User.name)
        .join(User, User.id == GroupMember.user_id)
        .outerjoin(ProvisionedPerson, ProvisionedPerson.user_id == User.id)
        .where(
            GroupMember.group_id.in_([row.id for row in rows]),
            ProvisionedPerson.removed_at.is_(None),
        )
        .order_by(User.id)
    )
    return tuple(
        ProvisionedGroupRecord(**row._mapping, members=members.get(row.id, {})) for row in rows
    )


def group(group_id: str) -> ProvisionedGroupRecord | None:
    """One of them; None where there is none."""
    found = groups(only=group_id) if is_id(group_id) else ()
    return found[0] if found else None


def _names_by(statement: Select[*tuple[Any, ...]]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for outer, inner, name in db.session.execute(statement):
        found.setdefault(outer, {})[inner] = name
    return found


def _from_people(
    statement: Select[*tuple[Any, ...]], wanted: FilterNode | None
) -> Select[*tuple[Any, ...]]:
    return (
        statement.select_from(User)
        .outerjoin(ProvisionedPerson, ProvisionedPerson.user_id == User.id)
        .outerjoin(Department, Department.id == User.department_id)
        .outerjoin(Manager, Manager.id == User.manager_id)
        .where(ProvisionedPerson.removed_at.is_(None), *_wanted(wanted, PEOPLE))
    )


def _visible_groups() -> tuple[Clause, ...]:
    gone = exists().where(
        ProvisionedGroup.group_id == Group.id, ProvisionedGroup.removed_at.is_not(None)
    )
    return (not_(gone),)


def _from_groups(
    statement: Select[*tuple[Any, ...]], wanted: FilterNode | None
) -> Select[*tuple[Any, ...]]:
    return (
        statement.select_from(Group)
        .outerjoin(ProvisionedGroup, ProvisionedGroup.group_id == Group.id)
        .where(ProvisionedGroup.removed_at.is_(None), *_wanted(wanted, GROUPS))
    )


def _paged(
    statement: Select[*tuple[Any, ...]],
    attributes: "Attributes",
    key: Any,
    order: tuple[AttrPath, bool] | None,
    offset: int,
    limit: int | None,
) -> Select[*tuple[Any, ...]]:
    if order is not None:
        found = _attribute(attributes, order[0])
        by = found.compared
        statement = statement.order_by(by.desc().nulls_first() if order[1] else by.nulls_last())
    return statement.order_by(key).offset(offset).limit(limit)


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a filter may ask for. `exact`: capitals count. `inside`: whether any of several values
    is so, given how one is."""

    column: Any
    exact: bool = False
    inside: Callable[[Clause], Clause] | None = None

    @property
    def compared(self) -> Any:
        """The column as it is compared and sorted by."""
        is_text = isinstance(self.column.type, Text) or self.column.type.python_type is str
        return func.lower(self.column) if is_text and not self.exact else self.column


Attributes = dict[str, Attribute]


def _in_group(clause: Clause) -> Clause:
    return exists().where(
        GroupMember.user_id == User.id, GroupMember.group_id == Group.id, clause, *_visible_groups()
    )


_Member = aliased(User)


def _has_member(clause: Clause) -> Clause:
    return exists().where(
        GroupMember.group_id == Group.id, GroupMember.user_id == _Member.id, clause
    )


def _part(name: str) -> ColumnElement[str]:
    """A part of the name as it was written; nobody's, where it was changed by hand."""
    as_written = ProvisionedPerson.taken["name"].astext == User.name
    return case((as_written, ProvisionedPerson.written["name"][name].astext), else_=null())


_EMAIL = Attribute(User.email)
PEOPLE: Attributes = {
    "id": Attribute(cast(User.id, Text), exact=True),
    "externalid": Attribute(ProvisionedPerson.external_id, exact=True),
    "username": Attribute(USER_NAME),
    "displayname": Attribute(User.name),
    "name.formatted": Attribute(User.name),
    "name.givenname": Attribute(_part("givenName")),
    "name.familyname": Attribute(_part("familyName")),
    "title": Attribute(User.job_title),
    "active": Attribute(User.is_active),
    "emails": _EMAIL,
    "emails.value": _EMAIL,
    "employeenumber": Attribute(User.employee_no),
    "department": Attribute(Department.name),
    "manager": Attribute(cast(User.manager_id, Text), exact=True),
    "manager.value": Attribute(cast(User.manager_id, Text), exact=True),
    "manager.displayname": Attribute(Manager.name),
    "groups": Attribute(cast(Group.id, Text), exact=True, inside=_in_group),
    "groups.value": Attribute(cast(Group.id, Text), exact=True, inside=_in_group),
    "groups.display": Attribute(Group.name, inside=_in_group),
    "meta.created": Attribute(User.created_at),
    "meta.lastmodified": Attribute(_CHANGED),
}
GROUPS: Attributes = {
    "id": Attribute(cast(Group.id, Text), exact=True),
    "externalid": Attribute(ProvisionedGroup.external_id, exact=True),
    "displayname": Attribute(Group.name),
    "members": Attribute(cast(_Member.id, Text), exact=True, inside=_has_member),
    "members.value": Attribute(cast(_Member.id, Text), exact=True, inside=_has_member),
    "members.display": Attribute(_Member.name, inside=_has_member),
}
# Attributes of one type that the other has not: such a filter names none of the others.
_KNOWN = {*PEOPLE, *GROUPS}


def _wanted(wanted: FilterNode | None, attributes: Attributes) -> Iterable[Clause]:
    return () if wanted is None else (_Clauses(attributes).visit(wanted),)


def _attribute(attributes: Attributes, path: AttrPath) -> Attribute:
    name = ".".join(filter(None, (path.attr, path.sub_attr))).lower()
    if name in attributes:
        return attributes[name]
    if name in _KNOWN:
        return Attribute(cast(null(), Text))
    raise InvalidFilterException(detail=f"{path} cannot be filtered or sorted by here")


class _Clauses(FilterVisitor[Clause]):
    """A filter as SQL. What is unknown of a row is no match, whatever is negated around it."""

    def __init__(self, attributes: Attributes, within: str = "") -> None:
        self.attributes, self.within = attributes, within

    def visit_comparison(self, node: Comparison) -> Clause:
        found = self._found(node.attr_path)
        clause = _compared(found, node.op, node.value)
        return self._anywhere(found, clause)

    def visit_present(self, node: Present) -> Clause:
        found = self._found(node.attr_path)
        is_text = found.column.type.python_type is str
        filled = found.column != "" if is_text else found.column.is_not(None)
        return self._anywhere(found, and_(found.column.is_not(None), filled))

    def visit_not(self, node: Not) -> Clause:
        return not_(func.coalesce(self.visit(node.expr), False))

    def visit_logical_expr(self, node: LogicalExpr) -> Clause:
        parts = [self.visit(each) for each in node.terms]
        return and_(*parts) if node.op == LogicalOperator.and_ else or_(*parts)

    def visit_value_path(self, node: ValuePath) -> Clause:
        inner = _Clauses(self.attributes, node.attr_path.attr)
        clause = inner.visit(node.val_filter)
        found = self._found(node.attr_path)
        return clause if found.inside is None else found.inside(clause)

    def _found(self, path: AttrPath) -> Attribute:
        if self.within:
            if self.within.lower() == "emails" and path.attr.lower() in ("type", "primary"):
                return _KIND_OF_EMAIL[path.attr.lower()]
            path = AttrPath(self.within, path.attr)
        return _attribute(self.attributes, path)

    def _anywhere(self, found: Attribute, clause: Clause) -> Clause:
        clause = func.coalesce(clause, False)
        return clause if found.inside is None or self.within else found.inside(clause)


# The address that the portal knows is the one for work, and the primary one.
_KIND_OF_EMAIL = {
    "type": Attribute(case((User.email.is_not(None), "work"))),
    "primary": Attribute(User.email.is_not(None)),
}


def _compared(found: Attribute, op: CompareOperator, value: Any) -> Clause:
    column = found.compared
    if value is None:
        given: Clause = found.column.is_(None)
        return given if op == CompareOperator.eq else not_(given)
    if isinstance(value, str) and found.column.type.python_type is str and not found.exact:
        value = func.lower(value)
    elif not _fits(found, value):
        raise InvalidFilterException(detail="The value does not fit the attribute")
    clause: Clause = _OPERATORS[op](column, value)
    return clause


def _fits(found: Attribute, value: Any) -> bool:
    kind = found.column.type.python_type
    if kind is datetime and isinstance(value, str):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return False
        return True
    return isinstance(value, kind)


_OPERATORS: dict[CompareOperator, Callable[[Any, Any], Clause]] = {
    CompareOperator.eq: lambda column, value: column == value,
    CompareOperator.ne: lambda column, value: column.is_distinct_from(value),
    CompareOperator.co: lambda column, value: func.strpos(column, value) > 0,
    CompareOperator.sw: func.starts_with,
    CompareOperator.ew: lambda column, value: func.right(column, func.length(value)) == value,
    CompareOperator.gt: lambda column, value: column > value,
    CompareOperator.ge: lambda column, value: column >= value,
    CompareOperator.lt: lambda column, value: column < value,
    CompareOperator.le: lambda column, value: column <= value,
}
