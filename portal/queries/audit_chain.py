"""Checking the record: that no event or text was changed, removed or put elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection, RowMapping, text

from portal.models import chain
from portal.models.removals import Removal, removals

Chain = list[RowMapping]
Finding = tuple[int, str, str]

BATCH = 500
# Raw: what is verified is read as it stands, through no layer that could change it.
EVENTS = text("""
SELECT e.request_id::text, e.seq, e.at, e.kind, e.tag, e.actor, e.on_behalf_of,
    e.command_id::text, e.data, e.prev_hash, e.hash,
    (SELECT jsonb_object_agg(t.name, jsonb_build_array(t.salt, t.text)) FROM portal.audit_texts t
        WHERE t.request_id = e.request_id AND t.seq = e.seq) AS texts,
    r.number, r.last_seq, r.last_hash
FROM portal.audit_events e LEFT JOIN portal.requests r ON r.id = e.request_id
WHERE CAST(:request AS uuid) IS NULL OR e.request_id = CAST(:request AS uuid)
ORDER BY e.request_id, e.seq, e.at
""")
# What the leaves say of events that are not there any more.
LEAVES = text("""
SELECT l.seq, l.hash FROM portal.audit_leaves l WHERE l.subject_id = CAST(:request AS uuid)
    AND NOT EXISTS (SELECT FROM portal.audit_events e
        WHERE e.request_id = l.subject_id AND e.seq = l.seq)
""")
WITHOUT_EVENTS = text("""
SELECT r.id::text, r.number, r.last_seq FROM portal.requests r
WHERE (CAST(:request AS uuid) IS NULL OR r.id = CAST(:request AS uuid))
    AND NOT EXISTS (SELECT FROM portal.audit_events e WHERE e.request_id = r.id)
ORDER BY r.id
""")


@dataclass(frozen=True, kw_only=True)
class RecordProblem:
    """One thing that is not as it was recorded.

    `kind`: "changed" (an event's own content), "missing" (events are gone), "reordered" (an event
    stands where another was), "wrong_previous" (its link names an event that is not there),
    "text_changed" or "text_missing" (free text), "wrong_end" (the request's row says otherwise).
    """

    request_id: str
    number: str
    seq: int
    kind: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.number or self.request_id}, event {self.seq}: {self.sentence}"


def verify(connection: Connection, request_id: str | None = None) -> list[RecordProblem]:
    """Every problem in the chains of one request, or of all; an empty list if they are whole.

    Events and where they end come in one statement, so that what is recorded meanwhile is no
    problem. What chains alone do not show: see `portal.proof.verifying`.
    """
    problems: list[RecordProblem] = []
    found = False
    # One request's events come at once; all of them through a cursor on the server.
    streamed = {} if request_id else {"yield_per": BATCH}
    with connection.execute(EVENTS, {"request": request_id}, execution_options=streamed) as rows:
        for each, events in groupby(rows.mappings(), key=lambda row: row["request_id"]):
            problems += _problems(each, list(events))
            found = True
    for each in sorted({x.request_id for x in problems if x.kind == "missing"}):
        problems = _without_dropped(connection, each, problems)
    if found and request_id:
        return problems
    gone = connection.execute(WITHOUT_EVENTS, {"request": request_id})
    problems += [
        RecordProblem(
            request_id=row.id,
            number=row.number,
            seq=1,
            kind="missing",
            sentence=f"all {row.last_seq} events are gone.",
        )
        for row in gone
    ]
    return problems


def _without_dropped(
    connection: Connection, request_id: str, problems: list[RecordProblem]
) -> list[RecordProblem]:
    """The problems once those events of a request are known that were dropped with a month."""
    said = removals(connection, [request_id]).get(request_id, [])
    if not said:
        return problems
    events = list(connection.execute(EVENTS, {"request": request_id}).mappings())
    leaves = connection.execute(LEAVES, {"request": request_id})
    gone = dropped_of(said, {row.seq: row.hash for row in leaves})
    others = [each for each in problems if each.request_id != request_id]
    return others + _problems(request_id, events, gone)


def dropped_of(said: Sequence[Removal], leaves: Mapping[int, str]) -> dict[int, str]:
    """Of the leaves of a request, by number, those whose events went with a month."""
    return {seq: hash_ for seq, hash_ in leaves.items() if any(each.has(seq) for each in said)}


def _problems(
    request_id: str, events: Chain, gone: Mapping[int, str] | None = None
) -> list[RecordProblem]:
    end = None if events[0]["number"] is None else events[0]
    return [
        RecordProblem(
            request_id=request_id,
            number="" if end is None else end["number"],
            seq=seq,
            kind=kind,
            sentence=sentence,
        )
        for seq, kind, sentence in chain_findings(events, end, gone)
    ]


def chain_findings(
    events: Chain, end: RowMapping | None, gone: Mapping[int, str] | None = None
) -> Iterator[Finding]:
    """What is wrong with the events of one request, and with where they end. `end`: the request's
    row, or None; both were read in one snapshot. `gone`: by number, the hashes of events that went
    with a month."""
    yield from _links(events, gone or {})
    yield from _texts(events)
    if end is None:
        return
    if events:
        yield from _end(events[-1], end)
    else:
        yield 1, "missing", f"all {end['last_seq']} events are gone."


def _links(events: Chain, dropped: Mapping[int, str]) -> Iterator[Finding]:
    """Gaps in the numbers, links that do not hold, contents that do not fit their hash."""
    seq, previous = 0, ""
    known = {event["hash"] for event in events}
    for event in events:
        while seq + 1 < event["seq"] and seq + 1 in dropped:
            seq, previous = seq + 1, dropped[seq + 1]
        if event["seq"] > seq + 1:
            gone = f"{seq + 1} to {event['seq'] - 1}" if event["seq"] > seq + 2 else f"{seq + 1}"
            yield event["seq"], "missing", f"before it, {gone} is gone."
        elif event["prev_hash"] != previous:
            moved = event["seq"] <= seq or event["prev_hash"] in known
            if moved:
                yield event["seq"], "reordered", "it does not stand where it was recorded."
            else:
                yield event["seq"], "wrong_previous", "it follows an event that is not there."
        if chain.next_hash(event["prev_hash"], _link(event)) != event["hash"]:
            yield event["seq"], "changed", "it was changed after it was recorded."
        seq, previous = event["seq"], event["hash"]


def _texts(events: Chain) -> Iterator[Finding]:
    """Free text that does not fit its hash. Erased text is no problem here: its row remains."""
    for event in events:
        texts = event["texts"] or {}
        for name, value in event["data"].items():
            if not isinstance(value, dict) or set(value) != {"sha256"}:
                continue
            if name not in texts:
                yield event["seq"], "text_missing", f"its text “{name}” is gone."
                continue
            salt, words = texts[name]
            if words is not None and chain.text_hash(salt, words) != value["sha256"]:
                yield event["seq"], "text_changed", f"its text “{name}” was changed."


def _end(last: RowMapping, end: RowMapping) -> Iterator[Finding]:
    """Whether the chain ends where the request's row says: a cut tail leaves no gap behind."""
    if last["seq"] < end["last_seq"]:
        yield end["last_seq"], "missing", f"the events after {last['seq']} are gone."
    elif last["seq"] > end["last_seq"] or last["hash"] != end["last_hash"]:
        yield last["seq"], "wrong_end", "the request's row names another last event."


def _link(event: RowMapping) -> chain.ChainLink:
    return chain.ChainLink(**{name: event[name] for name in chain.ChainLink.__slots__})
