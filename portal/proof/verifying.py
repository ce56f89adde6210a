"""Verifying the record: leaves against checkpoints, events against leaves, rows against events.

Leaves and checkpoints never change, so they are read as they come. Of requests, a few hundred at a
time are looked at, all of each in one snapshot: whatever is recorded meanwhile is in it as a whole,
or not at all, so a busy system raises no false alarm.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, text

from portal.domain.proof import merkle, notes
from portal.domain.proof.acts import ABOUT_SOMEBODY, BY_SOMEBODY, ActKind, ActRecord
from portal.models.acts import act_hash
from portal.models.removals import Removal, removals
from portal.proof import keys, posture, projections
from portal.proof.tiles import WIDTH, LogBroken, LogFiles
from portal.queries.audit_chain import RecordProblem, chain_findings, dropped_of

CHUNK = 500
LEAVES_AT_ONCE = 50_000
# What waits for so long is not sealed any more: three turns of the sealer.
STALLED = timedelta(minutes=3)

# Raw: what is verified is read as it stands, through no layer that could change it.
SUBJECTS = text("""
SELECT id::text FROM (
    (SELECT id FROM portal.requests WHERE id > CAST(:after AS uuid) ORDER BY id LIMIT :most)
    UNION
    (SELECT DISTINCT request_id FROM portal.audit_events
        WHERE request_id > CAST(:after AS uuid) ORDER BY request_id LIMIT :most)
    UNION
    (SELECT DISTINCT subject_id FROM portal.audit_leaves
        WHERE subject_id > CAST(:after AS uuid) AND seq > 0 ORDER BY subject_id LIMIT :most)
) known ORDER BY id LIMIT :most
""")
EVENTS = text("""
SELECT e.request_id::text, e.seq, e.at, e.kind, e.tag, e.actor, e.on_behalf_of,
    e.command_id::text, e.data, e.prev_hash, e.hash,
    (SELECT jsonb_object_agg(t.name, jsonb_build_array(t.salt, t.text)) FROM portal.audit_texts t
        WHERE t.request_id = e.request_id AND t.seq = e.seq) AS texts
FROM portal.audit_events e WHERE e.request_id = ANY(CAST(:ids AS uuid[]))
ORDER BY e.request_id, e.seq, e.at
""")
PLACES = text("""
SELECT subject_id::text, seq, hash, number, NULL AS waits FROM portal.audit_leaves
WHERE subject_id = ANY(CAST(:ids AS uuid[]))
UNION ALL
SELECT subject_id::text, seq, hash, NULL, now() - queued_at FROM portal.audit_queue
WHERE subject_id = ANY(CAST(:ids AS uuid[]))
""")
# By the index of erasures, request by request: there may be many of them.
ERASED = text("""
SELECT t ->> 'request' AS request, CAST(t ->> 'seq' AS integer) AS seq, t ->> 'name' AS name
FROM unnest(CAST(:ids AS text[])) r(id)
JOIN portal.audit_acts a ON a.kind = 'text_erased'
    AND a.data -> 'texts' @> jsonb_build_array(jsonb_build_object('request', r.id)),
    jsonb_array_elements(a.data -> 'texts') t
WHERE t ->> 'request' = r.id
""")
LEAVES = text("""
SELECT number, subject_id::text, seq, hash FROM portal.audit_leaves
WHERE number >= :first ORDER BY number LIMIT :most
""")
ACTS = text("""
SELECT id::text, at, kind, actor, session_id::text, address, subject, data, salt, hash
FROM portal.audit_acts WHERE id > CAST(:after AS uuid) ORDER BY id LIMIT :most
""")
# Whose personal data were erased, and when.
FORMER = text("""
SELECT subject, max(at) AS at FROM portal.audit_acts
WHERE kind = 'person_erased' AND subject = ANY(:people) GROUP BY subject
""")
ACTS_GONE = text("""
SELECT l.subject_id::text, l.number FROM portal.audit_leaves l
WHERE l.seq = 0 AND NOT EXISTS (SELECT FROM portal.audit_acts a WHERE a.id = l.subject_id)
ORDER BY l.number
""")
IS_BEGUN = text(
    "SELECT EXISTS (SELECT FROM portal.audit_leaves)"
    " OR EXISTS (SELECT FROM portal.audit_acts WHERE kind = :kind)"
)
CHECKPOINTS = text("SELECT note, signed_at FROM portal.audit_checkpoints ORDER BY size")
FIRST = "00000000-0000-0000-0000-000000000000"
SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


@dataclass
class Verification:
    """What was looked at, and everything that is wrong. `counts`: events by verdict ("anchored",
    "sealed", "pending", "unsealed"), and what else was counted; `remarks`: what is worth knowing
    and no fault."""

    begun_at: datetime
    done_at: datetime | None = None
    problems: list[RecordProblem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    def add(
        self, kind: str, sentence: str, *, request_id: str = "", number: str = "", seq: int = 0
    ) -> None:
        """One more problem."""
        self.problems.append(
            RecordProblem(
                request_id=request_id, number=number, seq=seq, kind=kind, sentence=sentence
            )
        )

    def report(self) -> dict[str, object]:
        """As it is kept: the first problems, and how many there are."""
        return {
            "problems": len(self.problems),
            "named": [f"{each.kind}: {each}" for each in self.problems[:100]],
            "counts": dict(self.counts),
            "remarks": self.remarks,
        }


@dataclass(frozen=True)
class Outside:
    """What lies outside the database: the log's files, checkpoints with where each came from, the
    key to check them with."""

    files: LogFiles | None = None
    checkpoints: Sequence[tuple[str, str]] = ()
    key: notes.VerifierKey | None = None


Alive = Callable[[], None]


def verify(
    engine: Engine,
    outside: Outside,
    request_id: str | None = None,
    wanted: projections.Wanted = projections.EVERY,
    alive: Alive = lambda: None,
) -> Verification:
    """Verify the whole record, or that of one request."""
    found = Verification(datetime.now(UTC))
    with engine.connect() as connection:
        is_begun = bool(connection.scalar(IS_BEGUN, {"kind": ActKind.LOG_BEGUN}))
        connection.rollback()
        look = _Look(connection, found, is_begun or outside.files is not None, wanted)
        if request_id is not None:
            look.requests([request_id])
        else:
            look.log(outside, alive)
            for ids in look.subjects():
                alive()
                look.requests(ids)
            look.acts(alive)
            posture.examine(connection, found)
    found.done_at = datetime.now(UTC)
    return found


@dataclass
class _Look:
    """One look at everything."""

    connection: Connection
    found: Verification
    is_begun: bool
    wanted: projections.Wanted
    anchored: int = 0

    def log(self, outside: Outside, alive: Alive) -> None:
        """Leaves against each checkpoint that is known, and against the tiles."""
        points = list(self._points(outside))
        if not self.is_begun:
            self.found.remarks.append("No log was begun: flask portal audit begin.")
        if not points:
            self.found.remarks.append("No checkpoint is known outside the database.")
        self.anchored = max((point.size for _, point in points), default=0)
        edge, waiting = merkle.Edge(), sorted(points, key=lambda each: each[1].size)
        for row in self._leaves(alive):
            waiting = self._reached(edge, waiting)
            if row.number != edge.size:
                gone = f"{edge.size} to {row.number - 1}"
                self.found.add("leaf_missing", f"The leaves {gone} are gone from the log.")
                return
            leaf = merkle.leaf_hash(notes.entry(row.subject_id, row.seq, row.hash))
            self._compare(outside.files, row, leaf)
            edge.add(leaf)
        waiting = self._reached(edge, waiting)
        self.found.counts["leaves"] = edge.size
        for source, point in waiting:
            sentence = (
                f"The database has {edge.size} leaves, and the checkpoint of {source} counts "
                f"{point.size}: the end of the log was cut, or an older backup was restored."
            )
            self.found.add("older", sentence)

    def _points(self, outside: Outside) -> Iterator[tuple[str, notes.Checkpoint]]:
        """Every checkpoint of the present log; a bad signature is a problem."""
        with self.connection.begin():
            inside = [("the database", row.note) for row in self.connection.execute(CHECKPOINTS)]
        file = outside.files and outside.files.note()
        given = [*inside, *outside.checkpoints]
        given += [("the log's files", file)] if file else []
        origin = notes.read(file).origin if file else None
        for source, note in given:
            try:
                point = notes.read(note)
            except notes.Unreadable:
                self.found.add("checkpoint", f"A checkpoint of {source} cannot be read.")
                continue
            if origin is not None and point.origin != origin:
                self.found.counts["checkpoints of other logs"] += 1
            elif outside.key is not None and not keys.is_good(outside.key, note):
                sentence = f"The checkpoint of {source} over {point.size} leaves is not signed."
                self.found.add("checkpoint", sentence)
            else:
                yield source, point

    def _leaves(self, alive: Alive) -> Iterator[Any]:
        first = 0
        while True:
            with self.connection.begin():
                given = {"first": first, "most": LEAVES_AT_ONCE}
                rows = self.connection.execute(LEAVES, given).all()
            alive()
            yield from rows
            if len(rows) < LEAVES_AT_ONCE:
                return
            first = rows[-1].number + 1

    def _reached(
        self, edge: merkle.Edge, waiting: list[tuple[str, notes.Checkpoint]]
    ) -> list[tuple[str, notes.Checkpoint]]:
        """Compare the root with the checkpoints of this size; those that are left."""
        while waiting and waiting[0][1].size == edge.size:
            source, point = waiting.pop(0)
            self.found.counts["checkpoints"] += 1
            if edge.root() != point.root:
                sentence = (
                    f"The first {edge.size} leaves do not give the root that the checkpoint of "
                    f"{source} says: the log was rewritten."
                )
                self.found.add("rewritten", sentence)
        return waiting

    def _compare(self, files: LogFiles | None, row: Any, leaf: bytes) -> None:
        if files is None:
            return
        try:
            tile = files.hashes(0, row.number // WIDTH)
        except LogBroken as error:
            if row.number < self.anchored and row.number % WIDTH == 0:
                self.found.add("tile", str(error))
            return
        place = row.number % WIDTH
        if place < len(tile) and tile[place] != leaf:
            sentence = f"Leaf {row.number} is not the one that was sealed."
            self.found.add("leaf_changed", sentence, request_id=row.subject_id, seq=row.seq)

    def subjects(self) -> Iterator[list[str]]:
        """The ids of all requests of which anything is known, some at a time."""
        after = FIRST
        while True:
            with self.connection.begin():
                given = {"after": after, "most": CHUNK}
                ids = list(self.connection.scalars(SUBJECTS, given))
            if not ids:
                return
            yield ids
            after = ids[-1]

    def requests(self, ids: list[str]) -> None:
        """Everything about some requests, in one snapshot."""
        given = {"ids": ids}
        with self.connection.begin():
            self.connection.execute(SNAPSHOT)
            events = _by_request(self.connection.execute(EVENTS, given).mappings())
            places = _places(self.connection.execute(PLACES, given))
            gone = {"ids": [each for each in ids if projections.lacks_text(events.get(each, ()))]}
            erased = {tuple(row) for row in self.connection.execute(ERASED, gone)}
            kept = projections.kept(self.connection, ids)
            removed = removals(self.connection, [x for x in ids if x not in kept.requests])
        for each in ids:
            chain, row = events.get(each, []), kept.requests.get(each)
            said = removed.get(each, [])
            dropped = self._dropped(said, chain, places.get(each, {}))
            number = "" if row is None else row["number"]
            self.found.counts["requests"] += 1
            for seq, kind, sentence in chain_findings(chain, row, dropped):
                self.found.add(kind, sentence, request_id=each, number=number, seq=seq)
            for seq in dropped:
                del places[each][seq]
            self._sealed(each, number, chain, places)
            self._erased(each, number, chain, erased)
            if said:
                for kind, sentence in projections.left_behind(each, kept):
                    self.found.add(kind, sentence, request_id=each, number=said[0].number)
            elif chain and self.wanted(each, chain[-1]["at"]):
                self.found.counts["projections"] += 1
                for kind, sentence in projections.differences(each, chain, kept):
                    self.found.add(kind, sentence, request_id=each, number=number)

    def _dropped(
        self, said: Sequence[Removal], chain: list[RowMapping], places: dict[int, Any]
    ) -> dict[int, str]:
        """The events that went with a month, as acts say, and their leaves' hashes."""
        there = {event["seq"] for event in chain}
        leaves = {
            seq: place.hash for seq, place in places.items()
            if seq not in there and place.number is not None
        }  # fmt: skip
        gone = dropped_of(said, leaves) if leaves else {}
        self.found.counts["removed"] += len(gone)
        return gone

    def _sealed(self, request: str, number: str, chain: list[RowMapping], places: Any) -> None:
        if not self.is_begun:
            return
        mine = places.pop(request, {})
        for event in chain:
            place = mine.pop(event["seq"], None)
            verdict = self._verdict(place, event["hash"])
            self.found.counts[verdict] += 1
            sentence = UNSEALED.get(verdict)
            if sentence:
                self.found.add(
                    verdict, sentence, request_id=request, number=number, seq=event["seq"]
                )
        for seq in sorted(mine):
            sentence = "it was sealed, and is gone from the record."
            self.found.add("event_gone", sentence, request_id=request, number=number, seq=seq)

    def _verdict(self, place: Any, digest: str) -> str:
        if place is None:
            return "unsealed"
        if place.hash != digest:
            return "resealed"
        if place.number is None:
            return "stalled" if place.waits > STALLED else "pending"
        return "anchored" if place.number < self.anchored else "sealed"

    def _erased(
        self, request: str, number: str, chain: list[RowMapping], erased: set[tuple[Any, ...]]
    ) -> None:
        for event in chain:
            for name, (_, words) in (event["texts"] or {}).items():
                if words is None and (request, event["seq"], name) not in erased:
                    sentence = f"its text “{name}” was erased without an act that says so."
                    self.found.add(
                        "erased", sentence, request_id=request, number=number, seq=event["seq"]
                    )

    def acts(self, alive: Alive) -> None:
        """Every act against its own hash and its leaf."""
        after = FIRST
        while True:
            with self.connection.begin():
                self.connection.execute(SNAPSHOT)
                given = {"after": after, "most": CHUNK}
                rows = self.connection.execute(ACTS, given).mappings().all()
                ids = [row["id"] for row in rows]
                places = _places(self.connection.execute(PLACES, {"ids": ids}))
                former = self._former([row for row in rows if row["salt"] == ""])
            alive()
            for row in rows:
                self._act(row, places.get(row["id"], {}).get(0), former)
            if len(rows) < CHUNK:
                break
            after = ids[-1]
        with self.connection.begin():
            for gone in self.connection.execute(ACTS_GONE):
                sentence = f"The act of leaf {gone.number} was sealed, and is gone from the record."
                self.found.add("act_gone", sentence)

    def _former(self, emptied: list[RowMapping]) -> dict[str, datetime]:
        """Of whom acts gave up what they said: when that was recorded."""
        people = {str(_whose(row)) for row in emptied}
        if not people:
            return {}
        rows = self.connection.execute(FORMER, {"people": list(people)})
        return {row.subject: row.at for row in rows}

    def _act(self, row: RowMapping, place: Any, former: dict[str, datetime]) -> None:
        act = ActRecord(**{name: row[name] for name in ActRecord.__slots__})
        self.found.counts["acts"] += 1
        if row["salt"] == "":
            self.found.counts["acts erased"] += 1
            erased = former.get(str(_whose(row)))
            if erased is None or erased < act.at:
                sentence = f"The act {act.id} ({act.kind}) was erased without one that says so."
                self.found.add("act_erased", sentence)
        elif act_hash(row["salt"], act) != row["hash"]:
            sentence = f"The act {act.id} ({act.kind}) was changed after it was recorded."
            self.found.add("act_changed", sentence)
        verdict = self._verdict(place, row["hash"]) if self.is_begun else "pending"
        if verdict in UNSEALED:
            self.found.add(verdict, f"The act {act.id} ({act.kind}): {UNSEALED[verdict]}")


def _whose(row: RowMapping) -> str | None:
    """With whose personal data an act gives up what it says; nobody's for other kinds."""
    if row["kind"] in ABOUT_SOMEBODY:
        return str(row["subject"])
    return str(row["actor"]) if row["kind"] in BY_SOMEBODY else None


UNSEALED = {
    "unsealed": "it is neither sealed nor waiting for it: it came in by another way, or what "
    "waited was removed.",
    "resealed": "it is not the event that was sealed: the chain was computed anew.",
    "stalled": "it has waited for its seal for too long: the sealer does not run.",
}


def _by_request(rows: Iterable[RowMapping]) -> dict[str, list[RowMapping]]:
    return {key: list(group) for key, group in groupby(rows, key=lambda row: row["request_id"])}


def _places(rows: Iterable[Any]) -> dict[str, dict[int, Any]]:
    """Leaf or place in the queue, by subject and number of the event."""
    found: dict[str, dict[int, Any]] = {}
    for row in rows:
        found.setdefault(row.subject_id, {})[row.seq] = row
    return found
