"""The audit log with very many events: its pages, a file, and what its index costs."""

import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine, text

from portal.proof import indexing, sealing
from scripts.benchmark import pages
from scripts.benchmark.fill import EVENTS_EACH, fill_record

NOTHING_MORE = {"batch": sealing.BATCH}


def measure(url: str, events: int, times: int, folder: Path) -> list[dict[str, object]]:
    """Server time of the log's pages over so many events, and what the sealer's part takes."""
    app = pages.prepared(url, events // EVENTS_EACH, folder, fill_record)
    rows = [_index(url)]
    auditor = pages.signed_in(app, "victor.audit")
    with app.app_context():
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        person = connection.scalar(text("SELECT actor FROM portal.audit_index WHERE number = 1000"))
        middle = connection.scalar(
            text("SELECT at::date FROM portal.audit_index ORDER BY number OFFSET :n LIMIT 1"),
            {"n": events // 3},
        )
    engine.dispose()
    queries = _queries(events, person, str(middle))
    asked = {name: (auditor, f"/audit?{query}") for name, query in queries.items()}
    rows += pages.views(asked, times)
    rows.append(_file(lambda: auditor.get("/audit.ndjson?start=0&kind=request:submitted")))
    return rows


def _queries(events: int, person: str, middle: str) -> dict[str, str]:
    return {
        "all": "", "older": f"before={events // 2}", "who (a few)": f"who={person}",
        "who (the system)": "who=system", "kind": "kind=request:submitted",
        "who and kind, never together": "who=system&kind=held", "type": "type=purchase",
        "type and kind": "type=purchase&kind=task:decided:approve", "request": "request=PR-1005",
        "one old day": f"from={middle}&to={middle}",
        "one old day and who": f"from={middle}&to={middle}&who={person}",
        "common word": "text=chair", "rare word": "text=zeppelin",
    }  # fmt: skip


def _index(url: str) -> dict[str, object]:
    """Number the leaves of everything, and index them; of the second what one leaf takes."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        while connection.execute(sealing.MOVE, NOTHING_MORE).scalar_one() == sealing.BATCH:
            connection.commit()
        connection.commit()
        connection.execute(text("ANALYZE portal.audit_leaves"))
        connection.commit()
        count = connection.scalar(text("SELECT count(*) FROM portal.audit_leaves"))
        connection.rollback()
        begun = time.perf_counter()
        while indexing.follow(connection):
            pass
        took = time.perf_counter() - begun
        connection.execute(text("ANALYZE portal.audit_index"))
        connection.commit()
        size = connection.scalar(text("SELECT pg_total_relation_size('portal.audit_index')"))
    engine.dispose()
    return {
        "what": f"index of {count:,} leaves, µs and bytes a leaf",
        "p50 ms": round(took / count * 1e6, 1),
        "p95 ms": round(size / count),
        "of the bare page": "",
    }


def _file(get: Callable[[], object]) -> dict[str, object]:
    begun = time.perf_counter()
    body = get().get_data()  # type: ignore[attr-defined]
    lines = body.count(b"\n")
    took = time.perf_counter() - begun
    what = f"NDJSON of {lines:,} events, µs an event"
    return {"what": what, "p50 ms": round(took / lines * 1e6), "p95 ms": "", "of the bare page": ""}
