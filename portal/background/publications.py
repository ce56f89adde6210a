"""The watch in the worker that publishes drafts on the day that was set for them."""

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection, Engine, delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from portal.directory.publishing import put_in_force
from portal.domain.codec import decode
from portal.domain.policy.types import TypeChangeKind, TypeContent
from portal.models import RequestType, TypeChange, TypeDraft
from portal.models.columns import new_id

PAUSE_SECONDS = 15.0

log = structlog.get_logger("portal.worker")


@dataclass(frozen=True)
class PublicationWatch:
    """Publishes what is due by the clock of the database: late rather than never, never early."""

    engine: Engine

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                while await asyncio.to_thread(self.next):
                    pass
            except SQLAlchemyError as error:
                log.warning("publication.failed", error=type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)

    def next(self) -> bool:
        """Publish the one that waits longest; whether there was one."""
        with self.engine.begin() as connection:
            due = select(TypeDraft.request_type_id).where(TypeDraft.publish_at <= func.now())
            type_id = connection.scalar(due.order_by(TypeDraft.publish_at).limit(1))
            return type_id is not None and _publish(connection, type_id)


def _publish(connection: Connection, type_id: str) -> bool:
    """Whether it was still due: an edit takes the day back, and another worker may be faster. The
    type is locked before its draft, as pages do."""
    connection.execute(select(RequestType.id).where(RequestType.id == type_id).with_for_update())
    mine = (TypeDraft.request_type_id == type_id, TypeDraft.publish_at <= func.now())
    draft = connection.execute(
        select(TypeDraft.__table__).where(*mine).with_for_update()
    ).one_or_none()
    if draft is None:
        return False
    content = decode(TypeContent, draft.content)
    number = put_in_force(connection, type_id, content, new_id(), draft.publish_by)
    told = {
        "version": number,
        "alone": draft.approved_by is None,
        "approved_by": draft.approved_by,
        "reasons": draft.reasons,
    }
    row = {"id": new_id(), "request_type_id": type_id, "name": content.name, "data": told}
    kind = TypeChangeKind.PUBLISHED.value
    connection.execute(insert(TypeChange).values(**row, kind=kind, actor_id=draft.publish_by))
    connection.execute(delete(TypeDraft).where(TypeDraft.request_type_id == type_id))
    log.info("publication.done", type_id=type_id, version=number)
    return True
