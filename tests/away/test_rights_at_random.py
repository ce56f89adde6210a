"""People, groups, managers, roles and absences change at random while people decide at random, with
the server there and away: no vote counts that the directory gave nobody the right to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from portal.domain.errors import Refusal
from portal.domain.people.absence import Period
from portal.domain.policy.policy import ApproverRule, Decision, Mode, Policy, RuleKind, Stage
from portal.domain.request.events import TaskDecided
from portal.domain.request.state import Click
from portal.extensions import db
from portal.models.columns import new_id
from portal.models.recorded import events_of
from portal.services import absences, tasks
from portal.services import people as service
from portal.services.absences import AbsenceRefused, NewAbsence
from portal.services.errors import Refused
from portal.services.people import PeopleRefused, PersonAct, PersonChange
from portal.services.tasks import Vote
from tests.asking import insert_type
from tests.away.house import House
from tests.in_process import submit
from tests.web import People

STAFF = ("ben", "cleo", "carl", "dan", "eve")
RULES = {
    "manager": ApproverRule(kind=RuleKind.MANAGER),
    "group": ApproverRule(kind=RuleKind.GROUP, code="finance"),
    "role": ApproverRule(kind=RuleKind.ROLE, code="buyer"),
}
CHANGES = ("deactivate", "activate", "join", "leave", "manager", "role", "no role", "away", "back")
steps = st.lists(
    st.tuples(
        st.sampled_from((*CHANGES, *["decide"] * 8, "watch", "server")),
        st.sampled_from(STAFF),
        st.sampled_from(STAFF),
    ),
    min_size=8,
    max_size=16,
)
# Said once more, in other words than the portal's: who may have a task, by the rule of its stage.
HELD = text("""
SELECT t.id::text AS task_id, t.assignee_id::text AS holder, r.content_version,
    holder.is_active AND owner.is_active AND CASE t.stage_key
        WHEN 'group' THEN EXISTS (SELECT 1 FROM portal.group_members m WHERE m.user_id = owner.id)
        WHEN 'role' THEN 'buyer' = ANY(owner.roles)
        ELSE owner.id = (
            WITH RECURSIVE up(id, level) AS (
                SELECT manager_id, 1 FROM portal.users WHERE id = r.requester_id
                UNION ALL
                SELECT u.manager_id, level + 1 FROM up JOIN portal.users u ON u.id = up.id
                WHERE level < 9
            )
            SELECT up.id FROM up JOIN portal.users u ON u.id = up.id AND u.is_active
            ORDER BY level LIMIT 1)
    END
    AND (t.delegation_id IS NULL OR EXISTS (
        SELECT 1 FROM portal.delegations d WHERE d.id = t.delegation_id
            AND d.revoked_at IS NULL AND d.ends_at > now())
        AND NOT EXISTS (SELECT 1 FROM portal.delegations d WHERE d.delegator_id = holder.id
            AND d.revoked_at IS NULL AND d.starts_at <= now() AND d.ends_at > now()))
        AS entitled
FROM portal.tasks t JOIN portal.requests r ON r.id = t.request_id
JOIN portal.users holder ON holder.id = t.assignee_id
JOIN portal.users owner ON owner.id = COALESCE(t.acting_for, t.assignee_id)
WHERE t.status = 'OPEN' AND r.status = 'PENDING' AND t.assignee_id = :person ORDER BY t.id
""")


@pytest.fixture
def kinds(app: Flask, people: People) -> list[dict[str, str]]:
    with app.app_context():
        service.change(PersonChange(person_id=people.eve, act=PersonAct.ROLES, value=("buyer",)))
        service.change(PersonChange(person_id=people.dan, act=PersonAct.ROLES, value=("buyer",)))
        found = [
            insert_type(
                code=name,
                policy=Policy(
                    stages=(Stage(key=name, name=name, mode=Mode.ALL, rules=(rule,)),),
                    undo_seconds=0,
                ),
                prefix=name.upper(),
            )
            for name, rule in RULES.items()
        ]
        db.session.commit()
    return found


def change(app: Flask, people: People, what: str, one: str, other: str) -> None:
    """One change as an administrator makes it; what cannot be is refused and changes nothing."""
    person, second, now = getattr(people, one), getattr(people, other), datetime.now(UTC)
    acts: dict[str, tuple[PersonAct, str | tuple[str, ...]]] = {
        "deactivate": (PersonAct.DEACTIVATE, ""),
        "activate": (PersonAct.ACTIVATE, ""),
        "join": (PersonAct.JOIN, "finance"),
        "leave": (PersonAct.LEAVE, "finance"),
        "role": (PersonAct.ROLES, ("buyer",)),
        "no role": (PersonAct.ROLES, ()),
    }
    with app.app_context():
        try:
            if what == "away":
                period = Period(now, now + timedelta(days=1))
                absence = NewAbsence(delegator_id=person, delegate_id=second, period=period)
                absences.set_absence(absence, new_id(), people.adam)
            elif what == "back":
                mine = text("SELECT id::text FROM portal.delegations WHERE delegator_id = :id")
                for each in db.session.scalars(mine, {"id": person}).all():
                    absences.end(each, people.adam, is_admin=True)
            elif what == "manager":
                given = {"act": PersonAct.MANAGER, "value": person}
                service.change(PersonChange(person_id=people.ana, **given))
            else:
                act, value = acts[what]
                service.change(PersonChange(person_id=person, act=act, value=value))
        except (AbsenceRefused, PeopleRefused):
            db.session.rollback()


def decide(house: House, person: str) -> set[str]:
    """The person says yes to whatever they have; the ids of the commands that were recorded."""
    with house.process.engine.connect() as connection:
        held = connection.execute(HELD, {"person": person}).all()
    recorded = set()
    for row in held:
        vote = Vote(
            command_id=new_id(), task_id=row.task_id, decision=Decision.APPROVE,
            content_version=row.content_version,
        )  # fmt: skip
        reason = _refusal(house.app, vote, person)
        if reason is None:
            recorded.add(vote.command_id)
            assert row.entitled, row
        elif reason in (Refusal.NO_LONGER_YOURS, Refusal.NOT_ALLOWED):
            assert not row.entitled, (row, reason)
    return recorded


def _refusal(app: Flask, vote: Vote, person: str) -> Refusal | None:
    with app.app_context():
        try:
            tasks.decide(vote, person, Click())
        except Refused as refused:
            return refused.reason
    return None


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(steps)
def test_no_vote_counts_that_nobody_had_the_right_to(
    app: Flask, house: House, people: People, kinds: list[dict[str, str]], steps: list[Any]
) -> None:
    house.process.is_away = False
    states = [
        house.process.give(submit(kind, people, number=new_id()[:20], type_code=code))
        for kind, code in zip(kinds, RULES, strict=True)
    ]
    recorded: set[str] = set()
    for what, one, other in steps:
        if what == "decide":
            recorded |= decide(house, getattr(people, one))
        elif what == "watch" and not house.process.is_away:
            house.later()
        elif what == "server" and house.process.is_away:
            house.process.return_and_catch_up()
        elif what == "server":
            house.process.is_away = True
        elif what in CHANGES:
            change(app, people, what, one, other)
    house.process.return_and_catch_up()
    house.later()
    with house.process.engine.connect() as connection:
        events = events_of(connection, [state.request_id for state in states])
    for each in events.values():
        votes = {event.command_id for event in each if isinstance(event, TaskDecided)}
        assert votes <= recorded
