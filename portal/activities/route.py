"""The route activity: who must decide next, from the policy and the directory as they are now."""

from sqlalchemy import Engine
from temporalio import activity
from temporalio.exceptions import ApplicationError

from portal.activities.troubles import told
from portal.directory.planner import plan_next
from portal.domain.codec import decode, encode
from portal.domain.errors import DomainError
from portal.domain.routing.plan import RouteQuestion
from portal.workflows.messages import RouteAnswer, RouteAsk
from portal.workflows.ports import Router


class RouteActivity(Router):
    """The router on PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @activity.defn(name="route")
    def route(self, ask: RouteAsk) -> RouteAnswer:
        """Find who decides (see the port). Raises ApplicationError, not retryable, for a policy
        or a calendar that makes no sense.
        """
        with told(self._engine):
            try:
                question = decode(RouteQuestion, ask.question)
                with self._engine.connect() as connection:
                    return RouteAnswer(plan=encode(plan_next(connection, question)))
            except DomainError as error:
                raise ApplicationError(
                    str(error), type="CannotRoute", non_retryable=True
                ) from error
