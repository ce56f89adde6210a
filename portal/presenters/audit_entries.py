"""Entries of the log as rows and as pages of their own; its filters from the address and back."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for
from werkzeug.datastructures import MultiDict

from portal.domain.policy.forms import FormField
from portal.domain.policy.policy import Decision
from portal.domain.policy.types import is_id
from portal.domain.proof.acts import WORDS, ActKind, ActRecord
from portal.domain.request.catalogue import EVENT_ENTRIES
from portal.domain.request.events import (
    SYSTEM,
    ApproverAdded,
    DecisionCarried,
    Event,
    RequestAmended,
    RequestResubmitted,
    TaskAssigned,
    TaskDecided,
)
from portal.forms.audit import AuditForm
from portal.presentation import labels
from portal.presentation.history import act_entry, entry, said_entry, unknown_entry
from portal.presentation.parts import AuditRow, Chip, FieldChange
from portal.presentation.times import day
from portal.presenters import act_words
from portal.presenters.audit_log import Moved, pretty, text_of, typed
from portal.presenters.removals import removal_words
from portal.queries import audit, audit_details, history, own_texts, removals
from portal.queries.audit import EventRecord
from portal.queries.audit_details import ActKept, CommandSeen, RequestNamed, SessionSeen
from portal.queries.audit_entries import AuditEntry, AuditFilters, AuditPlace
from portal.queries.people import names_of
from portal.queries.removals import RemovedRequest
from portal.translation import _, own, showing_own

NAMES = ("from", "to", "who", "for", "kind", "request", "type", "text")
MANY = 12
LARGEST = 2**62


def kinds() -> dict[str, str]:
    """Everything that can have happened, in words by code, in the order of the words."""
    named = {}
    for kind, row in EVENT_ENTRIES.items():
        if kind in (TaskDecided, DecisionCarried):
            for each in Decision:
                words = labels.decision(each).words
                carried = f"{_(row.label)}: {words}"
                named[f"{row.tag}:{each.value}"] = words if kind is TaskDecided else carried
        else:
            named[row.tag] = _(row.label)
    named |= {kind.value: _(words) for kind, words in WORDS.items()}
    return dict(sorted(named.items(), key=lambda pair: pair[1].casefold()))


def form_of(types: Mapping[str, str], given: Mapping[str, str]) -> AuditForm:
    """The form as the address fills it in."""
    form = AuditForm(kinds(), types)
    form.process(MultiDict({name: given.get(name, "") for name in NAMES}))
    form.validate()
    return form


def filters_of(form: AuditForm, zone: ZoneInfo) -> AuditFilters:
    """What the form asks for; its days are the reader's own, both included."""
    first, last, number = form.given("from"), form.given("to"), form.given("request")
    return AuditFilters(
        since=datetime.combine(first, time.min, zone) if first else None,
        until=datetime.combine(last + timedelta(days=1), time.min, zone) if last else None,
        who=_people(form.given("who")),
        for_whom=_people(form.given("for")),
        kind=form.given("kind"),
        request_id=(audit_details.request_of(number) or str(UUID(int=0))) if number else None,
        type_code=form.given("type"),
        text=form.given("text") or "",
    )


def _people(named: str | None) -> tuple[str, ...] | None:
    """Ids of those whom a name means: a person's own id, the portal itself, or everybody of whose
    name it is a part."""
    if named is None:
        return None
    if is_id(named):
        return (named,)
    if named.casefold() in (SYSTEM, _("The system").casefold()):
        return (SYSTEM,)
    return history.people_named(named)


def chips_of(
    form: AuditForm, types: Mapping[str, str], address: Callable[..., str | None]
) -> list[Chip]:
    """The active filters in words, each with the page's address without it."""
    words: dict[str, Callable[[Any], str]] = {
        "kind": lambda code: kinds().get(code, code),
        "type": lambda code: types.get(code, code),
        "from": day,
        "to": day,
    }
    chips = []
    for name in NAMES:
        value = form.given(name)
        if value is not None:
            shown = words.get(name, str)(value)
            if name in ("who", "for") and is_id(str(value)):
                shown = names_of({str(value)}).get(str(value), shown)
            chips.append(Chip(form[name].label.text, shown, address(form, without=name) or ""))
    return chips


def place_of(text: str) -> AuditPlace | None:
    """The place that an address names; None, the beginning, for anything else."""
    digits = text.removeprefix("q")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20 and int(digits) < LARGEST):
        return None
    return AuditPlace(int(digits == text), int(digits))


@dataclass(frozen=True, slots=True)
class Recorded:
    """One entry as it was recorded. `previous`: the hash before it, None of an act, which has a
    `salt`; `payload`: its data as JSON."""

    kind: str
    hash: str
    previous: str | None
    salt: str
    payload: str
    address: str | None
    command: CommandSeen | None
    session: SessionSeen | None
    request: RequestNamed | None


def recorded(each: AuditEntry) -> Recorded | None:
    """What was recorded of an entry; None where it was removed after its retention."""
    known = behind([each])
    event, kept = known.events.get((each.subject_id, each.seq)), known.acts.get(each.subject_id)
    if event is not None:
        return Recorded(
            event.kind, event.hash, event.prev_hash, "", pretty(event.data), None,
            audit_details.command(event.command_id), None, known.requests.get(each.subject_id),
        )  # fmt: skip
    if kept is None:
        return None
    act = kept.act
    session = audit_details.session(act.session_id)
    return Recorded(
        act.kind, kept.hash, None, kept.salt, pretty(act.data), act.address, None, session, None
    )


@dataclass(frozen=True)
class Behind:
    """What stands behind the entries of a page, by their keys."""

    events: Mapping[tuple[str, int], EventRecord]
    typed: Mapping[tuple[str, int], Event]
    acts: Mapping[str, ActKept]
    requests: Mapping[str, RequestNamed]
    stages: Mapping[str, tuple[str, str]]
    before: Mapping[tuple[str, int], str]
    names: Mapping[str, str]
    removed: Mapping[str, RemovedRequest] = field(default_factory=dict)


def rows_of(entries: Sequence[AuditEntry]) -> list[AuditRow]:
    """Entries as rows."""
    return rows_with(entries, behind(entries))


def rows_with(entries: Sequence[AuditEntry], known: Behind) -> list[AuditRow]:
    """Entries as rows, of which is known what stands behind them."""
    rows = []
    for each in entries:
        named = known.requests.get(each.subject_id)
        with showing_own(own_texts.all_words_of(named.policy_version_id if named else None)):
            rows.append(_event_row(each, known) if each.seq else _act_row(each, known))
    return rows


def behind(entries: Sequence[AuditEntry]) -> Behind:
    """What stands behind entries, in a handful of statements."""
    places = [(each.subject_id, each.seq, each.at) for each in entries if each.seq]
    events = audit.at_places(places)
    read = {key: event for key, kept in events.items() if (event := typed(kept)) is not None}
    acts = audit_details.acts(each.subject_id for each in entries if not each.seq)
    changing = [
        place for place in places
        if (event := read.get(place[:2])) and EVENT_ENTRIES[type(event)].status is not None
    ]  # fmt: skip
    stages = audit_details.stages(filter(None, map(_task_of, read.values())))
    ids = {each.actor for each in entries} | {each.on_behalf_of or "" for each in entries}
    ids |= {who for event in read.values() for who in _people_in(event)}
    ids |= {who for _stage, who in stages.values()}
    ids |= {kept.act.subject or "" for kept in acts.values()}
    ids |= {value for kept in acts.values() for value in _strings(kept.act.data)}
    named = audit_details.requests({place[0] for place in places})
    return Behind(
        events, read, acts, named, stages, audit_details.statuses_before(changing),
        names_of({each for each in ids if is_id(each)}),
        removals.removed({place[0] for place in places} - set(named)),
    )  # fmt: skip


def _task_of(event: Event) -> str | None:
    return getattr(event, "task_id", None) or None


def _people_in(event: Event) -> Iterable[str]:
    if isinstance(event, TaskAssigned | ApproverAdded):
        yield event.person_id
    if isinstance(event, Moved):
        yield from (event.from_id, event.to_id)


def _strings(data: Mapping[str, Any]) -> Iterable[str]:
    for value in data.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from _strings(value)


def _number(each: AuditEntry) -> str:
    return str(each.number) if each.is_sealed else ""


def _url(each: AuditEntry) -> str:
    return url_for("audit.entry", subject_id=each.subject_id, seq=each.seq)


def who_of(actor: str, names: Mapping[str, str]) -> str:
    """Who did it, in words."""
    if actor == "":
        return _("Not signed in")
    return names.get(actor, _("The system") if actor == SYSTEM else _("Someone unknown"))


def _event_row(each: AuditEntry, known: Behind) -> AuditRow:
    key = (each.subject_id, each.seq)
    kept, event = known.events.get(key), known.typed.get(key)
    named, removed = known.requests.get(each.subject_id), known.removed.get(each.subject_id)
    number = named.number if named else removed.number if removed else ""
    if kept is None:
        words = said_entry(removal_words(removed))
    else:
        words = unknown_entry(kept.kind) if event is None else entry(event, _form(named, event))
    stage, assignee = known.stages.get(_task_of(event) or "" if event else "", ("", ""))
    about = known.names.get(assignee, "")
    if event is not None and isinstance(event, TaskAssigned | ApproverAdded):
        about = known.names.get(event.person_id, "")
    if about == known.names.get(each.actor):
        about = ""
    detail = ": ".join(filter(None, (about, words.detail)))
    return AuditRow(
        number=_number(each),
        at=each.at,
        who=who_of(each.actor, known.names),
        kind=each.kind,
        words=words.label.words,
        tone=words.label.tone,
        icon=words.label.icon,
        detail=detail,
        acting_for=known.names.get(each.on_behalf_of or ""),
        comment="" if event is None or kept is None else text_of(kept, event),
        changes=() if event is None else tuple(_changes(key, event, known)),
        url=_url(each),
        on=number,
        on_url=url_for("requests.show", number=number) if number else None,
        on_note=own(stage) or ("" if named is None else named.title),
        is_sealed=each.is_sealed,
    )


def _form(named: RequestNamed | None, event: Event) -> Sequence[FormField]:
    """The form whose fields the event names, of the few that name some."""
    if named is None or not isinstance(event, RequestAmended | RequestResubmitted):
        return ()
    return own_texts.forms_of([named.policy_version_id])[named.policy_version_id]


def _changes(key: tuple[str, int], event: Event, known: Behind) -> Iterable[FieldChange]:
    after = EVENT_ENTRIES[type(event)].status
    before = known.before.get(key)
    if after is not None and before not in (None, after.value):
        sides = (labels.status(each).words for each in (before or "", after))
        yield FieldChange(_("Status"), *sides)
    if isinstance(event, Moved):
        yield FieldChange(
            _("Approver"), *(known.names.get(who) for who in (event.from_id, event.to_id))
        )


def _act_row(each: AuditEntry, known: Behind) -> AuditRow:
    kept = known.acts.get(each.subject_id)
    act = None if kept is None else kept.act
    is_known = each.kind in set(ActKind)
    words = act_entry(ActKind(each.kind)) if is_known else unknown_entry(each.kind)
    on = "" if act is None else _subject(act, known.names)
    return AuditRow(
        number=_number(each),
        at=each.at,
        who=who_of(each.actor, known.names),
        kind=each.kind,
        words=words.label.words,
        tone=words.label.tone,
        icon=words.label.icon,
        detail="" if kept is None else act_detail(kept, known.names),
        changes=() if act is None else tuple(act_changes(act, known.names)),
        url=_url(each),
        on=on,
        on_note="" if act is None else _change(act),
        is_sealed=each.is_sealed,
    )


def _subject(act: ActRecord, names: Mapping[str, str]) -> str:
    subject = act.subject or ""
    if name := act.data.get("name"):
        return str(name)
    return names.get(subject, "" if is_id(subject) else act_words.subject(subject))


def _change(act: ActRecord) -> str:
    code = str(act.data.get("change", ""))
    return act_words.change(act.kind, code) if code else ""


def act_detail(kept: ActKept, names: Mapping[str, str]) -> str:
    """What is said of an act beside its sides, in a line."""
    act = kept.act
    if not kept.salt:
        return _("What it said was erased with the person's data. Its hash stays.")
    parts = []
    for name, value in list(act.data.items())[:MANY]:
        if name in ("before", "after", "change", "name") or value in (None, "", [], {}):
            continue
        parts.append(f"{act_words.field(name)}: {act_words.value(name, value, names)}")
    if act.address:
        parts.append(_("from %(address)s", address=act.address))
    return "; ".join(parts)


def act_changes(act: ActRecord, names: Mapping[str, str]) -> Iterable[FieldChange]:
    """Each thing that an act changed, before and after."""
    before, after = act.data.get("before"), act.data.get("after")
    if not isinstance(before, dict) and not isinstance(after, dict):
        if before != after:
            name = str(act.data.get("change", ""))
            label = act_words.field(name) if name else _("Value")
            yield FieldChange(
                label, *(act_words.side(name, each, names) for each in (before, after))
            )
        return
    left = before if isinstance(before, dict) else {}
    right = after if isinstance(after, dict) else {}
    for name in list(dict.fromkeys([*left, *right]))[:MANY]:
        sides = left.get(name), right.get(name)
        if sides[0] != sides[1]:
            said = (act_words.side(name, each, names) for each in sides)
            yield FieldChange(act_words.field(name), *said)
