"""The evidence pack of a request: everything by which somebody else can check what happened.

A ZIP archive. Its `verify.py` (`standalone`) needs plain Python and nothing of ours.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from importlib.resources import files as resources
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from portal.domain.proof import merkle, notes
from portal.domain.request.commands import Approve, Reject, SendBack
from portal.models import chain
from portal.proof import posture
from portal.proof.tiles import LogBroken, LogFiles
from portal.proof.verifying import EVENTS, SNAPSHOT

# Raw: what is handed out is read as it stands, all of it in one snapshot.
REQUEST = text("""
SELECT r.id::text, r.number, r.type_name, r.title, r.status, r.requester_name, r.submitted_at,
    r.closed_at, r.fields, r.amount, r.currency, r.policy_version_id::text,
    (SELECT v.version FROM portal.policy_versions v WHERE v.id = r.policy_version_id) AS version
FROM portal.requests r WHERE r.id = CAST(:id AS uuid)
""")
LEAVES = text("""
SELECT seq, number FROM portal.audit_leaves
WHERE subject_id = CAST(:id AS uuid) AND seq > 0 ORDER BY seq
""")
DECIDED = text("""
SELECT t.stage_name, u.name AS decided_by, t.decided_by::text AS person_id, t.decision,
    t.decided_at, t.comment, c.via, host(c.ip) AS address, c.id::text AS command_id,
    (SELECT a.id::text FROM portal.audit_acts a WHERE a.kind = 'signed_in'
        AND a.actor = t.decided_by::text AND a.at <= c.created_at
        ORDER BY a.at DESC LIMIT 1) AS signed_in
FROM portal.tasks t JOIN portal.users u ON u.id = t.decided_by
LEFT JOIN portal.commands c ON c.task_id = t.id AND c.actor_id = t.decided_by
    AND c.outcome = 'applied' AND c.kind = ANY(:kinds)
WHERE t.request_id = CAST(:id AS uuid) AND t.decision IS NOT NULL ORDER BY t.decided_at
""")
ATTACHMENTS = text("""
SELECT id::text, field, name, content_type, size, sha256, erased_at FROM portal.attachments
WHERE request_id = CAST(:id AS uuid) ORDER BY id
""")
ACTS = text("""
SELECT id::text, at, kind, actor, subject, data, hash FROM portal.audit_acts
WHERE subject IN (:number, :id) OR id::text = ANY(:ids) ORDER BY at, id
""")

KINDS = [each.__name__ for each in (Approve, Reject, SendBack)]
LIMITS = (
    "That what people wrote is true, or that nothing was left unrecorded.",
    "Anything before the log was begun, or after its last anchor.",
    "Against somebody who has the key and the machine: what they forged afterwards.",
    "That the clock was right, where no outside time stamp says so.",
    "That it was the person who decided, and not somebody at their session.",
    "The summary and the lists beside the events: only events, texts and their places are sealed.",
)


class NotSealedYet(Exception):
    """Events of the request wait for their seal: there is no proof of them before."""


@dataclass(frozen=True)
class PackedRequest:
    """What is read of a request, in one snapshot."""

    request: RowMapping
    events: Sequence[RowMapping]
    leaves: Sequence[Any]
    decisions: list[dict[str, Any]]
    attachments: list[dict[str, Any]]
    acts: list[dict[str, Any]]
    one_role: tuple[str, ...]


def pack(connection: Connection, log: LogFiles, request_id: str) -> bytes:
    """The pack of a request. Raises LookupError if there is none of this id, NotSealedYet, and
    LogBroken."""
    found, note, key = _read(connection, request_id), log.note(), log.key()
    if note is None or key is None:
        raise NotSealedYet
    documents = dict(_documents(found, log, note, key))
    manifest = "".join(
        f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in sorted(documents.items())
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in [*documents.items(), ("MANIFEST.sha256", manifest.encode())]:
            archive.writestr(name, body)
    return out.getvalue()


def _read(connection: Connection, request_id: str) -> PackedRequest:
    given = {"id": request_id}
    connection.rollback()
    with connection.begin():
        connection.execute(SNAPSHOT)
        row = connection.execute(REQUEST, given).mappings().one_or_none()
        if row is None:
            raise LookupError(request_id)
        events = connection.execute(EVENTS, {"ids": [request_id]}).mappings().all()
        decisions = _rows(connection.execute(DECIDED, given | {"kinds": KINDS}).mappings())
        signed_in = [each["signed_in"] for each in decisions if each["signed_in"]]
        named = given | {"number": row["number"], "ids": signed_in}
        return PackedRequest(
            request=row,
            events=events,
            leaves=connection.execute(LEAVES, given).all(),
            decisions=decisions,
            attachments=_rows(connection.execute(ATTACHMENTS, given).mappings()),
            acts=_rows(connection.execute(ACTS, named).mappings()),
            one_role=tuple(posture.owners(connection)),
        )


def _rows(rows: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in rows]


def _documents(
    found: PackedRequest, log: LogFiles, note: str, key: str
) -> Iterator[tuple[str, bytes]]:
    point = notes.read(note)
    yield "summary.html", _summary(found, point).encode()
    yield "events.ndjson", b"".join(_hashed(row) + b"\n" for row in found.events)
    yield "texts.json", _json(_texts(found.events))
    yield "proofs.json", _json(_proofs(found, log, point))
    yield "checkpoint", note.encode()
    yield "key.txt", f"{key}\n".encode()
    yield "request.json", _json(dict(found.request))
    yield "decisions.json", _json(found.decisions)
    yield "attachments.json", _json(found.attachments)
    yield "acts.json", _json(found.acts)
    yield "verify.py", resources("portal.proof").joinpath("standalone.py").read_bytes()


def _hashed(row: RowMapping) -> bytes:
    """The exact bytes that the event's hash covers, behind that of the event before."""
    names = chain.ChainLink.__slots__
    return chain.canonical_bytes(chain.ChainLink(**{name: row[name] for name in names}))


def _texts(events: Sequence[RowMapping]) -> dict[str, dict[str, Any]]:
    return {
        f"{row['seq']}/{name}": {"salt": salt, "text": words}
        for row in events
        for name, (salt, words) in (row["texts"] or {}).items()
    }


def _proofs(found: PackedRequest, log: LogFiles, point: notes.Checkpoint) -> dict[str, Any]:
    """One proof of inclusion for each event. Raises NotSealedYet, LogBroken."""
    if [each.seq for each in found.leaves] != [row["seq"] for row in found.events]:
        raise NotSealedYet
    if any(each.number >= point.size for each in found.leaves):
        raise NotSealedYet
    if merkle.root(point.size, log.node) != point.root:
        raise LogBroken(f"The tiles in {log.folder} do not give the root of their checkpoint.")
    leaves = [
        {
            "seq": each.seq,
            "number": each.number,
            "proof": [one.hex() for one in merkle.inclusion(each.number, point.size, log.node)],
        }
        for each in found.leaves
    ]
    return {"size": point.size, "root": point.root.hex(), "leaves": leaves}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str).encode() + b"\n"


def _summary(found: PackedRequest, point: notes.Checkpoint) -> str:
    """A page that prints on A4."""
    row = found.request
    facts = [
        ("Request", f"{row['number']}: {row['title']}"),
        ("Type", f"{row['type_name']}, version {row['version']}"),
        ("Requester", row["requester_name"]),
        ("Submitted", _moment(row["submitted_at"])),
        ("Outcome", f"{row['status']}, {_moment(row['closed_at'])}"),
        ("Log", f"{point.origin}, {point.size} entries"),
        ("Made", _moment(datetime.now(UTC))),
    ]
    decided = [
        (each["stage_name"], each["decided_by"], each["decision"], _moment(each["decided_at"]),
         each["via"] or "", each["comment"])
        for each in found.decisions
    ]  # fmt: skip
    events = [
        (str(each["seq"]), _moment(each["at"]), each["kind"], each["actor"], each["hash"][:16])
        for each in found.events
    ]
    limits = "".join(f"<li>{escape(each)}</li>" for each in (*LIMITS, *found.one_role))
    return PAGE.format(
        number=escape(row["number"]),
        facts=_table((), facts),
        decisions=_table(("Stage", "Person", "Decision", "Time", "By way of", "Remark"), decided),
        events=_table(("No.", "Time", "Event", "By", "Hash"), events),
        limits=limits,
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    top = "".join(f"<th>{escape(each)}</th>" for each in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def _moment(at: datetime | None) -> str:
    return "not yet" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Evidence for {number}</title>
<style>
@page {{ size: A4; margin: 18mm }}
body {{ font: 10pt/1.4 system-ui, sans-serif; color: #111; max-width: 175mm; margin: 1rem auto }}
h1 {{ font-size: 16pt }} h2 {{ font-size: 12pt; break-after: avoid }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: 1mm 2mm; border-bottom: 1px solid #bbb;
overflow-wrap: anywhere }}
tr {{ break-inside: avoid }}
</style></head><body>
<h1>Evidence for {number}</h1>
{facts}
<h2>Decisions</h2>
{decisions}
<h2>What was recorded</h2>
{events}
<h2>How to check this</h2>
<p>Unpack, then run <code>python3 verify.py --key KEY</code> with the key that you had from the
portal's owner by another way. Nothing else is needed.</p>
<h2>What this does not prove</h2>
<ul>{limits}</ul>
</body></html>
"""
