"""The staff activity: whether somebody may be given a task, from the people as they are now."""

from sqlalchemy import Engine
from temporalio import activity

from portal.directory.staff import name_of
from portal.workflows.messages import StaffAnswer, StaffAsk
from portal.workflows.ports import Staff


class StaffActivity(Staff):
    """The staff on PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @activity.defn(name="staff")
    def staff(self, ask: StaffAsk) -> StaffAnswer:
        """Name somebody who may be given a task (see the port)."""
        with self._engine.connect() as connection:
            return StaffAnswer(name=name_of(connection, ask.person_id))
