"""Back-tests: asked for by a page, done at once where they are small, else by a worker."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from portal.directory import back_test
from portal.directory.whole import Span, count_in
from portal.domain.codec import encode
from portal.domain.errors import DomainError
from portal.extensions import db
from portal.models import TypeBackTest
from portal.queries.request_types import AdminType
from portal.services.types import DraftAct, TypeRefused
from portal.translation import _

# So many take less than two seconds on a busy machine.
AT_ONCE = 1000
PERIODS = (30, 91, 182, 365, 1826)


def begin(kind: AdminType, days: int, act: DraftAct) -> None:
    """Ask for one: of the draft as it is, beside the version in force. The same form again asks for
    nothing more. Raises TypeRefused where there is nothing to compare."""
    if kind.draft is None or kind.live is None:
        raise TypeRefused(_("There is no earlier version to compare the draft with."))
    until = datetime.now(UTC)
    span = Span(type_code=kind.code, since=until - timedelta(days=days), until=until)
    total = count_in(db.session.connection(), span, back_test.MOST)
    older = select(TypeBackTest.id).where(
        TypeBackTest.request_type_id == kind.id, TypeBackTest.id != act.key
    )
    db.session.execute(delete(TypeBackTest).where(TypeBackTest.id.in_(older)))
    made = insert_or_not(TypeBackTest).values(
        id=act.key,
        request_type_id=kind.id,
        live_version_id=kind.live.id,
        content=encode(kind.draft.content),
        mark=kind.draft.content.mark,
        revision=kind.draft.revision,
        since=span.since,
        until=span.until,
        total=total,
        asked_by=act.actor_id,
    )
    again = made.on_conflict_do_nothing().returning(TypeBackTest.id)
    is_new = db.session.execute(again).one_or_none() is not None
    if is_new and total <= AT_ONCE:
        _do(act.key)
    db.session.commit()


def _do(test_id: str) -> None:
    connection = db.session.connection()
    try:
        found = back_test.run(connection, test_id, lambda _done: None)
    except DomainError as error:
        back_test.finish(connection, test_id, None, str(error))
    else:
        back_test.finish(connection, test_id, found)
