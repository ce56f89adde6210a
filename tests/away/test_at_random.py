"""People change at random in the database, by the services, while requests wait: everybody who is
asked is there, nobody decides who may not: in every mode, with distinct people and fallbacks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from portal.domain.people.absence import Period
from portal.domain.policy.policy import ApproverRule, Mode, Policy, RuleKind, Stage
from portal.domain.request import commands
from portal.domain.request.state import Status
from portal.extensions import db
from portal.models import Delegation
from portal.models.columns import new_id
from portal.services import absences
from portal.services import people as service
from portal.services.absences import AbsenceRefused, NewAbsence
from portal.services.people import PeopleRefused, PersonAct, PersonChange
from tests.asking import MANAGER, insert_type
from tests.away.house import House
from tests.in_process import submit
from tests.web import People

STAFF = ("ben", "cleo", "carl", "dan", "eve")
NOBODY_STUCK = text("""
SELECT r.number FROM portal.requests r WHERE r.status = 'PENDING' AND r.attention IS NULL AND (
    NOT EXISTS (SELECT 1 FROM portal.tasks t WHERE t.request_id = r.id AND t.status = 'OPEN')
    OR EXISTS (SELECT 1 FROM portal.tasks t
        JOIN portal.users u ON u.id IN (t.assignee_id, t.acting_for)
        WHERE t.request_id = r.id AND t.status = 'OPEN' AND NOT u.is_active))
""")
NOBODY_EXCLUDED = text("""
SELECT id FROM portal.tasks
WHERE requester_id IN (decided_by, acting_for, assignee_id) OR decided_by <> assignee_id
UNION ALL
SELECT later.id FROM portal.tasks later JOIN portal.tasks earlier
    ON (earlier.request_id, earlier.round) = (later.request_id, later.round)
    AND earlier.stage_index < later.stage_index AND earlier.decided_by = later.decided_by
""")
BY_FINANCE = ApproverRule(kind=RuleKind.GROUP, code="finance")


def policies(people: People) -> dict[str, Policy]:
    """One for each mode; nobody decides twice, and where nobody is left Eve is asked."""
    named = ApproverRule(kind=RuleKind.PEOPLE, people=(people.eve, people.dan))
    modes: dict[str, dict[str, Any]] = {
        "any": {"mode": Mode.ANY, "rules": (BY_FINANCE,)},
        "all": {"mode": Mode.ALL, "rules": (BY_FINANCE, named)},
        "quorum": {"mode": Mode.QUORUM, "rules": (BY_FINANCE, named), "quorum": 2},
        "groups": {"mode": Mode.PER_GROUP, "rules": (BY_FINANCE, named)},
    }
    fallback = (ApproverRule(kind=RuleKind.PEOPLE, people=(people.eve,)),)
    return {
        name: Policy(
            stages=(MANAGER, Stage(key="second", name="Second", distinct=True, **stage)),
            fallback=fallback, undo_seconds=0,
        )
        for name, stage in modes.items()
    }  # fmt: skip


@pytest.fixture
def kinds(app: Flask, people: People) -> list[dict[str, str]]:
    with app.app_context():
        found = [
            insert_type(code=name, policy=policy, prefix=name.upper())
            for name, policy in policies(people).items()
        ]
        db.session.commit()
    return found


steps = st.lists(
    st.tuples(
        st.sampled_from(
            ("deactivate", "activate", "join", "leave", "away", "back", "try", "approve")
        ),
        st.sampled_from(STAFF),
        st.sampled_from(STAFF),
    ),
    min_size=4,
    max_size=8,
)


def change(house: House, people: People, what: str, one: str, other: str) -> None:
    """One change as an administrator makes it; what cannot be is refused and changes nothing."""
    person = getattr(people, one)
    with house.app.app_context():
        try:
            if what == "away":
                now = datetime.now(UTC)
                period = Period(now, now + timedelta(days=1))
                delegate = getattr(people, other)
                wish = NewAbsence(delegator_id=person, delegate_id=delegate, period=period)
                absences.set_absence(wish, new_id(), people.adam)
            elif what == "back":
                mine = select(Delegation.id).where(Delegation.delegator_id == person)
                for each in db.session.scalars(mine).all():
                    absences.end(each, people.adam, is_admin=True)
            else:
                value = "finance" if what in ("join", "leave") else ""
                given = {"person_id": person, "act": PersonAct(what), "value": value}
                service.change(PersonChange(**given, actor_id=people.adam))
        except (AbsenceRefused, PeopleRefused):
            db.session.rollback()


def approve(house: House, who: str | None = None) -> None:
    """One after the other say yes to their open tasks; or one person tries it with everybody's."""
    for state in list(house.process.states.values()):
        for task in state.open_tasks if state.status is Status.PENDING else ():
            given: dict[str, Any] = {"command_id": new_id(), "at": datetime.now(UTC)}
            house.process.give(
                commands.Approve(
                    **given, request_id=state.request_id, actor_id=who or task.assignee_id,
                    task_id=task.id, round=state.round, content_version=state.content_version,
                )
            )  # fmt: skip
        house.process.pass_time(state.request_id, seconds=1)


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(steps)
def test_nobody_waits_for_somebody_who_is_not_there(
    app: Flask, house: House, people: People, kinds: list[dict[str, str]], steps: list[Any]
) -> None:
    for kind in kinds:
        house.process.give(submit(kind, people, number=new_id()[:20]))
    for what, one, other in steps:
        if what in ("approve", "try"):
            approve(house, getattr(people, one) if what == "try" else None)
        else:
            change(house, people, what, one, other)
        house.later()
        with house.process.engine.connect() as connection:
            assert connection.execute(NOBODY_STUCK).all() == []
            assert connection.execute(NOBODY_EXCLUDED).all() == []
