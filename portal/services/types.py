"""What administrators do with request types: draft, review, publish, retire; all of it is noted.

A type has at most one draft. Every change of it names the revision that was seen: where somebody
else was faster, nothing changes and the page shows what they did.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.exc import IntegrityError

from portal.directory.publishing import put_in_force
from portal.domain.codec import decode, encode
from portal.domain.people.permissions import GRANTS, Permission
from portal.domain.policy.check import Problem
from portal.domain.policy.policy import duration
from portal.domain.policy.types import TypeChangeKind as Kind
from portal.domain.policy.types import TypeContent, changes, is_id, name_for
from portal.domain.proof.acts import ActKind
from portal.domain.request.events import SYSTEM
from portal.extensions import db
from portal.models import (
    PolicyVersion,
    RequestType,
    TypeChange,
    TypeDraft,
    User,
)
from portal.models.columns import new_id
from portal.queries import request_types
from portal.queries.request_types import AdminType
from portal.services import acts, organisation_settings, type_checks, type_files
from portal.services.type_checks import Examination
from portal.services.type_files import FileRefused, TypeFile
from portal.translation import _, offered_here

Edit = Callable[[TypeContent], TypeContent]


class DraftMoved(Exception):
    """Somebody else changed the draft since the form was drawn."""


class TypeRefused(Exception):
    """What cannot be; the message is a sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftAct:
    """Who does it, by which form: its one-time key, and the revision that it showed (`seen`).
    `by`: what does it, where it is no person; then `actor_id` is empty."""

    key: str
    actor_id: str
    seen: int = 0
    by: str = ""

    @property
    def editors(self) -> set[str]:
        """Whoever edits by it, and so may not review."""
        return {self.actor_id} - {""}


def make(name: str, prefix: str, description: str, act: DraftAct) -> str:
    """A new type with an empty draft; its code. The same form again makes no second one.

    Raises TypeRefused where the prefix is another type's.
    """
    taken = set(db.session.scalars(select(RequestType.code)))
    content = TypeContent(name=name, description=description)
    code = _insert_type(name_for(name, taken), prefix, content, act)
    db.session.commit()
    return code


def take_file(text: str, act: DraftAct, in_words: Edit) -> str:
    """A draft with what a file says, of its type or of a new one; the type's code.

    `in_words`: the content with its conditions in the words of their rows, whatever the file says.
    Raises FileRefused, and TypeRefused where the type has a draft already.
    """
    file = type_files.read(text)
    content = in_words(content_of(file))
    type_id = db.session.scalar(select(RequestType.id).where(RequestType.code == file.code))
    if type_id is None or type_id == act.key:
        code = _insert_type(file.code, file.prefix, content, act)
    else:
        code = file.code
        if not _insert_draft(type_id, content, act) and not _is_done(act.key):
            db.session.rollback()
            raise TypeRefused(_("This type has a draft already. Publish or discard it first."))
        note(type_id, content.name, Kind.IMPORTED, act, {"mark": content.mark})
    db.session.commit()
    return code


def content_of(file: TypeFile) -> TypeContent:
    """What a file says, with people by their ids.

    Raises FileRefused where it names people by addresses that nobody has.
    """
    ids = request_types.people_at(file.people)
    unknown = [each for each in file.people if each.lower() not in ids and not is_id(each)]
    if unknown:
        raise FileRefused(_("nobody has the address %(address)s", address=", ".join(unknown)))
    return type_files.with_ids(file.content, ids)


@dataclass(frozen=True, kw_only=True)
class FromGallery:
    """A type of the gallery as somebody takes it: what it is called here, `groups`: local codes by
    those of the file, and into which `languages` its translations are kept."""

    file: TypeFile
    name: str
    prefix: str
    groups: Mapping[str, str]
    languages: Collection[str]


def in_our_language(file: TypeFile) -> TypeContent:
    """What a file of the gallery says, written in the organisation's usual language, where it has
    it."""
    usual = organisation_settings.usual_language()
    return file.content.written_in(usual, type_files.GALLERY_LANGUAGE)


def take_from_gallery(chosen: FromGallery, act: DraftAct, in_words: Edit) -> str:
    """A new type with a draft of what a file of the gallery says, in the organisation's language;
    its code. `in_words` as in `take_file`. Raises TypeRefused as `make` does.
    """
    file, name, prefix = chosen.file, chosen.name, chosen.prefix
    content = in_our_language(file)
    said = {
        text: {code: words for code, words in by.items() if code in chosen.languages}
        for text, by in content.translations.items()
    }
    content = replace(type_files.with_groups(content, chosen.groups), name=name, translations=said)
    content = in_words(content.pruned())
    taken = set(db.session.scalars(select(RequestType.code)))
    code = _insert_type(name_for(name, taken), prefix, content, act)
    db.session.commit()
    return code


def file_of(kind: AdminType, content: TypeContent) -> str:
    """What a version or the draft of a type says, as a file."""
    people = {each for rule in type_files.rules_of(content.policy) for each in rule.people}
    addresses = request_types.addresses_of(people)
    return type_files.written(content, kind.code, kind.prefix, addresses)


def _insert_type(code: str, prefix: str, content: TypeContent, act: DraftAct) -> str:
    """The row and the draft of a new type; the code of the one that this form made before."""
    if (made := _made(act.key)) is not None:
        return made
    name, description = content.name, content.description
    last = select(func.coalesce(func.max(RequestType.position), 0) + 1).scalar_subquery()
    row = {"id": act.key, "code": code, "name": name, "prefix": prefix, "position": last}
    try:
        db.session.execute(insert(RequestType).values(**row, description=description))
        _insert_draft(act.key, content, act)
        note(act.key, name, Kind.MADE, act, {"code": code, "prefix": prefix})
    except IntegrityError as error:
        db.session.rollback()
        if (made := _made(act.key)) is not None:
            return made
        raise TypeRefused(
            _("Numbers of another type begin with %(prefix)s already.", prefix=prefix)
        ) from error
    return code


def _made(type_id: str) -> str | None:
    return db.session.scalar(select(RequestType.code).where(RequestType.id == type_id))


def start_draft(code: str, number: int, act: DraftAct) -> None:
    """A draft with what version `number` says; a draft that is there already stays as it is.

    Raises LookupError where there is no such version.
    """
    kind = _locked(code)
    found = request_types.of_administrators(code)
    version = found.version(number) if found else None
    if version is None:
        db.session.rollback()
        raise LookupError(number)
    if _insert_draft(kind.id, version.content, act):
        note(kind.id, kind.name, Kind.DRAFTED, act, {"version": number})
    db.session.commit()


def edit(code: str, act: DraftAct, change: Edit) -> bool:
    """Change the draft; False if it says so already. An edit voids a review.

    Raises DraftMoved where it is no longer what was seen, LookupError where there is none.
    """
    draft = _draft(code)
    before = decode(TypeContent, draft.content)
    after = change(before)
    if after == before or _is_done(act.key):
        db.session.rollback()
        return False
    if draft.revision != act.seen:
        db.session.rollback()
        raise DraftMoved
    _write(draft, before, after, act)
    db.session.commit()
    return True


def name_instead(
    code: str, leaver_id: str, other_id: str, actor_id: str | None, by: str = ""
) -> bool:
    """Let the draft of a type, made of the version in force where there is none, name somebody
    else wherever it names a person who leaves; in the caller's transaction. It is in force once it
    was reviewed and published. False where nothing names them. `by`: what asks for it, where it is
    nobody (`actor_id` None)."""
    kind, act = _locked(code), DraftAct(key=new_id(), actor_id=actor_id or "", by=by)
    found = request_types.of_administrators(code)
    if found is not None and found.live is not None and found.draft is None:
        _insert_draft(kind.id, found.live.content, act)
        drafted = replace(act, key=new_id())
        note(kind.id, kind.name, Kind.DRAFTED, drafted, {"version": found.live.number})
    draft = _draft(code)
    before = decode(TypeContent, draft.content)
    after = type_files.with_ids(before, {leaver_id: other_id})
    if after == before:
        return False
    _write(draft, before, after, act)
    return True


def _write(draft: TypeDraft, before: TypeContent, after: TypeContent, act: DraftAct) -> None:
    """Keep what the draft says now. An edit voids a review."""
    row = update(TypeDraft).where(TypeDraft.request_type_id == draft.request_type_id)
    db.session.execute(
        row.values(
            content=encode(after),
            revision=draft.revision + 1,
            editors=sorted({*draft.editors, *act.editors}),
            reviewed_mark=None,
            sent_by=None,
            approved_by=None,
            publish_at=None,
            publish_by=None,
            updated_by=act.actor_id or None,
            updated_at=func.now(),
        )
    )
    told = {"revision": draft.revision + 1, "changes": encode(changes(before, after))}
    note(draft.request_type_id, after.name, Kind.EDITED, act, told)


def discard(code: str, act: DraftAct) -> bool:
    """Give the draft up; whether the type went with it, for nothing of it was ever published."""
    kind = _locked(code)
    draft, type_id = _seen(code, act), kind.id
    note(type_id, kind.name, Kind.DISCARDED, act, {"content": draft.content})
    db.session.execute(delete(TypeDraft).where(TypeDraft.request_type_id == type_id))
    versions = select(func.count()).where(PolicyVersion.request_type_id == type_id)
    gone = not db.session.scalar(versions)
    if gone:
        db.session.execute(delete(RequestType).where(RequestType.id == type_id))
    db.session.commit()
    return gone


def retire(code: str, act: DraftAct) -> None:
    """No new requests; open ones finish. Again changes nothing."""
    _set_active(code, act, Kind.RETIRED, active=False)
    db.session.commit()


def restore(code: str, act: DraftAct) -> None:
    """It can be asked for again."""
    _set_active(code, act, Kind.RESTORED, active=True)
    db.session.commit()


def _set_active(code: str, act: DraftAct, kind: Kind, *, active: bool) -> None:
    row = _locked(code)
    if row.is_active is not active:
        changed = update(RequestType).where(RequestType.id == row.id)
        db.session.execute(changed.values(is_active=active))
        note(row.id, row.name, kind, act, {})


def problems(content: TypeContent) -> tuple[Problem, ...]:
    """What blocks the publication (errors), or needs a reason (warnings), errors first."""
    return examine(content).problems


def examine(content: TypeContent) -> Examination:
    """The problems, and how the route goes for everybody who could ask."""
    return type_checks.examine(db.session.connection(), content, offered_here())


def glance(content: TypeContent) -> Examination:
    """The same for pages that say beside other things how far a draft is."""
    most = type_checks.MOST_AT_A_GLANCE
    return type_checks.examine(db.session.connection(), content, offered_here(), most)


def accept(code: str, act: DraftAct, reasons: dict[str, str]) -> None:
    """Keep why warnings are accepted; that voids a review, as an edit does.

    Raises LookupError where there is no draft.
    """
    draft = _draft(code)
    kept = {**draft.reasons, **{key: text for key, text in reasons.items() if text}}
    row = update(TypeDraft).where(TypeDraft.request_type_id == draft.request_type_id)
    db.session.execute(
        row.values(
            reasons=kept,
            editors=sorted({*draft.editors, act.actor_id}),
            reviewed_mark=None,
            sent_by=None,
            approved_by=None,
            publish_at=None,
            publish_by=None,
        )
    )
    name = decode(TypeContent, draft.content).name
    note(draft.request_type_id, name, Kind.ACCEPTED, act, {"reasons": reasons})
    db.session.commit()


def open_problems(content: TypeContent, reasons: dict[str, str]) -> tuple[Problem, ...]:
    """The problems that still stand in the way."""
    return tuple(each for each in problems(content) if not reasons.get(each.code))


def send_for_review(code: str, act: DraftAct) -> None:
    """Send the draft as it is now for review. Raises DraftMoved and TypeRefused."""
    draft = _ready(code, act)
    content = decode(TypeContent, draft.content)
    _review(draft, Kind.SENT, act, reviewed_mark=content.mark, sent_by=act.actor_id)
    db.session.commit()


def approve(code: str, act: DraftAct) -> None:
    """Say, as somebody who changed nothing of it, that the draft may be published."""
    draft = _ready(code, act)
    _require_in_review(draft)
    if act.actor_id in {*draft.editors, draft.sent_by}:
        db.session.rollback()
        raise TypeRefused(_("Someone who did not change this draft has to approve it."))
    _review(draft, Kind.APPROVED, act, approved_by=act.actor_id)
    db.session.commit()


def take_back(code: str, act: DraftAct) -> None:
    """End the review without an approval: the draft goes on being changed."""
    draft = _seen(code, act)
    ended = dict.fromkeys(("reviewed_mark", "sent_by", "approved_by", "publish_at", "publish_by"))
    _review(draft, Kind.RETURNED, act, **ended)
    db.session.commit()


def publish(code: str, act: DraftAct, *, alone_may: bool = False) -> int:
    """Let new requests follow the draft; the number of the new version.

    `alone_may`: whoever is the only one that could review may publish without a review.
    Raises DraftMoved, TypeRefused and LookupError.
    """
    if (number := _published_by(act.key)) is not None:
        return number
    _locked(code)
    draft, alone = _publishable(code, act, alone_may=alone_may)
    content = decode(TypeContent, draft.content)
    connection = db.session.connection()
    number = put_in_force(connection, draft.request_type_id, content, act.key, act.actor_id)
    told = {"version": number, "alone": alone, "approved_by": draft.approved_by,
            "reasons": draft.reasons}  # fmt: skip
    note(draft.request_type_id, content.name, Kind.PUBLISHED, act, told)
    mine = TypeDraft.request_type_id == draft.request_type_id
    db.session.execute(delete(TypeDraft).where(mine))
    db.session.commit()
    return number


def schedule(code: str, at: datetime, act: DraftAct, *, alone_may: bool = False) -> None:
    """Let a worker publish the draft at a moment, unless it is edited before. Raises as `publish`
    does."""
    _locked(code)
    draft, _alone = _publishable(code, act, alone_may=alone_may)
    if not _is_done(act.key):
        row = update(TypeDraft).where(TypeDraft.request_type_id == draft.request_type_id)
        db.session.execute(row.values(publish_at=at, publish_by=act.actor_id))
        name = decode(TypeContent, draft.content).name
        told = {"at": at.isoformat(), "revision": draft.revision}
        note(draft.request_type_id, name, Kind.SCHEDULED, act, told)
    db.session.commit()


def unschedule(code: str, act: DraftAct) -> None:
    """Take the moment back; the review stays. Raises DraftMoved and LookupError."""
    draft = _seen(code, act)
    _review(draft, Kind.UNSCHEDULED, act, publish_at=None, publish_by=None)
    db.session.commit()


def _publishable(code: str, act: DraftAct, *, alone_may: bool) -> tuple[TypeDraft, bool]:
    """The draft, if it may be published; whether without a review. Raises as `publish` does."""
    draft = _ready(code, act)
    alone = draft.approved_by is None
    if alone and not (alone_may and is_alone(act.actor_id)):
        db.session.rollback()
        raise TypeRefused(_("Someone else has to review this draft before it is published."))
    if not alone:
        _require_in_review(draft)
    return draft, alone


def is_alone(actor_id: str) -> bool:
    """Whether nobody else active may publish types."""
    able = [role.value for role, given in GRANTS.items() if Permission.PUBLISH_TYPES in given]
    others = select(User.id).where(User.id != actor_id, User.is_active, User.roles.overlap(able))
    return db.session.execute(others.limit(1)).first() is None


def _published_by(key: str) -> int | None:
    return db.session.scalar(select(PolicyVersion.version).where(PolicyVersion.id == key))


def _require_in_review(draft: TypeDraft) -> None:
    if draft.reviewed_mark != decode(TypeContent, draft.content).mark:
        db.session.rollback()
        raise TypeRefused(_("The draft was changed after it was sent for review. Send it again."))


def _review(draft: TypeDraft, kind: Kind, act: DraftAct, **values: Any) -> None:
    if not _is_done(act.key):
        row = update(TypeDraft).where(TypeDraft.request_type_id == draft.request_type_id)
        db.session.execute(row.values(**values))
        name = decode(TypeContent, draft.content).name
        mark = decode(TypeContent, draft.content).mark
        note(draft.request_type_id, name, kind, act, {"revision": draft.revision, "mark": mark})


class TargetsMoved(Exception):
    """Somebody else set one of them since the form was drawn."""


def set_targets(
    minutes: Mapping[str, int | None], seen: Mapping[str, int | None], actor_id: str
) -> None:
    """Within how many working minutes the requests of each type should be decided, by code; None
    for no target. What is as it was `seen`, is no change. Raises TargetsMoved."""
    changed = [code for code, length in minutes.items() if length != seen.get(code)]
    types = select(RequestType).where(RequestType.code.in_(changed)).order_by(RequestType.code)
    for each in db.session.scalars(types.with_for_update()):
        before, after = each.target_minutes, minutes[each.code]
        if before not in (after, seen.get(each.code)):
            db.session.rollback()
            raise TargetsMoved
        if before != after:
            each.target_minutes = after
            said = {"before": _length(before), "after": _length(after)}
            note(each.id, each.name, Kind.TARGETED, DraftAct(key=new_id(), actor_id=actor_id), said)
    db.session.commit()


def _length(minutes: int | None) -> str:
    return "–" if minutes is None else duration(minutes, elapsed=False)


def _ready(code: str, act: DraftAct) -> TypeDraft:
    """The draft, as it was seen and with nothing that blocks it. Raises as `publish` does."""
    draft = _seen(code, act)
    standing = open_problems(decode(TypeContent, draft.content), draft.reasons)
    if standing:
        db.session.rollback()
        raise TypeRefused(_("Checks has open problems. Fix them first."))
    return draft


def _seen(code: str, act: DraftAct) -> TypeDraft:
    draft = _draft(code)
    if draft.revision != act.seen:
        db.session.rollback()
        raise DraftMoved
    return draft


def _insert_draft(type_id: str, content: TypeContent, act: DraftAct) -> bool:
    row = insert_or_not(TypeDraft).values(
        request_type_id=type_id,
        content=encode(content),
        editors=[*act.editors],
        updated_by=act.actor_id or None,
    )
    made = row.on_conflict_do_nothing().returning(TypeDraft.request_type_id)
    return db.session.execute(made).one_or_none() is not None


def _is_done(key: str) -> bool:
    """Whether the form of this key was taken before."""
    return db.session.get(TypeChange, key) is not None


def note(type_id: str, name: str, kind: Kind, act: DraftAct, data: dict[str, Any]) -> None:
    """Note what was done to a type, in the caller's transaction; the same form notes it once."""
    row = {"id": act.key, "request_type_id": type_id, "name": name, "kind": kind.value}
    data = {**data, "by": act.by} if act.by else data
    made = insert_or_not(TypeChange).values(**row, actor_id=act.actor_id or None, data=data)
    if db.session.execute(made.on_conflict_do_nothing().returning(TypeChange.id)).first():
        said = {"name": name, "change": kind.value, **data}
        acts.note(ActKind.TYPE_CHANGED, type_id, said, actor=act.actor_id or SYSTEM)


def _locked(code: str) -> RequestType:
    row = db.session.execute(
        select(RequestType).where(RequestType.code == code).with_for_update()
    ).scalar_one_or_none()
    if row is None:
        db.session.rollback()
        raise LookupError(code)
    return row


def _draft(code: str) -> TypeDraft:
    """The draft of a type, locked until the end of the transaction."""
    mine = select(RequestType.id).where(RequestType.code == code).scalar_subquery()
    row = db.session.execute(
        select(TypeDraft).where(TypeDraft.request_type_id == mine).with_for_update()
    ).scalar_one_or_none()
    if row is None:
        db.session.rollback()
        raise LookupError(code)
    return row
