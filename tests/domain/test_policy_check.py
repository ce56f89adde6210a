"""Policies that cannot work are refused with a sentence that names the stage."""

from dataclasses import replace
from typing import Any

import pytest

from portal.domain.codec import decode, encode
from portal.domain.errors import InvalidPolicy
from portal.domain.policy.forms import FormField
from portal.domain.policy.policy import (
    ApproverRule,
    EscalationLevel,
    Mode,
    Policy,
    RuleKind,
    StageKind,
)
from portal.domain.routing.step import validate_policy
from tests.domain.office import group, manager, named, stage

FIELDS = (FormField(name="seats", label="Seats"),)
UP = (manager(2),)


def level(after: int, *to: ApproverRule) -> EscalationLevel:
    return EscalationLevel(after=after, to=to or UP)


def check(**values: Any) -> None:
    rules = values.pop("rules", (manager(),))
    validate_policy(Policy(stages=(stage(*rules, **values),)), FIELDS)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"mode": Mode.QUORUM, "quorum": 2},
        {"mode": Mode.QUORUM, "quorum_percent": 100},
        {"mode": Mode.PER_GROUP, "rules": (group("IT"), group("FIN"))},
        {"reads": ("seats", "amount", "title", "currency")},
        {"remind_after": (60, 120), "escalate": (level(180), level(240)), "expire_after": 300},
    ],
)
def test_a_sound_stage_passes(values: dict[str, Any]) -> None:
    check(**values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"rules": ()}, "needs a rule"),
        ({"key": " "}, "needs a key"),
        ({"rules": (named(),)}, "names nobody"),
        ({"rules": (ApproverRule(kind=RuleKind.GROUP),)}, "which group"),
        ({"rules": (ApproverRule(kind=RuleKind.ROLE),)}, "which role"),
        ({"rules": (manager(0),)}, "at least 1 level"),
        ({"rules": (ApproverRule(kind=RuleKind.CHOSEN),)}, "which form field"),
        ({"rules": (ApproverRule(kind=RuleKind.CHOSEN, form_field="who"),)}, "looks at “who”"),
        ({"fallback": (named(),)}, "fallback, has a rule that names nobody"),
        ({"reads": ("colour",)}, "reads “colour”"),
        ({"mode": Mode.QUORUM}, "needs a quorum"),
        ({"mode": Mode.QUORUM, "quorum": 1, "quorum_percent": 50}, "needs a quorum: either"),
        ({"mode": Mode.QUORUM, "quorum": 0}, "at least 1 vote"),
        ({"mode": Mode.QUORUM, "quorum_percent": 0}, "between 1 and 100"),
        ({"mode": Mode.QUORUM, "quorum_percent": 101}, "between 1 and 100"),
        ({"quorum": 2}, "its mode is “any”"),
        ({"mode": Mode.PER_GROUP, "rules": (group("IT"), group("IT"))}, "same group twice"),
        ({"remind_after": (0,)}, "a reminder has to come"),
        ({"remind_after": (60, 60)}, "each reminder has to come later"),
        ({"escalate": (level(0),)}, "an escalation has to come"),
        ({"escalate": (level(60), level(30))}, "each escalation has to come later"),
        ({"escalate": (EscalationLevel(after=60, to=()),)}, "escalation 1 does not say to whom"),
        ({"escalate": (level(60, named()),)}, "escalation 1, has a rule that names nobody"),
        ({"expire_after": 0}, "has to expire at least 1 minute"),
        ({"expire_after": 60, "escalate": (level(60),)}, "expires before its last"),
        ({"expire_after": 60, "remind_after": (70,)}, "expires before its last"),
    ],
)
def test_a_stage_that_cannot_work_is_named(values: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidPolicy, match=words):
        check(**values)


def test_a_version_of_old_with_a_long_undo_window_still_loads() -> None:
    old = Policy(stages=(stage(manager()),), undo_seconds=10**9)
    assert decode(Policy, encode(old)) == old
    validate_policy(replace(old, undo_seconds=86_400), FIELDS)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (Policy(stages=()), "at least one approval stage"),
        (Policy(stages=(stage(manager(), kind=StageKind.NOTIFY),)), "at least one approval stage"),
        (Policy(stages=(stage(manager()), stage(manager()))), "the key “first”"),
        (Policy(stages=(stage(manager()),), undo_seconds=-1), "undo window"),
        (Policy(stages=(stage(manager()),), undo_seconds=86_401), "undo window"),
        (Policy(stages=(stage(manager()),), fallback=(named(),)), "policy's fallback"),
    ],
)
def test_a_policy_that_cannot_work_is_refused(policy: Policy, words: str) -> None:
    with pytest.raises(InvalidPolicy, match=words):
        validate_policy(policy, FIELDS)
