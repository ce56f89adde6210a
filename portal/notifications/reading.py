"""Everything that one message says, read at the moment of sending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from portal.domain.codec import decode
from portal.domain.notices.kinds import DeliveryContext, NoticeKind, kind_named
from portal.domain.notices.wording import spoken
from portal.domain.policy.forms import FormField, named_in
from portal.domain.policy.translations import field_in, words_in
from portal.domain.policy.types import TypeContent
from portal.domain.request.state import Status, TaskStatus
from portal.presentation.conditions import conditional, mentioned, said_by
from portal.translation import _, current, ngettext, own_value, showing_own

MOST_DECISIONS = 8

# Raw: nine tables and JSON in one trip, for each message that is sent.
MESSAGE = text("""
SELECT m.id::text AS message_id, n.kind, n.text, n.said, n.seq, n.number, n.created_at,
    u.id::text AS user_id, u.name, u.email, u.is_active, u.time_zone, u.locale,
    r.id::text AS request_id, r.title, r.type_name, r.requester_name, behalf.name AS behalf_name,
    r.amount, r.currency, r.priority, r.due_at AS needed_by, r.status, r.fields, r.attention,
    r.submitted_at,
    r.content_version, v.translations, v.definition,
    t.id::text AS task_id, t.status AS task_status, t.due_at, t.stage_name,
    t.assignee_id::text AS assignee_id, absent.name AS absent_name, t.why,
    u.id = r.requester_id OR u.id IS NOT DISTINCT FROM r.on_behalf_of AS is_theirs,
    v.form,
    (u.roles && '{admin,auditor}' OR u.id IN (r.requester_id, r.on_behalf_of)
        OR EXISTS (SELECT FROM portal.participants p
            WHERE p.request_id = r.id AND p.user_id = u.id)) AS sees,
    EXISTS (SELECT FROM portal.notifications later
        WHERE later.user_id = n.user_id AND later.request_id = n.request_id AND later.seq > n.seq
            AND later.kind = n.kind AND later.task_id = n.task_id) AS is_repeated
FROM portal.messages m
JOIN portal.notifications n ON n.id = m.notification_id
JOIN portal.users u ON u.id = m.user_id
JOIN portal.requests r ON r.id = n.request_id
LEFT JOIN portal.users behalf ON behalf.id = r.on_behalf_of
LEFT JOIN portal.tasks t ON t.id = n.task_id
LEFT JOIN portal.users absent ON absent.id = t.acting_for
JOIN portal.policy_versions v ON v.id = r.policy_version_id
WHERE m.id = CAST(:id AS uuid)
""")
DECISIONS = text("""
SELECT u.name, t.decision, t.comment, t.decided_at AS at, t.stage_name
FROM portal.tasks t JOIN portal.users u ON u.id = t.decided_by
WHERE t.request_id = CAST(:request AS uuid) AND t.decided_at IS NOT NULL
ORDER BY t.decided_at DESC LIMIT :most
""")
SAID = text("""
SELECT text FROM portal.comments WHERE request_id = CAST(:request AS uuid) AND seq = :seq
""")
# What a message says for others of its kind: those that were handed over after it without one.
MORE = text("""
SELECT count(*) FROM portal.messages m
JOIN portal.notifications n ON n.id = m.notification_id
JOIN portal.notifications other ON other.user_id = n.user_id AND other.request_id = n.request_id
    AND other.kind = n.kind AND other.seq > n.seq
WHERE m.id = CAST(:id AS uuid) AND other.handed_at IS NOT NULL AND other.seq < COALESCE((
    SELECT min(later.seq) FROM portal.notifications later
    JOIN portal.messages own ON own.notification_id = later.id AND own.channel = m.channel
    WHERE later.user_id = n.user_id AND later.request_id = n.request_id AND later.kind = n.kind
        AND later.seq > n.seq
), 2147483647)
""")
# People by id and departments by code. Raw: a union of two tables, of which texts are compared.
NAMES = text("""
SELECT id::text, name FROM portal.users WHERE id = ANY(ARRAY(
    SELECT CAST(each AS uuid) FROM unnest(CAST(:ids AS text[])) each WHERE length(each) = 36
        AND each ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'))
UNION ALL SELECT code, name FROM portal.departments WHERE code = ANY(CAST(:ids AS text[]))
""")


@dataclass(frozen=True, kw_only=True)
class Decided:
    """An earlier decision about the request."""

    name: str
    decision: str
    comment: str
    at: datetime
    stage_name: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a message says and depends on. `row` has the columns of `MESSAGE`;
    `own_form` is the form as its administrators wrote it; `conditions`: its version, where it has
    conditions in rows; `names` are those of the people and departments whom form and conditions
    name; `said` is the comment it is about; `more`: for how many others of its kind about the
    request it speaks; `known`: the words that were made, by the codes of languages."""

    row: Row[Any]
    kind: NoticeKind
    own_form: tuple[FormField, ...]
    conditions: TypeContent | None
    decisions: Sequence[Decided]
    names: Mapping[str, str]
    said: str = ""
    more: int = 0
    known: dict[str, Mapping[str, str]] = field(default_factory=dict, compare=False)

    @property
    def words(self) -> Mapping[str, str]:
        """What the request's version says in the language that is being written."""
        code = current().code
        if code not in self.known:
            words = words_in(self.row.translations, code)
            said = said_by(self.conditions, code, self.names) if self.conditions else {}
            self.known[code] = words | said
        return self.known[code]

    @property
    def form(self) -> tuple[FormField, ...]:
        """The form in the language that is being written."""
        words = self.words
        return tuple(field_in(each, lambda text: words.get(text, text)) for each in self.own_form)

    def say(self, text: str | None) -> str:
        """A text of the version, such as a stage's name, in that language."""
        return self.words.get(text or "", text or "")

    @property
    def text(self) -> str:
        """What happened, in the language that is being written."""
        with showing_own(self.words):
            text = spoken(self.row.said, _, own_value) or str(self.row.text)
        if not self.more:
            return text
        more = ngettext("And %(n)s more since then.", "And %(n)s more since then.", self.more)
        return f"{text} {more}"

    @property
    def standing(self) -> DeliveryContext:
        """What sending it depends on."""
        row = self.row
        return DeliveryContext(
            is_active=row.is_active,
            status=Status(row.status),
            task_is_theirs=row.task_status == TaskStatus.OPEN and row.assignee_id == row.user_id,
            sees=row.sees,
            attention=row.attention is not None,
            is_repeated=row.is_repeated,
        )


def read(connection: Connection, message_id: str) -> Facts | None:
    """The facts of a message; None where its notification or request is gone."""
    row = connection.execute(MESSAGE, {"id": message_id}).one_or_none()
    if row is None:
        return None
    form = tuple(decode(FormField, entry) for entry in row.form)
    about = {"request": row.request_id, "seq": row.seq, "most": MOST_DECISIONS}
    decisions = [Decided(**each._mapping) for each in connection.execute(DECISIONS, about)]
    said = connection.execute(SAID, about).scalar() if row.kind == "comment" else None
    kind = kind_named(row.kind)
    gathers = kind.gathers and row.task_id is None
    more = connection.execute(MORE, {"id": message_id}).scalar_one() if gathers else 0
    version = conditional(row.form, row.definition, row.translations)
    return Facts(
        row=row,
        conditions=version,
        kind=kind,
        more=more,
        own_form=form,
        decisions=decisions[::-1],
        names=_names(connection, named_in(form, row.fields) | _mentioned(version)),
        said=said or "",
    )


def _mentioned(version: TypeContent | None) -> set[str]:
    return set() if version is None else mentioned(version)


def _names(connection: Connection, people: set[str]) -> dict[str, str]:
    if not people:
        return {}
    return {row.id: row.name for row in connection.execute(NAMES, {"ids": sorted(people)})}
