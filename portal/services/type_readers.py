"""Giving groups the sight of all requests of a type; noted with before and after."""

from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from portal.domain.policy.types import TypeChangeKind
from portal.extensions import db
from portal.models import Group, RequestType, TypeChange, TypeReader
from portal.queries import type_readers
from portal.services.organisation_settings import mark_of
from portal.services.types import DraftAct, TypeRefused, note
from portal.translation import _


class ReadersMoved(Exception):
    """Somebody else changed them since the form was drawn."""


def change(code: str, groups: Iterable[str], seen: str | None, act: DraftAct) -> bool:
    """Let the members of these groups, by code, see all requests of the type, and of no others;
    False if it is so already. Raises TypeRefused, LookupError, and ReadersMoved where the groups
    are not those with the mark `seen` (None: whichever they are)."""
    kind = db.session.execute(
        select(RequestType).where(RequestType.code == code).with_for_update()
    ).scalar_one_or_none()
    if kind is None:
        raise LookupError(code)
    before, wanted = type_readers.groups_of(code), set(groups)
    found = {
        row.code: row for row in db.session.scalars(select(Group).where(Group.code.in_(wanted)))
    }
    if unknown := wanted - set(found):
        raise TypeRefused(_("There is no group %(value)s.", value=", ".join(sorted(unknown))[:100]))
    made = set(before) != wanted and db.session.get(TypeChange, act.key) is None
    if made and seen not in (None, mark_of(before)):
        db.session.rollback()
        raise ReadersMoved
    if made:
        db.session.execute(delete(TypeReader).where(TypeReader.type_code == code))
        rows = [{"type_code": code, "group_id": each.id} for each in found.values()]
        if rows:
            db.session.execute(insert(TypeReader), rows)
        after = sorted(each.name for each in found.values())
        data = {"before": ", ".join(before.values()) or "–", "after": ", ".join(after) or "–"}
        note(kind.id, kind.name, TypeChangeKind.READERS, act, data)
    db.session.commit()
    return made
