"""People: whom a program acts for, and looking them up."""

from pydantic import Field

from portal.api.endpoints import Answer, Input, Output, endpoint
from portal.api.pages import cursor_of, invalid_cursor, text_of
from portal.domain.people.permissions import Permission
from portal.domain.people.tokens import Scope, TokenKind
from portal.forms.fields import uuid_of
from portal.presentation.problems import InputError, ProblemRaised
from portal.queries import people
from portal.security import callers
from portal.security.callers import Caller
from portal.translation import _


class Person(Output):
    """Somebody by id and name."""

    id: str
    name: str


class DirectoryPerson(Output):
    """Somebody active. The mail address is told to services and to those who keep people."""

    id: str
    name: str
    employee_no: str | None
    department: str | None
    job_title: str | None
    email: str | None


class PeoplePage(Output):
    """A page of people; `next` begins the next one."""

    items: list[DirectoryPerson]
    next: str | None


class PeopleQuery(Input):
    """Which people."""

    q: str = Field("", max_length=100, description="How the words of their names begin.")
    limit: int = Field(50, ge=1, le=100)
    cursor: str | None = Field(None, max_length=500)


class Me(Output):
    """The token that asks."""

    kind: str
    name: str
    scopes: list[str]
    modules: list[str]
    owner: Person | None


def actor_of(
    reference: str | None, caller: Caller, pointer: str = "/userId"
) -> tuple[str, str | None]:
    """The id of the person in whose name a command is given, and of the one it is given on behalf
    of. A service names anybody active; the owner of a personal token acts themselves."""
    found = None if reference is None else people.referred(reference)
    own = caller.identity
    if found is None and (reference is not None or own is None):
        words = _("Nobody active is known by this.") if reference else _("Say who acts.")
        raise ProblemRaised("invalid", errors=(InputError(pointer, words),))
    if own is None:
        assert found is not None
        return found.id, None
    return own.id, found.id if found is not None and found.id != own.id else None


@endpoint("GET", "/people", Scope.PEOPLE_READ, query=PeopleQuery, answers={200: PeoplePage},
          summary="Look up people")  # fmt: skip
def list_people(query: PeopleQuery) -> Answer:
    """Active people by name, in the order of their names."""
    caller = callers.caller()
    keeps = caller.kind is TokenKind.SERVICE or (
        caller.identity is not None and caller.identity.may(Permission.MANAGE_PEOPLE)
    )
    after = cursor_of(query.cursor, 2)
    place = None if after is None else (after[0], uuid_of(after[1]) or "")
    if place is not None and not place[1]:
        raise invalid_cursor()
    found, more = people.directory(query.q, query.limit, place, with_email=keeps)
    items = [
        DirectoryPerson(
            id=each.id, name=each.name, employee_no=each.employee_no, department=each.department,
            job_title=each.job_title, email=each.email,
        )
        for each in found
    ]  # fmt: skip
    return Answer(body=PeoplePage(items=items, next=text_of(more)))


@endpoint("GET", "/me", None, answers={200: Me}, summary="What this token is")
def show_me() -> Answer:
    """The token's name, scopes and owner: a way to try whether it works."""
    caller = callers.caller()
    owner = caller.identity
    body = Me(
        kind=caller.kind.value,
        name=caller.name,
        scopes=sorted(caller.scopes),
        modules=list(caller.modules),
        owner=None if owner is None else Person(id=owner.id, name=owner.name),
    )
    return Answer(body=body)
