"""Somebody leaves: they are deactivated, and each part of what depends on them goes to whoever was
chosen for it, in one transaction."""

from collections.abc import Iterator
from uuid import UUID, uuid5

from sqlalchemy import select

from portal.directory.planner import BEFORE_A_CHANGE
from portal.domain.request.commands import Command, Reassign
from portal.domain.request.state import Click
from portal.extensions import db, transaction
from portal.models import User
from portal.queries import gaps
from portal.services import people, types
from portal.services.commands import store
from portal.services.errors import Refused
from portal.services.judge import admitted
from portal.services.people import PersonChange, part
from portal.services.snapshots import RequestSnapshot, of_tasks
from portal.translation import _


def leave(wish: PersonChange, click: Click, *, edits_types: bool) -> bool:
    """Deactivate somebody; False where they are inactive already. Policies that name them get a
    draft which names whoever was chosen, where the actor may edit types.

    Raises as `people.change` does, and Refused, with the request's number, where somebody cannot
    have a task.
    """
    db.session.execute(BEFORE_A_CHANGE)
    given = list(_given(wish))
    if not deactivate(wish, edits_types=edits_types):
        db.session.rollback()
        return False
    store(given, click)
    db.session.commit()
    return True


def deactivate(wish: PersonChange, *, edits_types: bool) -> bool:
    """The same in the caller's transaction, with no open task given to anybody by name."""
    if not people.apply(wish):
        return False
    if edits_types:
        for code in gaps.named_in(wish.person_id):
            if heir := wish.successors.get(part("type", code)):
                by = "" if wish.actor_id else wish.reason
                types.name_instead(code, wish.person_id, heir, wish.actor_id, by)
    return True


def look_at(wish: PersonChange) -> None:
    """Raise what `leave` would of the tasks that are handed over. Changes nothing."""
    with transaction():
        try:
            list(_given(wish))
        finally:
            db.session.rollback()


def _given(wish: PersonChange) -> Iterator[tuple[Command, RequestSnapshot]]:
    """The open tasks that go to whom they were chosen for, as an administrator gives them."""
    estate = gaps.estate_of(wish.person_id).tasks
    chosen = {id_: to for id_ in estate if (to := wish.successors.get(part("task", id_)))}
    found = of_tasks(chosen)
    name = db.session.scalar(select(User.name).where(User.id == wish.person_id))
    for task_id, to in chosen.items():
        task = found.get(task_id)
        if task is None or wish.actor_id is None:
            continue
        key = str(uuid5(UUID(task_id), f"leaver {wish.person_id} to {to}"))
        command = Reassign(
            **task.given(key, wish.actor_id),
            comment=_("%(name)s leaves.", name=name),
            to_id=to,
            as_admin=True,
        )
        try:
            yield admitted(task.request, command), task.request
        except Refused as refused:
            raise Refused(refused.reason, task.request.number, refused.detail) from None
