"""Erasing the personal data of somebody who left: name, address, employee number, where they signed
in from, how they were told, and what was noted about them. A neutral label stands in their place.

What they asked and decided stays, with who (an id), what and when, and proves as before: events
name people by their ids. It cannot reach names in sealed events (whom a stage would have been
escalated to), in what people wrote, in Temporal's histories until their retention ends, in backups,
and in what was sent or given out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    TextClause,
    delete,
    func,
    select,
    text,
    update,
)

from portal.domain.proof.acts import ActKind, ActRecord
from portal.domain.proof.retention import Bar
from portal.models import (
    ApiToken,
    Attachment,
    AuthenticatorApp,
    Challenge,
    Command,
    Delegation,
    Draft,
    Message,
    MonthlyMail,
    Notification,
    NotificationPreference,
    Passkey,
    PasswordLink,
    PeopleReview,
    ProviderAccount,
    ProvisionedPerson,
    RecoveryCode,
    SavedView,
    User,
    UserSession,
)
from portal.models.acts import record_act
from portal.models.recorded import ERASED
from portal.models.retention import kept_person
from portal.proof.erasing import LOCK, ErasedBy
from portal.translation import _, writing_to

# What goes as a whole, by what the act calls it.
DELETED: dict[str, Any] = {
    "messages": Message,
    "notifications": Notification,
    "drafts": Draft,
    "sessions": UserSession,
    "saved_views": SavedView,
    "preferences": NotificationPreference,
    "monthly_mails": MonthlyMail,
    "provider_accounts": ProviderAccount,
    "provided_record": ProvisionedPerson,
    "authenticator": AuthenticatorApp,
    "recovery_codes": RecoveryCode,
    "challenges": Challenge,
    "password_links": PasswordLink,
}
# What stays, without what is personal in it.
EMPTIED: tuple[tuple[Any, Any, dict[str, Any]], ...] = (
    (Passkey, Passkey.user_id, {"name": ERASED}),
    (ApiToken, ApiToken.user_id, {"name": ERASED, "last_used_ip": None}),
    (Command, Command.actor_id, {"ip": None, "user_agent": None}),
    (Delegation, Delegation.delegator_id, {"reason": ""}),
    (PeopleReview, PeopleReview.person_id, {"cause": ""}),
)

# Raw: a lock by name, a function of the owner's, and words within JSON. A name is replaced where it
# stands by itself, in texts and as a value, of what they took part in.
LOCK_NUMBERS = text("SELECT pg_advisory_xact_lock(hashtext('portal.former_people'))")
ERASE = text("SELECT portal.erase_person(CAST(:id AS uuid), CAST(:act AS uuid))")
NAMES = text("SELECT DISTINCT name FROM portal.user_history WHERE id = CAST(:id AS uuid)")
REQUESTER = text("""
UPDATE portal.requests SET requester_name = :label WHERE requester_id = CAST(:id AS uuid)
""")
HOLDS = text("""
UPDATE portal.legal_holds SET label = :label WHERE scope = 'person' AND subject = :id
""")
NAMED: tuple[TextClause, ...] = (
    text("""
    UPDATE portal.requests SET returned_by = :label WHERE returned_by = :name AND id IN (
        SELECT request_id FROM portal.participants WHERE user_id = CAST(:id AS uuid))
    """),
    text("""
    UPDATE portal.notifications n SET text = regexp_replace(n.text, :word, :label, 'g'),
        said = CAST(regexp_replace(CAST(n.said AS text), :value, :quoted, 'g') AS jsonb)
    FROM portal.users u WHERE n.user_id = u.id AND n.request_id IN (
        SELECT request_id FROM portal.participants WHERE user_id = CAST(:id AS uuid))
        AND (n.text ~ :word OR CAST(n.said AS text) ~ :value)
    """),
    text("""
    UPDATE portal.tasks
    SET why = CAST(regexp_replace(CAST(why AS text), :value, :quoted, 'g') AS jsonb)
    WHERE request_id IN (
        SELECT request_id FROM portal.participants WHERE user_id = CAST(:id AS uuid))
        AND CAST(why AS text) ~ :value
    """),
    text("""
    UPDATE portal.webhook_deliveries d
    SET data = CAST(regexp_replace(CAST(d.data AS text), :value, :quoted, 'g') AS jsonb)
    FROM portal.webhook_endpoints e WHERE d.endpoint_id = e.id AND d.request_id IN (
        SELECT request_id FROM portal.participants WHERE user_id = CAST(:id AS uuid))
        AND CAST(d.data AS text) ~ :value
    """),
)


class NotForgettable(Exception):
    """Their data stay for now: the person is active, has something open, or is held."""

    def __init__(self, bars: Sequence[Bar]) -> None:
        super().__init__(", ".join(bars))
        self.bars = tuple(bars)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of somebody: the label in place of their name, and files whose bytes are to
    go."""

    label: str
    files: tuple[str, ...] = ()


def label_of(number: int, languages: tuple[str, ...]) -> str:
    """What stands in place of a name, in the first language of the installation."""
    with writing_to(None, languages):
        return _("Former member %(number)s", number=number)


def forget(
    connection: Connection, person_id: str, act_id: str, by: ErasedBy, languages: tuple[str, ...]
) -> Forgotten | None:
    """Erase somebody's personal data in the caller's transaction, with the act that says so; None
    where that was done already. Whoever calls removes the bytes of the files behind the commit.

    Raises LookupError where there is nobody, and NotForgettable.
    """
    connection.execute(LOCK)
    row = _locked(connection, person_id)
    person = None if row.erased_at is not None else kept_person(connection, person_id)
    if person is None:
        return None
    if bars := person.bars():
        raise NotForgettable(bars)
    names = {row.name, *connection.scalars(NAMES, {"id": person_id})}
    number = _number(connection)
    label = label_of(number, languages)
    files = _forget_files(connection, person_id)
    gone = {name: _gone(connection, table, person_id) for name, table in DELETED.items()}
    for table, whose, values in EMPTIED:
        connection.execute(update(table).where(whose == person_id).values(**values))
    _rename(connection, person_id, names, label, number)
    _record(connection, person_id, act_id, by, label, gone | {"files": len(files)})
    connection.execute(ERASE, {"id": person_id, "act": act_id})
    return Forgotten(label, files)


def _locked(connection: Connection, person_id: str) -> Any:
    mine = select(User.name, User.erased_at).where(User.id == person_id)
    found = connection.execute(mine.with_for_update()).one_or_none()
    if found is None:
        raise LookupError(person_id)
    return found


def _number(connection: Connection) -> int:
    """The next number: no two people get one, and none is given again."""
    connection.execute(LOCK_NUMBERS)
    return int(connection.scalar(select(func.coalesce(func.max(User.former_no), 0))) or 0) + 1


def _forget_files(connection: Connection, person_id: str) -> tuple[str, ...]:
    """Files that never came to belong to a request."""
    unsent = Attachment.owner_id == person_id, Attachment.request_id.is_(None)
    gone = update(Attachment).where(*unsent, Attachment.erased_at.is_(None))
    values = {"name": ERASED, "erased_at": func.now()}
    return tuple(connection.scalars(gone.values(**values).returning(Attachment.id)))


def _gone(connection: Connection, table: Any, person_id: str) -> int:
    return connection.execute(delete(table).where(table.user_id == person_id)).rowcount


def _rename(
    connection: Connection, person_id: str, names: set[str], label: str, number: int
) -> None:
    """Put the label where the name stood."""
    bare = {
        "name": label, "email": None, "employee_no": None, "job_title": None, "locale": "",
        "calendar_id": None, "password_hash": None, "erased_at": func.now(), "former_no": number,
    }  # fmt: skip
    connection.execute(update(User).where(User.id == person_id).values(**bare))
    given = {"id": person_id, "label": label}
    connection.execute(REQUESTER, given)
    connection.execute(HOLDS, given)
    for name in sorted(names - {"", label}, key=len, reverse=True):  # one may be part of another
        for statement in NAMED:
            wanted = given | _patterns(name, label)
            bound = statement.compile().params
            connection.execute(statement, {each: wanted[each] for each in bound})


def _patterns(name: str, label: str) -> dict[str, str]:
    """A name as a word of a text, and as a value of JSON (not as what names one)."""
    return {
        "name": name,
        "word": rf"(?<![[:alnum:]]){re.escape(name)}(?![[:alnum:]])",
        "value": rf'"{re.escape(_in_json(name))}"(?!:)',
        "quoted": f'"{_in_json(label)}"',
    }


def _in_json(words: str) -> str:
    """Words as PostgreSQL writes them within JSON."""
    return words.replace("\\", "\\\\").replace('"', '\\"')


def _record(
    connection: Connection, person_id: str, act_id: str, by: ErasedBy, label: str,
    gone: Mapping[str, int],
) -> None:  # fmt: skip
    """The act, which repeats nothing of what it erases: how much there was of each."""
    there = {name: count for name, count in gone.items() if count}
    said = {
        "way": by.way,
        "reason": by.reason,
        "before": {"personal_data": True, **there},
        "after": {"personal_data": False, **dict.fromkeys(there, 0), "label": label},
    }
    act = ActRecord(
        id=act_id, at=datetime.now(UTC), kind=ActKind.PERSON_ERASED, actor=by.actor,
        session_id=by.session_id, address=by.address, subject=person_id, data=said,
    )  # fmt: skip
    record_act(connection, act)
