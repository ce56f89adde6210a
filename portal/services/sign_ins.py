"""The history of signing in: who came in when, how and from where, and who was refused."""

from sqlalchemy import insert

from portal.domain.people.signing_in import Way, Went
from portal.domain.request.state import Click
from portal.extensions import db
from portal.models import SignIn


def note(
    user_id: str,
    how: Way,
    went: Went,
    click: Click,
    *,
    second: Way | None = None,
    session_id: str | None = None,
    detail: str = "",
) -> None:
    """Note it in the caller's transaction."""
    db.session.execute(
        insert(SignIn).values(
            user_id=user_id,
            how=how,
            went=went,
            second=second,
            session_id=session_id,
            detail=detail[:200],
            ip=click.ip,
            user_agent=click.user_agent,
        )
    )


def refused(user_id: str, how: Way, click: Click, detail: str = "") -> None:
    """Note that somebody was refused, whatever becomes of what they wanted."""
    db.session.rollback()
    note(user_id, how, Went.REFUSED, click, detail=detail)
    db.session.commit()
