"""People and groups of the portal as SCIM's resources, read and written."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from typing import Any

from scim2_models import (
    ForbiddenException,
    InvalidFilterException,
    InvalidValueException,
    NotFoundException,
    Path,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SearchRequest,
    UniquenessException,
)
from scim2_models.path import AttrPath, FilterNode
from scim2_server.storage import ScimStorage, SearchPage

from portal.domain.people.organisation import NAME_LIMIT
from portal.domain.people.provisioning import FIELDS
from portal.queries import provisioning as kept
from portal.queries.provisioning import ProvisionedGroupRecord, ProvisionedRecord
from portal.services import provisioning
from portal.services.organisation import UnitRefused
from portal.services.people import PeopleRefused
from portal.services.provisioning import (
    AlreadyThere,
    ProvidedGroup,
    ProvidedPerson,
    ReferenceRefused,
    Source,
)
from portal.services.staff import LONGEST_NUMBER, LONGEST_TITLE, FieldRefused
from portal.translation import _

CORE = "urn:ietf:params:scim:schemas:core:2.0"
USER, GROUP = f"{CORE}:User", f"{CORE}:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
OF_ENTERPRISE = ("employeeNumber", "department", "manager")
LONGEST_ID = 320
MOST_MEMBERS = 10_000
LIMITS = {
    "userName": LONGEST_ID, "externalId": LONGEST_ID, "title": LONGEST_TITLE,
    "employeeNumber": LONGEST_NUMBER, "department": NAME_LIMIT, "timezone": 60, "locale": 60,
    "preferredLanguage": 60,
}  # fmt: skip
ModelOf = Callable[[ResourceType], type[Resource[Any]]]


class PortalStorage(ScimStorage):
    """The portal's people and groups, written in the name of a provider. `whole`: what is written
    is all that the provider has, rather than a change."""

    def __init__(self, source: Source, model_of: ModelOf, *, writes: bool) -> None:
        self.source, self.model_of = source, model_of
        self.writes, self.whole = writes, False
        self.shown: dict[str, Any] = {}

    def operation(self) -> AbstractContextManager[None]:
        """One transaction, and the words of a refusal in place of ours."""
        return _told(provisioning.operation(writes=self.writes))

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """One person or group."""
        resource = self._found(resource_type, resource_id)
        self.shown = _attributes(resource) if resource_type.name == "User" else {}
        return resource

    def _resource(self, resource_type: ResourceType, body: dict[str, Any]) -> Resource[Any]:
        return self.model_of(resource_type).model_validate(body)

    def _found(self, resource_type: ResourceType, resource_id: str) -> Resource[Any]:
        body: dict[str, Any] | None = None
        if resource_type.name == "Group":
            if (group := kept.group(resource_id)) is not None:
                body = group_body(group)
        elif (person := kept.person(resource_id)) is not None:
            body = person_body(person)
        if body is None:
            raise NotFoundException(detail=_("There is nothing here."))
        return self._resource(resource_type, body)

    def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: Any = None,
    ) -> SearchPage:
        """A page of what a filter names; of both types the people come first."""
        wanted, order = _tree(search_request), _order(search_request)
        left, skip = search_request.count or 0, (search_request.start_index or 1) - 1
        page = SearchPage(0, [])
        for each in resource_types:
            is_group = each.name == "Group"
            count = (kept.count_groups if is_group else kept.count_people)(wanted)
            page.total = (page.total or 0) + count
            if left > 0 and skip < count:
                read = _groups if is_group else _people
                found = [self._resource(each, body) for body in read(wanted, order, skip, left)]
                page.resources += found
                left -= len(found)
            skip = max(0, skip - count)
        return page

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """Add a person or group."""
        if resource_type.name == "Group":
            new_id = provisioning.add_group(_group(resource), self.source)
        else:
            new_id = provisioning.add_person(self._person(resource), self.source)
        return self._found(resource_type, new_id)

    def update(
        self,
        resource_type: ResourceType,
        resource: Resource[Any],
        *,
        expected_version: str | None = None,
    ) -> Resource[Any]:
        """Write what a person or group is from now on."""
        there = str(resource.id)
        self._require_version(resource_type, there, expected_version)
        if resource_type.name == "Group":
            provisioning.change_group(there, _group(resource), self.source)
        else:
            provisioning.change_person(there, self._person(resource), self.source)
        return self._found(resource_type, there)

    def delete(
        self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None
    ) -> None:
        """Deactivate a person, or empty a group; the provider sees it no more."""
        self._require_version(resource_type, resource_id, expected_version)
        if resource_type.name == "Group":
            provisioning.remove_group(resource_id, self.source)
        else:
            provisioning.remove_person(resource_id, self.source)

    def _require_version(
        self, resource_type: ResourceType, resource_id: str, expected: str | None
    ) -> None:
        meta = self._found(resource_type, resource_id).meta
        if expected is not None and (meta is None or meta.version != expected):
            raise PreconditionFailedException

    def _person(self, resource: Resource[Any]) -> ProvidedPerson:
        given = _attributes(resource)
        return ProvidedPerson(
            user_name=given["userName"],
            external_id=given.get("externalId"),
            attributes={name: value for name, value in given.items() if name in FIELDS},
            shown=self.shown,
            whole=self.whole,
        )


@contextmanager
def _told(inside: AbstractContextManager[None]) -> Iterator[None]:
    """What a service refuses, as SCIM says it."""
    try:
        with inside:
            yield
    except AlreadyThere as refused:
        raise UniquenessException(detail=str(refused)) from refused
    except FieldRefused as refused:
        kind = UniquenessException if refused.taken else InvalidValueException
        raise kind(detail=str(refused)) from refused
    except UnitRefused as refused:
        raise InvalidValueException(detail=str(refused)) from refused
    except ReferenceRefused as refused:
        raise InvalidValueException(detail=str(refused)) from refused
    except PeopleRefused as refused:
        raise ForbiddenException(detail=str(refused)) from refused
    except LookupError as missing:
        raise NotFoundException(detail=_("There is nothing here.")) from missing


def _tree(search_request: SearchRequest[Any]) -> FilterNode | None:
    wanted = search_request.filter
    return None if wanted is None else wanted.ast


def _order(search_request: SearchRequest[Any]) -> tuple[AttrPath, bool] | None:
    by: Path[Any] | None = search_request.sort_by
    if by is None:
        return None
    name, _dot, part = str(by).rpartition(":")[2].partition(".")
    if not name:
        raise InvalidFilterException(detail=_("This cannot be sorted by."))
    is_down = search_request.sort_order == SearchRequest.SortOrder.descending
    return AttrPath(name, part or None), is_down


def _people(*asked: Any) -> Iterator[dict[str, Any]]:
    return map(person_body, kept.people(*asked))


def _groups(*asked: Any) -> Iterator[dict[str, Any]]:
    return map(group_body, kept.groups(*asked))


def _attributes(resource: Resource[Any]) -> dict[str, Any]:
    """A person's attributes in one dictionary, a manager as the id. Raises InvalidValue."""
    body = resource.model_dump()
    found = {**body, **body.get(ENTERPRISE, {})}
    if "manager" in found:
        found["manager"] = (found["manager"] or {}).get("value")
    for name, most in LIMITS.items():
        text = found.get(name)
        if isinstance(text, str) and len(text) > most:
            raise InvalidValueException(detail=f"{name} may have at most {most} characters")
    if not (found.get("userName") or "").strip():
        raise InvalidValueException(detail="userName is needed")
    return found


def _group(resource: Resource[Any]) -> ProvidedGroup:
    body = resource.model_dump()
    name = " ".join((body.get("displayName") or "").split())
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise InvalidValueException(detail=f"displayName needs 1 to {NAME_LIMIT} characters")
    if len(body.get("externalId") or "") > LONGEST_ID:
        raise InvalidValueException(detail=f"externalId may have at most {LONGEST_ID} characters")
    members = [each.get("value") or "" for each in body.get("members") or ()]
    if len(members) > MOST_MEMBERS:
        raise InvalidValueException(detail=f"A group may have at most {MOST_MEMBERS} members")
    return ProvidedGroup(
        name=name, external_id=body.get("externalId"), members=tuple(dict.fromkeys(members))
    )


def person_body(found: ProvisionedRecord) -> dict[str, Any]:
    """Somebody as a provider reads them: as it wrote them, but where somebody changed it here."""
    values = {name: value for name, value in _shown(found).items() if value is not None}
    outer = {name: values.pop(name) for name in OF_ENTERPRISE if name in values}
    body = {
        "schemas": [USER, *([ENTERPRISE] if outer else [])],
        "id": found.id,
        "externalId": found.external_id,
        "userName": found.user_name,
        **values,
        "groups": [
            {"value": key, "$ref": f"Groups/{key}", "display": name, "type": "direct"}
            for key, name in sorted(found.groups.items())
        ],
        **({ENTERPRISE: outer} if outer else {}),
    }
    return _with_meta(body, "User", found.created_at, found.changed_at)


def _shown(found: ProvisionedRecord) -> dict[str, Any]:
    values = _own(found)
    written, taken = found.written or {}, found.taken or {}
    for name, value in written.items():
        field = FIELDS[name]
        if field in taken and taken[field] == getattr(found, field):
            values[name] = value
    if "displayName" in written or "name" in written:
        is_same = taken.get("name") == found.name
        for name in ("displayName", "name"):
            values[name] = written.get(name) if is_same else values[name]
    if isinstance(values["manager"], str):
        key = values["manager"]
        values["manager"] = {"value": key, "$ref": f"Users/{key}"}
    return values


def _own(found: ProvisionedRecord) -> dict[str, Any]:
    """What the portal itself says of them."""
    email = {"value": found.email, "type": "work", "primary": True}
    return {
        "displayName": found.name,
        "name": {"formatted": found.name},
        "emails": [email] if found.email else None,
        "title": found.job_title,
        "employeeNumber": found.employee_no,
        "department": found.department,
        "manager": found.manager_id,
        "timezone": found.time_zone,
        "preferredLanguage": found.locale or None,
        "active": found.is_active,
    }


def group_body(found: ProvisionedGroupRecord) -> dict[str, Any]:
    """A group as a provider reads it."""
    body = {
        "schemas": [GROUP],
        "id": found.id,
        "externalId": found.external_id,
        "displayName": found.name,
        "members": [{"value": key, "$ref": f"Users/{key}"} for key in sorted(found.members)],
    }
    return _with_meta(body, "Group", found.created_at, found.changed_at)


def _with_meta(body: dict[str, Any], kind: str, created_at: Any, changed_at: Any) -> dict[str, Any]:
    """The same with when it was made and changed, and a version: the digest of all that it says."""
    mark = sha256(repr(sorted(body.items())).encode()).hexdigest()[:24]
    body["meta"] = {
        "resourceType": kind,
        "created": created_at,
        "lastModified": changed_at,
        "version": f'W/"{mark}"',
    }
    return body
