"""Limits of power: who may change whom."""

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.people.permissions import GRANTS, Permission, Role, may_change, permissions_of

ROLES = st.frozensets(st.sampled_from(list(Role)))


@given(actor=ROLES, person=ROLES)
def test_only_administrators_change_administrators_and_roles(
    actor: frozenset[Role], person: frozenset[Role]
) -> None:
    is_admin = Role.ADMIN in actor and Role.AUDITOR not in actor
    keeps_people = is_admin or (Role.PEOPLE_ADMIN in actor and Role.AUDITOR not in actor)
    assert may_change(actor, person, roles=True) == is_admin
    editors = {Role.TYPE_EDITOR, Role.TYPE_PUBLISHER}
    edits_more = bool(editors & person) and not editors & actor
    publishes_more = Role.TYPE_PUBLISHER in person - actor
    is_above = bool({Role.ADMIN, Role.AUDITOR} & person) or edits_more or publishes_more
    assert may_change(actor, person) == (is_admin or (keeps_people and not is_above))


@given(actor=ROLES)
def test_keeping_people_gives_no_right_over_requests(actor: frozenset[Role]) -> None:
    without = permissions_of(actor - {Role.PEOPLE_ADMIN})
    assert permissions_of(actor) - without <= {Permission.MANAGE_PEOPLE}
    assert GRANTS[Role.PEOPLE_ADMIN] - GRANTS[Role.MEMBER] == {Permission.MANAGE_PEOPLE}
