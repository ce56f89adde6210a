"""Evidence packs, of a request or of a period: everything by which somebody else can check what
happened.

A ZIP archive. Its `verify.py` (`standalone`) needs plain Python and nothing of ours. `proofs.json`
holds a leaf for each line of `events.ndjson`, which is the exact hashed bytes, and `nodes`, the
parts of the tree beside these leaves: with them the root of the checkpoint can be worked out, so
they prove each of them; so can those of checkpoints that a witness signed or a time stamp is over.
A period's pack has every leaf of the log between two, and proves besides that the log goes on from
where the pack before ended.
"""

import hashlib
import io
import json
import zipfile
from base64 import b64decode
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files as resources
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from portal.domain.proof import merkle, notes
from portal.domain.proof.acts import ActKind, ActRecord
from portal.domain.request.commands import Approve, Reject, SendBack
from portal.domain.request.events import StageOpened
from portal.models import chain
from portal.models.acts import act_bytes
from portal.proof import posture, summary
from portal.proof.anchors import WITNESS
from portal.proof.packed import Anchor, Packed, PackedPeriod
from portal.proof.tiles import LogBroken, LogFiles
from portal.proof.verifying import SNAPSHOT

# Raw: what is handed out is read as it stands, all of it in one snapshot.
REQUESTS = text("""
SELECT r.id::text, r.number, r.type_name, r.title, r.status, r.requester_name, r.submitted_at,
    r.closed_at, r.fields, r.amount, r.currency, r.policy_version_id::text,
    (SELECT v.version FROM portal.policy_versions v WHERE v.id = r.policy_version_id) AS version
FROM portal.requests r WHERE r.id = ANY(CAST(:ids AS uuid[])) ORDER BY r.number
""")
TYPES = text("""
SELECT v.id::text, t.code, v.name, v.version, v.published_at, v.form, v.definition
FROM portal.policy_versions v JOIN portal.request_types t ON t.id = v.request_type_id
WHERE v.id IN (SELECT policy_version_id FROM portal.requests
    WHERE id = ANY(CAST(:ids AS uuid[])))
ORDER BY t.code, v.version
""")
# Each leaf with the event or the act that it is of, where that was not removed since.
LEAVES = """
SELECT l.number, l.subject_id::text AS subject, l.seq, l.hash AS leaf_hash,
    e.request_id::text, COALESCE(e.at, a.at) AS at, COALESCE(e.kind, a.kind) AS kind, e.tag,
    COALESCE(e.actor, a.actor) AS actor, e.on_behalf_of, e.command_id::text,
    COALESCE(e.data, a.data) AS data, e.prev_hash, a.id::text, a.session_id::text, a.address,
    a.subject AS about, a.salt,
    (SELECT jsonb_object_agg(t.name, jsonb_build_array(t.salt, t.text)) FROM portal.audit_texts t
        WHERE t.request_id = e.request_id AND t.seq = e.seq) AS texts
FROM portal.audit_leaves l
LEFT JOIN portal.audit_events e ON l.seq > 0 AND e.request_id = l.subject_id AND e.seq = l.seq
LEFT JOIN portal.audit_acts a ON l.seq = 0 AND a.id = l.subject_id
"""
OF_REQUEST = text(
    f"{LEAVES} WHERE l.subject_id = ANY(CAST(:ids AS uuid[])) AND l.seq > 0 ORDER BY l.seq"
)
OF_PERIOD = text(f"{LEAVES} WHERE l.number >= :first AND l.number < :end ORDER BY l.number")
LAST_SEQ = text("SELECT last_seq FROM portal.requests WHERE id = CAST(:id AS uuid)")
BETWEEN = text("""
SELECT min(i.number) AS first, max(i.number) + 1 AS "end" FROM portal.audit_index i
WHERE i.at >= :since AND i.at < :until
    AND i.number >= COALESCE((SELECT min(block) FROM portal.audit_blocks
        WHERE last_at >= :since AND first_at < :until), 0) * 4096
    AND i.number < COALESCE((SELECT max(block) + 1 FROM portal.audit_blocks
        WHERE last_at >= :since AND first_at < :until), 0) * 4096
""")
EARLIER = text("""
SELECT CAST(data ->> 'size' AS bigint) AS size, data ->> 'root' AS root FROM portal.audit_acts
WHERE kind = :kind AND data ->> 'what' = 'evidence of a period' AND data ->> 'log' = :log
ORDER BY id DESC LIMIT 1
""")
DECIDED = text("""
SELECT r.number, t.stage_name, u.name AS decided_by, t.decided_by::text AS person_id, t.decision,
    t.decided_at, t.comment, c.via, host(c.ip) AS address, c.id::text AS command_id,
    (SELECT a.id::text FROM portal.audit_acts a WHERE a.kind = 'signed_in'
        AND a.actor = t.decided_by::text AND a.at <= c.created_at
        ORDER BY a.at DESC LIMIT 1) AS signed_in,
    (SELECT concat_ws(', ', s.how, s.second) FROM portal.sign_ins s
        WHERE s.user_id = t.decided_by AND s.went = 'in' AND s.at <= c.created_at
        ORDER BY s.id DESC LIMIT 1) AS signed_in_by
FROM portal.tasks t JOIN portal.users u ON u.id = t.decided_by
JOIN portal.requests r ON r.id = t.request_id
LEFT JOIN portal.commands c ON c.task_id = t.id AND c.actor_id = t.decided_by
    AND c.outcome = 'applied' AND c.kind = ANY(:kinds)
WHERE t.request_id = ANY(CAST(:ids AS uuid[])) AND t.decision IS NOT NULL ORDER BY t.decided_at
""")
ATTACHMENTS = text("""
SELECT request_id::text, id::text, field, name, content_type, size, sha256, erased_at
FROM portal.attachments
WHERE request_id = ANY(CAST(:ids AS uuid[])) ORDER BY request_id, id
""")
NAMES = text("SELECT id::text, name FROM portal.users WHERE id::text = ANY(:ids)")
ACTS = text("""
SELECT id::text, at, kind, actor, subject, data, hash FROM portal.audit_acts
WHERE subject = ANY(:subjects) OR id::text = ANY(:ids)
    OR kind = 'records_dropped' AND EXISTS (SELECT FROM unnest(CAST(:removed AS text[])) r(id)
        WHERE data -> 'requests' @> jsonb_build_array(jsonb_build_object('request', r.id)))
ORDER BY at, id
""")

# The newest that a witness signed, or a time stamp is over: with the note that it was over.
ANCHORED = text("""
SELECT DISTINCT ON (a.kind) a.kind, a.anchored_at, a.proof, c.note
FROM portal.audit_anchors a
JOIN portal.audit_checkpoints c ON c.size = a.size AND c.origin = :origin
WHERE a.kind IN ('witness', 'timestamp') AND a.size <= :size AND a.size > 0
ORDER BY a.kind, a.id DESC
""")

KINDS = [each.__name__ for each in (Approve, Reject, SendBack)]
SAMPLE = 25


class NotSealedYet(Exception):
    """Events wait for their seal: there is no proof of them before."""


class NothingThere(Exception):
    """Nothing was recorded in the period."""


class TooManyEntries(Exception):
    """The period has more entries than are wanted in a pack; how many."""

    def __init__(self, count: int) -> None:
        super().__init__(str(count))
        self.count = count


def pack(connection: Connection, log: LogFiles, request_id: str) -> bytes:
    """The pack of a request. Raises LookupError if there is none of this id, NotSealedYet, and
    LogBroken."""
    connection.rollback()
    with connection.begin():
        connection.execute(SNAPSHOT)
        seq = connection.scalar(LAST_SEQ, {"id": request_id})
        if seq is None:
            raise LookupError(request_id)
        leaves = connection.execute(OF_REQUEST, {"ids": [request_id]}).mappings().all()
        if len(leaves) != seq:
            raise NotSealedYet
        found = _packed(connection, log, leaves, [request_id], None)
    return zipped(found)


def pack_period(
    connection: Connection, log: LogFiles, period: PackedPeriod, most: int | None = None
) -> tuple[bytes, Packed]:
    """The pack of a period, and what is in it. Raises NothingThere, TooManyEntries, NotSealedYet,
    LogBroken."""
    connection.rollback()
    with connection.begin():
        connection.execute(SNAPSHOT)
        given = {"since": period.since, "until": period.until}
        first, end = connection.execute(BETWEEN, given).one()
        if first is None:
            raise NothingThere
        if most is not None and end - first > most:
            raise TooManyEntries(end - first)
        last = {"kind": ActKind.EXPORTED.value, "log": log.folder.name}
        earlier = connection.execute(EARLIER, last).mappings().one_or_none()
        period = PackedPeriod(
            period.since, period.until, first, end, dict(earlier) if earlier else None
        )
        given = {"first": first, "end": end}
        leaves = connection.execute(OF_PERIOD, given).mappings().all()
        ids = list(dict.fromkeys(row["subject"] for row in leaves if row["seq"]))
        found = _packed(connection, log, leaves, ids, period)
    return zipped(found), found


def told(found: Packed, body: bytes) -> dict[str, Any]:
    """What the act says that tells of a period's pack: which it was, and where the next one goes
    on from."""
    period = found.period
    assert period is not None
    return {
        "what": "evidence of a period",
        "log": found.log.folder.name,
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "first": period.first,
        "count": len(found.leaves),
        "size": found.point.size,
        "root": found.point.root.hex(),
        "sha256": hashlib.sha256(body).hexdigest(),
    }


def _packed(
    connection: Connection,
    log: LogFiles,
    leaves: Sequence[RowMapping],
    ids: list[str],
    period: PackedPeriod | None,
) -> Packed:
    note, key = log.note(), log.key()
    if note is None or key is None:
        raise NotSealedYet
    given: dict[str, Any] = {"ids": ids}
    requests = _rows(connection.execute(REQUESTS, given).mappings())
    decisions = _rows(connection.execute(DECIDED, given | {"kinds": KINDS}).mappings())
    if period is not None:
        decisions = [x for x in decisions if period.since <= x["decided_at"] < period.until]
    named = {
        "subjects": [*ids, *(row["number"] for row in requests)],
        "ids": [each["signed_in"] for each in decisions if each["signed_in"]],
        "removed": list({row["subject"] for row in leaves if row["seq"] and not row["kind"]}),
    }
    actors = [row["actor"] for row in leaves if row["actor"]]
    found = Packed(
        note=note,
        key=key,
        log=log,
        leaves=leaves,
        requests=requests,
        types=_rows(connection.execute(TYPES, given).mappings()),
        decisions=decisions,
        attachments=_rows(connection.execute(ATTACHMENTS, given).mappings()),
        acts=_rows(connection.execute(ACTS, named).mappings()),
        names={row.id: row.name for row in connection.execute(NAMES, {"ids": actors})},
        anchors=_anchors(connection, notes.read(note)),
        one_role=tuple(posture.owners(connection)),
        period=period,
    )
    found.proofs.update(_proofs(found))
    return found


def _anchors(connection: Connection, point: notes.Checkpoint) -> dict[str, Anchor]:
    """The newest checkpoint of this log by each way that somebody else signs."""
    given = {"origin": point.origin, "size": point.size}
    found = {}
    for row in connection.execute(ANCHORED, given):
        if row.kind == WITNESS:
            found[row.kind] = Anchor(row.proof, row.anchored_at)
        else:
            found[row.kind] = Anchor(row.note, row.anchored_at, b64decode(row.proof))
    return found


def _rows(rows: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in rows]


def zipped(found: Packed) -> bytes:
    """The archive, with the manifest of its files."""
    documents = dict(_documents(found))
    manifest = "".join(
        f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in sorted(documents.items())
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in [*documents.items(), ("MANIFEST.sha256", manifest.encode())]:
            archive.writestr(name, body)
    return out.getvalue()


def _documents(found: Packed) -> Iterator[tuple[str, bytes]]:
    yield "summary.pdf", summary.printed(found)
    yield "events.ndjson", b"".join(hashed(row) + b"\n" for row in found.leaves)
    yield "texts.json", _json(_texts(found.leaves))
    yield "proofs.json", _json(found.proofs)
    yield "checkpoint", found.note.encode()
    yield "anchors.json", _json({kind: _said(each) for kind, each in found.anchors.items()})
    for kind, each in found.anchors.items():
        yield f"{kind}.checkpoint", each.note.encode()
        if each.stamp:
            yield f"{kind}.tsr", each.stamp
    yield "key.txt", f"{found.key}\n".encode()
    if found.period is None:
        yield "request.json", _json(found.requests[0])
    else:
        yield "requests.json", _json(found.requests)
    yield "types.json", _json(found.types)
    yield "routing.json", _json(_routing(found.leaves))
    yield "decisions.json", _json(found.decisions)
    yield "attachments.json", _json(found.attachments)
    yield "acts.json", _json(found.acts)
    yield "verify.py", resources("portal.proof").joinpath("standalone.py").read_bytes()


def _said(anchor: Anchor) -> dict[str, Any]:
    return {"at": anchor.at, "entries": anchor.size}


def hashed(row: RowMapping) -> bytes:
    """The exact bytes that the hash of an entry covers, behind the hash of the event before, or an
    act's salt; none of what was removed after its retention, or said something of a person whose
    data were erased."""
    if row["request_id"] is not None:
        names = chain.ChainLink.__slots__
        return chain.canonical_bytes(chain.ChainLink(**{name: row[name] for name in names}))
    if row["id"] is None or row["salt"] == "":
        return b""
    given = {name: row[name] for name in ActRecord.__slots__ if name != "subject"}
    return act_bytes(ActRecord(subject=row["about"], **given))


def _texts(leaves: Iterable[RowMapping]) -> dict[str, dict[str, Any]]:
    return {
        f"{row['subject']}/{row['seq']}/{name}": {"salt": salt, "text": words}
        for row in leaves
        for name, (salt, words) in (row["texts"] or {}).items()
    }


def _routing(leaves: Iterable[RowMapping]) -> list[dict[str, Any]]:
    """Whom the rules of each stage that opened named, and why."""
    return [
        {"request": row["subject"], "seq": row["seq"], "at": row["at"], "stage": row["data"]}
        for row in leaves
        if row["kind"] == StageOpened.__name__
    ]


def _proofs(found: Packed) -> dict[str, Any]:
    """The leaves, and the tree beside them. Raises NotSealedYet, LogBroken."""
    point, log, period = found.point, found.log, found.period
    numbers = [row["number"] for row in found.leaves]
    if not numbers or max(numbers) >= point.size:
        raise NotSealedYet
    if merkle.root(point.size, log.node) != point.root:
        raise LogBroken(f"The tiles in {log.folder} do not give the root of their checkpoint.")
    earlier = period.earlier if period is not None else None
    cuts, ordered = {each.size for each in found.anchors.values()}, sorted(numbers)
    cuts |= {earlier["size"]} if earlier else set()

    def is_whole(begin: int, end: int) -> bool:
        has_none = bisect_left(ordered, begin) == bisect_left(ordered, end)
        return has_none and not any(begin < cut < end for cut in cuts)

    nodes = merkle.parts(point.size, is_whole, log.node)
    said: dict[str, Any] = {"size": point.size, "root": point.root.hex()}
    if period is not None:
        ids = {row["subject"] for row in found.leaves if row["seq"]}
        said |= {
            "since": period.since,
            "until": period.until,
            "first": period.first,
            "count": len(numbers),
            "earlier": earlier,
            "sample": drawn(ids, point.root)[:SAMPLE],
        }
    said["nodes"] = {f"{begin}-{end}": node.hex() for (begin, end), node in nodes.items()}
    said["leaves"] = list(_leaves(found.leaves))
    return said


def drawn(ids: Iterable[str], root: bytes) -> list[str]:
    """Requests in the order that nobody could choose who did not know the later root."""
    return sorted(ids, key=lambda each: hashlib.sha256((root.hex() + each).encode()).digest())


def _leaves(rows: Iterable[RowMapping]) -> Iterator[dict[str, Any]]:
    """Each with what its hash covers before the entry: of an event the hash before it, also where
    it was removed, of an act its salt."""
    last: dict[str, str] = {}
    for row in rows:
        before = row["prev_hash"] if row["request_id"] is not None else row["salt"]
        if row["request_id"] is None and row["seq"]:
            before = last.get(row["subject"])
        yield {
            "number": row["number"],
            "subject": row["subject"],
            "seq": row["seq"],
            "hash": row["leaf_hash"],
            "before": before or "",
        }
        last[row["subject"]] = row["leaf_hash"]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str).encode() + b"\n"
