"""Commands right and wrong, twice and late, routing answers and time, in any order."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.domain import actions
from tests.domain.always import RULES
from tests.domain.worlds import World


class RequestMachine(RuleBasedStateMachine):
    """One request. Every rule that holds always is an invariant."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @initialize(data=st.data())
    def submitted(self, data: Any) -> None:
        actions.submit(data.draw, self.world)

    @precondition(lambda self: self.world.state.wants_route)
    @rule(data=st.data())
    def routed(self, data: Any) -> None:
        actions.route(data.draw, self.world)

    @precondition(lambda self: self.world.state.stage is not None)
    @rule(data=st.data())
    def decided(self, data: Any) -> None:
        actions.decide(data.draw, self.world)

    @rule(data=st.data())
    def waited(self, data: Any) -> None:
        actions.wait(data.draw, self.world)

    @rule(data=st.data())
    def moved_on(self, data: Any) -> None:
        data.draw(st.sampled_from(actions.likely(self.world)))(data.draw, self.world)

    @rule(data=st.data(), name=st.sampled_from(sorted(actions.ACTIONS)))
    def anything(self, data: Any, name: str) -> None:
        actions.ACTIONS[name](data.draw, self.world)

    @rule(data=st.data())
    def submitted_again(self, data: Any) -> None:
        actions.submit(data.draw, self.world)

    @invariant()
    def what_holds_always(self) -> None:
        for check in RULES:
            check(self.world)


TestRequest = RequestMachine.TestCase
TestRequest.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
