"""However a history is cut into batches, and however often each is recorded: the same rows."""

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from portal.activities.record import record_batch
from portal.domain.codec import decode, encode
from portal.domain.request.apply import fold
from portal.domain.request.state import Approval
from portal.models import RequestState
from portal.models.recorded import recorded_events
from portal.models.states import kept_state
from portal.queries.audit_chain import verify
from tests.activities.retold import Told, insert_commands, with_ids
from tests.activities.tables import contents
from tests.domain.actions import histories
from tests.domain.worlds import World

Cuts = list[bool]


def told(world: World) -> list[Told]:
    """The world's steps that brought about something."""
    return [Told(step.events, step.after) for step in world.steps if step.events]


def merged(steps: list[Told], cuts: Cuts) -> list[Told]:
    """The steps, joined where `cuts` says no."""
    batches = [steps[0]]
    for step, cut in zip(steps[1:], cuts, strict=False):
        if cut:
            batches.append(step)
        else:
            batches[-1] = batches[-1].and_then(step)
    return batches + steps[1 + len(cuts) :]


def record(connection: Connection, world: World, batches: list[Told], twice: Cuts) -> None:
    """Record on an empty database; some batches, and then an earlier one, twice."""
    insert_commands(connection, world.given)
    for number, batch in enumerate(batches):
        assert record_batch(connection, batch.batch()).recorded == []
        if number < len(twice) and twice[number]:
            assert record_batch(connection, batch.batch()).recorded == []
            assert record_batch(connection, batches[0].batch()).recorded == []


def states_agree(connection: Connection, world: World) -> None:
    """The kept state is the workflow's, and the fold of the recorded events."""
    request_id, whole = world.state.request_id, with_ids(encode(world.state))
    stored = connection.scalars(select(RequestState.state)).one()
    assert encode(decode(Approval, stored)) == whole
    assert encode(fold(request_id, recorded_events(connection, request_id))) == whole
    assert encode(kept_state(connection, request_id)) == whole


@settings(
    max_examples=15,
    deadline=None,
    # Shrinking would record thousands of histories.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(histories(), st.lists(st.booleans(), max_size=30), st.lists(st.booleans(), max_size=30))
def test_any_cut_and_any_repeat_gives_the_same(
    engine: Engine, world: World, cuts: Cuts, twice: Cuts
) -> None:
    steps = told(world)
    with engine.connect() as connection:
        record(connection, world, steps, twice=[])
        plain = contents(connection)
        assert verify(connection) == []
        if steps:
            states_agree(connection, world)
        connection.rollback()
        record(connection, world, merged(steps, cuts), twice)
        assert contents(connection) == plain
        connection.rollback()
