"""The rules that hold always, each over histories in which anything happens."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings

from tests.domain.actions import histories
from tests.domain.always import RULES
from tests.domain.worlds import World

Rule = Callable[[World], None]


def replayed(world: World, rule: Rule) -> None:
    """Check a rule after every step of a history, not only at its end."""
    past = World()
    for step in world.steps:
        past.steps.append(step)
        past.state, past.now = step.after, step.now
        past.given = [each for each in world.given if _was_given(each, past)]
        rule(past)


def _was_given(command: object, past: World) -> bool:
    return any(step.what is command for step in past.steps)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=histories())
def test_it_holds_always(rule: Rule, world: World) -> None:
    replayed(world, rule)
