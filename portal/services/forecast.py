"""What routing expects of a request's remaining stages, as things are today."""

import structlog

from portal.directory.planner import predict
from portal.domain.errors import DomainError
from portal.domain.routing.plan import Attention, RouteQuestion, StagePlan, StageSkip
from portal.extensions import db

log = structlog.get_logger("portal.web")


def forecast(question: RouteQuestion) -> tuple[StageSkip | StagePlan | Attention, ...]:
    """The stages from `question.from_index` on. Empty where the policy cannot be read any more:
    a page must still be drawn, and the workflow will tell the admins itself."""
    try:
        return tuple(predict(db.session.connection(), question))
    except DomainError as error:
        log.warning("no forecast", request_id=question.request_id, error=str(error))
        return ()
