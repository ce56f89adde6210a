"""What people answered on /admin/cutover, read for the instances that are looked at now."""

from collections.abc import Sequence
from typing import Any

import psycopg

from portal.domain import codec
from portal.domain.errors import CannotDecode
from portal.domain.legacy_choices import Choice
from portal.legacy.accounts import Accounts
from portal.legacy.directory import Profile
from portal.legacy.setting import Answer, Setting

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
) -> dict[str, Answer]:
    """The answers of these instances. Whoever was never in the old system joins the setting."""
    found = {}
    profile_of = {user: profile for profile, user in accounts.known.items()}
    for instance_id, given, by, people in driver.execute(CHOSEN, [list(instance_ids)]).fetchall():
        try:
            choice = codec.decode(Choice, given)
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
        found[instance_id] = Answer(choice, tuple(profiles), who)
    return found
