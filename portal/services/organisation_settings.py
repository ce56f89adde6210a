"""What is set about the organisation itself: each change noted with before and after, and refused
where somebody else made another one meanwhile.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from portal.domain.marked import msgid
from portal.domain.people.organisation import SETTINGS, OrganisationPart, UnitChangeKind
from portal.domain.proof.acts import ActKind
from portal.extensions import db
from portal.models import Calendar, Organisation, OrganisationChange
from portal.services import acts
from portal.translation import in_order, offered_here

MOVED = msgid("Somebody changed this meanwhile. Save again to replace it with yours.")
SUBJECT = "organisation"
# The subject's id of what is changed about the organisation itself.
ITSELF = "00000000-0000-0000-0000-000000000001"


class SettingsMoved(Exception):
    """Somebody else changed the same since the form was drawn."""


def mark_of(values: Mapping[str, Any]) -> str:
    """What tells one state of a part from another."""
    return sha256(repr(sorted(values.items())).encode()).hexdigest()[:16]


def current(part: OrganisationPart) -> dict[str, Any]:
    """What a part is set to now."""
    columns = [getattr(Organisation, name) for name in SETTINGS[part]]
    row = db.session.execute(select(*columns)).one_or_none()
    return _values(part, row)


def of_new_people() -> dict[str, str]:
    """The location of a new person by its name ("" for none), and the time zone of one without."""
    place = Calendar.id == Organisation.calendar_id
    row = db.session.execute(
        select(Calendar.name, Organisation.time_zone).select_from(Organisation)
        .outerjoin(Calendar, place)
    ).one_or_none()  # fmt: skip
    name, zone = row or (None, "")
    return {"place": name or "", "time_zone": zone or "UTC"}


def currency() -> str:
    """That of new amounts in forms."""
    return db.session.scalar(select(Organisation.currency)) or "EUR"


def usual_language() -> str:
    """The language of the organisation, among those that are offered: of what is kept for
    everybody, whoever has it kept."""
    return in_order(current(OrganisationPart.DEFAULTS)["locale"], offered_here())[0]


def change(part: OrganisationPart, values: Mapping[str, Any], seen: str, actor_id: str) -> bool:
    """Set a part whose state had the mark `seen` when the form was drawn; False if it is so
    already. Raises SettingsMoved."""
    before = _locked(part)
    after = {name: values[name] for name in SETTINGS[part]}
    changed = [name for name in after if before[name] != after[name]]
    if changed and seen != mark_of(before):
        db.session.rollback()
        raise SettingsMoved
    if changed:
        db.session.execute(update(Organisation).values(**after))
        note(
            {name: _shown(name, before[name]) for name in changed},
            {name: _shown(name, after[name]) for name in changed},
            actor_id,
        )
    db.session.commit()
    return bool(changed)


def hide_setup(actor_id: str, *, hidden: bool) -> None:
    """Take the setup out of the menu, or put it back."""
    here = row_locked()
    if here.hides_setup is not hidden:
        db.session.execute(update(Organisation).values(hides_setup=hidden))
        note({"hides_setup": here.hides_setup}, {"hides_setup": hidden}, actor_id)
    db.session.commit()


def row_locked() -> Row[Any]:
    """The organisation's row, made where there is none; nobody else changes it meanwhile."""
    db.session.execute(insert_or_not(Organisation).values(id=1).on_conflict_do_nothing())
    return db.session.execute(select(Organisation.__table__).with_for_update()).one()


def note(before: Mapping[str, Any], after: Mapping[str, Any], actor_id: str) -> None:
    """Note a change of the organisation's settings in the caller's transaction, and the act."""
    said = {"before": dict(before), "after": dict(after)}
    row: dict[str, Any] = {
        "subject": SUBJECT,
        "subject_id": ITSELF,
        "kind": UnitChangeKind.CHANGED,
        "actor_id": actor_id,
        "data": said,
        "at": func.clock_timestamp(),
    }
    db.session.execute(insert(OrganisationChange).values(row))
    acts.note(ActKind.ORGANISATION_CHANGED, ITSELF, said, actor=actor_id)


def _locked(part: OrganisationPart) -> dict[str, Any]:
    return _values(part, row_locked())


def _values(part: OrganisationPart, row: Row[Any] | None) -> dict[str, Any]:
    """A part as it stands; where no row is, everything is empty."""
    found = row._mapping if row is not None else {}
    empty: dict[str, Any] = {"calendar_id": None, "translations": {}}
    empty |= dict.fromkeys(SETTINGS[OrganisationPart.RETENTION])
    return {name: found.get(name, empty.get(name, "")) for name in SETTINGS[part]}


def _shown(name: str, value: Any) -> Any:
    """A value as it is noted: a calendar by its name."""
    if name == "calendar_id" and value:
        return db.session.scalar(select(Calendar.name).where(Calendar.id == value))
    if name == "translations":
        said = (f"{code}: {words}" for by in value.values() for code, words in sorted(by.items()))
        return "; ".join(said)
    return value
