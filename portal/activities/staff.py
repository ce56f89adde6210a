"""The staff activities: who may be given a task, and whether a right to one had ended."""

from sqlalchemy import Engine, func, select
from temporalio import activity

from portal.directory.planner import was_entitled
from portal.directory.receivers import reach
from portal.directory.staff import name_of
from portal.domain.codec import decode
from portal.domain.deciding.decide import find_task
from portal.domain.request.state import Approval
from portal.workflows.messages import EntitlementAnswer, EntitlementAsk, StaffAnswer, StaffAsk
from portal.workflows.ports import Staff


class StaffActivity(Staff):
    """The staff on PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @activity.defn(name="staff")
    def staff(self, ask: StaffAsk) -> StaffAnswer:
        """Name somebody who may be given a task (see the port)."""
        with self._engine.connect() as connection:
            name = name_of(connection, ask.person_id)
            if not name or ask.state is None:
                return StaffAnswer(name=name)
            state = decode(Approval, ask.state)
            now = connection.execute(select(func.clock_timestamp())).scalar_one()
            return StaffAnswer(
                name=name, reach=reach(connection, state, ask.task_id, ask.person_id, now)
            )

    @activity.defn(name="entitlement")
    def entitlement(self, ask: EntitlementAsk) -> EntitlementAnswer:
        """Compare the right to a task with the time of a command (see the port)."""
        state = decode(Approval, ask.state)
        found = find_task(state, ask.task_id)
        if found is None:
            return EntitlementAnswer()
        with self._engine.connect() as connection:
            now = connection.execute(select(func.clock_timestamp())).scalar_one()
            entitled = was_entitled(connection, state, found[1], ask.command_id, now)
        return EntitlementAnswer(is_entitled=entitled)
