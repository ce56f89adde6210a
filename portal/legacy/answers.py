"""What people answered where an instance cannot move by itself, and what it makes of a step."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from portal.domain import codec
from portal.domain.errors import CannotDecode
from portal.domain.policy.policy import Mode
from portal.legacy.accounts import Accounts
from portal.legacy.choices import Counting, PersonsChoice, ReasonQuestion
from portal.legacy.engine import EngineStep, MappingFinding
from portal.legacy.people import People, Profile, StepApprovers
from portal.legacy.setting import OperatorAnswer, Setting
from portal.legacy.votes import Count

Driver = psycopg.Connection[Any]

# Whoever was chosen and is active here: by name, or as a member of the chosen group.
CHOSEN = """
SELECT m.instance_id, m.choice, by.name, chosen.people FROM portal.legacy_moves m
LEFT JOIN portal.users by ON by.id = m.chosen_by
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(u.id, u.legacy_profile_id, u.name) ORDER BY u.id) AS people
    FROM portal.users u WHERE u.is_active AND (
        u.id::text IN (SELECT jsonb_array_elements_text(coalesce(m.choice -> 'people', '[]')))
        OR u.id IN (SELECT g.user_id FROM portal.group_members g
            WHERE g.group_id::text = m.choice ->> 'group'))
) chosen ON true
WHERE m.instance_id = ANY(%s) AND m.choice IS NOT NULL AND m.result <> 'failed'
"""


def read_answers(
    driver: Driver, setting: Setting, accounts: Accounts, instance_ids: Sequence[str]
) -> dict[str, OperatorAnswer]:
    """The answers of these instances. Whoever was never in the old system joins the setting."""
    found = {}
    profile_of = {user: profile for profile, user in accounts.known.items()}
    for instance_id, given, by, people in driver.execute(CHOSEN, [list(instance_ids)]).fetchall():
        try:
            choice = codec.decode(PersonsChoice, given)
        except CannotDecode:
            continue  # of a later version: the reasons stand, and are asked again
        profiles = []
        for user, legacy, name in people or ():
            profile = legacy or profile_of.get(user)
            if profile is None:
                profile = user
                setting.directory.profiles[user] = Profile(user, None, name, None, True)
                setting.accounts[user] = user
                accounts.ours.add(user)
            profiles.append(profile)
        who = by or "An administrator"
        found[instance_id] = OperatorAnswer(choice, tuple(profiles), who)
    return found


@dataclass(frozen=True)
class Chosen:
    """Whom the step asks, how it counts if that was chosen too, and what is still open."""

    asked: StepApprovers
    counted: Count | None = None
    finding: MappingFinding = field(default_factory=MappingFinding)


def chosen_for(
    step: EngineStep,
    asked: StepApprovers,
    found: MappingFinding,
    answer: OperatorAnswer | None,
    people: People,
) -> Chosen:
    """The step as answered; without reasons, or without an answer to them, as the rules have it."""
    if not found.reasons or answer is None:
        return Chosen(asked, finding=MappingFinding(found.questions, found.reasons))
    choice = answer.choice
    only_votes = set(found.questions) == {ReasonQuestion.VOTES}
    if only_votes and choice.counting is not None:
        return _counted(step, asked, choice.counting, answer.by)
    if not choice.answers(ReasonQuestion.PEOPLE):
        return Chosen(asked, finding=MappingFinding(found.questions, found.reasons))
    return _asked(step, answer, people)


def _counted(step: EngineStep, asked: StepApprovers, counting: Counting, by: str) -> Chosen:
    finding = MappingFinding()
    enough = "one of them is enough" if counting is Counting.ONE else "all have to approve"
    finding.remark(f"{by} chose for “{step.name}” that {enough}.")
    if counting is Counting.ONE:
        return Chosen(asked, Count(Mode.ANY, 1), finding)
    return Chosen(asked, Count(Mode.ALL, max(1, len(asked.people))), finding)


def _asked(step: EngineStep, answer: OperatorAnswer, people: People) -> Chosen:
    finding = MappingFinding()
    able = tuple(person for person in answer.people if people.can_be_asked(person))
    if not able:
        reason = f"Nobody of those chosen for “{step.name}” is active and somebody else than asked."
        finding.needs(reason, ReasonQuestion.PEOPLE)
        return Chosen(StepApprovers(), finding=finding)
    names = ", ".join(people.directory.name(person) for person in able)
    finding.remark(f"{answer.by} chose {names} for “{step.name}”.")
    return Chosen(StepApprovers(able, "An administrator chose you."), Count(Mode.ANY, 1), finding)
