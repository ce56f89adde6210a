"""Keep who followed a link that was sent to somebody else."""

from sqlalchemy.dialects.postgresql import insert

from portal.domain.request.state import Click
from portal.extensions import db, transaction
from portal.models import LinkRefusal


def note_refusal(link_id: str, request_id: str, user_id: str, click: Click) -> None:
    """Record it, for auditors: the first time of each person and link, however often they try."""
    row = insert(LinkRefusal).values(
        link_id=link_id,
        request_id=request_id,
        user_id=user_id,
        ip=click.ip,
        user_agent=click.user_agent,
    )
    with transaction():
        db.session.execute(row.on_conflict_do_nothing())
        db.session.commit()
