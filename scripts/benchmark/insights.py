"""Insights over very many closed requests: server time of the page, for all and for one manager."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from flask import Flask
from sqlalchemy import create_engine

from portal.background.counting import count_weeks
from scripts.benchmark import pages
from scripts.benchmark.fill import fill_requests

# Twenty types and forty departments, of very different size: a filter leaves much or little.
TYPES = """
INSERT INTO portal.request_types (id, code, name, prefix, workflow, policy_version_id,
    target_minutes)
SELECT gen_random_uuid(), 'kind' || n, 'Kind ' || n, 'K' || n, t.workflow, t.policy_version_id,
    CASE WHEN n % 4 > 0 THEN 480 * n END
FROM portal.request_types t, generate_series(1, 20) n WHERE t.code = 'purchase'
"""
DEPARTMENTS = """
INSERT INTO portal.departments (id, code, name)
SELECT gen_random_uuid(), 'DEP' || n, 'Department ' || n FROM generate_series(1, 40) n
"""
PLACES = """
UPDATE portal.users u SET department_id = d.id
FROM portal.departments d
WHERE u.email LIKE 'person%%@bench.example' AND d.code = 'DEP' || (1 + (40 * power(
    (abs(hashtext(u.email)) %% 1000) / 1000.0, 2))::int % 40)
""".replace("%%", "%")
# Of each closed request its figures and those of two decisions, as the record activity leaves them:
# minutes as they come, from a few to very many, hardly two alike.
FACTS = """
INSERT INTO portal.request_facts (request_id, type_code, department_id, requester_id, outcome,
    submitted_at, closed_at, elapsed, working, settling, nobody, question, returned, held, rounds,
    sent_back, escalations)
SELECT r.id, 'kind' || (1 + (20 * power(h % 997 / 997.0, 2))::int % 20), u.department_id,
    r.requester_id, CASE WHEN h % 17 = 0 THEN 'WITHDRAWN' ELSE 'APPROVED' END,
    r.closed_at - m * 3 * interval '1 minute', r.closed_at,
    m * 3, m, 1, h % 7, 0, h % 11, 0, 1 + (h % 9 = 0)::int, (h % 9 = 0)::int, (h % 13 = 0)::int
FROM portal.requests r JOIN portal.users u ON u.id = r.requester_id,
    LATERAL (SELECT abs(hashtext(r.number)) AS h) x,
    LATERAL (SELECT (600 * exp(1.1 * sqrt(-2 * ln((1 + h % 99991) / 99992.0))
        * cos(6.2832 * (h / 7 % 9973) / 9973.0)))::int AS m) y
WHERE r.closed_at IS NOT NULL AND r.id::text LIKE '00%'
"""
DECISIONS = """
INSERT INTO portal.decision_facts (task_id, request_id, type_code, department_id, requester_id,
    stage_key, stage_name, group_code, decision, asked_at, looked_at, decided_at, elapsed, working,
    is_late)
SELECT gen_random_uuid(), f.request_id, f.type_code, f.department_id, f.requester_id,
    'stage' || d.n, 'Stage ' || d.n, CASE WHEN d.n = 2 THEN 'finance' END,
    CASE WHEN f.sent_back = d.n THEN 'send_back' ELSE 'approve' END,
    asked, CASE WHEN f.elapsed % 5 > 0 THEN asked + f.elapsed * interval '10 seconds' END,
    asked + f.elapsed * interval '30 seconds', f.elapsed / 2, f.working / 2, f.elapsed % 10 = 0
FROM portal.request_facts f, generate_series(1, 2) d(n),
    LATERAL (SELECT f.submitted_at + (d.n - 1) * f.elapsed * interval '30 seconds' AS asked) a
"""
# Since when first looks are kept: of the whole time, so that hasty decisions are counted of it.
LOOKS = """
INSERT INTO portal.first_looks (request_id, person_id, round, at)
SELECT r.id, r.requester_id, 1, r.submitted_at - interval '1 year' FROM portal.requests r
WHERE r.id::text LIKE '00%' ORDER BY r.submitted_at LIMIT 1
"""
LARGEST = """
SELECT department_id FROM portal.request_facts WHERE department_id IS NOT NULL
GROUP BY 1 ORDER BY count(*) DESC LIMIT 1
"""
GROUP = """
INSERT INTO portal.group_members (group_id, user_id)
SELECT g.id, u.id FROM portal.groups g,
    (SELECT id FROM portal.users WHERE email LIKE 'person%@bench.example' LIMIT 6) u
WHERE g.code = 'finance'
"""
# People of the demonstration's managers, so that one of them has a tenth of everybody.
TEAM = """
UPDATE portal.users SET manager_id = (SELECT id FROM portal.users WHERE email = %(manager)s)
WHERE id::text LIKE '02%%0-0000-7000-8000-%%' AND email LIKE 'person%%'
"""


def prepare(url: str, size: int, folder: Path) -> Flask:
    """The portal over that many requests, their figures written."""
    app = pages.prepared(url, size, folder, fill_requests)
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (TYPES, DEPARTMENTS, PLACES, FACTS, DECISIONS, LOOKS, GROUP):
            connection.execute(statement)
        connection.execute(TEAM, {"manager": f"{pages.APPROVER}@gloria.example"})
        connection.execute("DELETE FROM portal.facts_due")
        connection.execute("VACUUM (ANALYZE)")
    return app


# What one closed request adds: itself and two decisions, as copies of others.
WRITING = """
INSERT INTO portal.request_facts SELECT (json_populate_record(f, json_build_object(
    'request_id', gen_random_uuid(), 'closed_at', now()))).* FROM portal.request_facts f LIMIT 1000;
INSERT INTO portal.decision_facts SELECT (json_populate_record(f, json_build_object(
    'task_id', gen_random_uuid(), 'decided_at', now()))).* FROM portal.decision_facts f LIMIT 2000
"""


def count(url: str) -> float:
    """Count all weeks ahead, as a worker does; the seconds it took."""
    engine, begun = create_engine(url.replace("postgresql", "postgresql+psycopg", 1)), time.time()
    count_weeks(engine, lambda: None)
    engine.dispose()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (FULL) portal.request_fact_changes")
        connection.execute("VACUUM (FULL) portal.decision_fact_changes")
        connection.execute("VACUUM (ANALYZE)")
    return time.time() - begun


def writing(url: str, times: int) -> dict[str, float]:
    """Microseconds that the figures of one closed request take to be written, in a thousand, with
    changes kept beside the weeks and without: the least of some tries."""
    taken: dict[str, list[float]] = {"ENABLE": [], "DISABLE": []}
    with psycopg.connect(url) as connection:
        for _ in range(times):
            for how, found in taken.items():
                for table in ("request_facts", "decision_facts"):
                    connection.execute(f"ALTER TABLE portal.{table} {how} TRIGGER USER".encode())
                begun = time.perf_counter()
                connection.execute(WRITING)
                found.append(time.perf_counter() - begun)
                connection.rollback()
    return {how: 1000 * min(found) for how, found in taken.items()}


def measure(url: str, size: int, times: int, folder: Path) -> list[dict[str, object]]:
    """Median and 95th percentile of each view of the page; of the first two not counted ahead."""
    app = prepare(url, size, folder)
    auditor, manager = pages.signed_in(app, "victor.audit"), pages.signed_in(app, pages.APPROVER)
    with psycopg.connect(url) as connection:
        row = connection.execute(LARGEST).fetchone()
    assert row
    month = f"month={datetime.now(UTC) - timedelta(days=40):%Y-%m}"
    department = f"department={row[0]}"
    views = {
        "all, 4 weeks": (auditor, "weeks=4"), "all, 12 weeks": (auditor, "weeks=12"),
        "all, 52 weeks": (auditor, "weeks=52"), "all, a month": (auditor, month),
        "one type, 52 weeks": (auditor, "weeks=52&type=kind1"),
        "one department, 52 weeks": (auditor, f"weeks=52&{department}"),
        "both, 52 weeks": (auditor, f"weeks=52&type=kind1&{department}"),
        "a manager of 129, 12 weeks": (manager, "weeks=12"),
        "a manager of 129, 52 weeks": (manager, "weeks=52"),
    }  # fmt: skip
    asked = {name: (client, f"/insights?{query}") for name, (client, query) in views.items()}
    uncounted = dict(list(asked.items())[:2])
    before = [row | {"what": f"{row['what']}, not counted ahead"}
              for row in pages.views(uncounted, min(times, 5))]  # fmt: skip
    seconds, beside = count(url), writing(url, min(times, 10))
    written, plain = beside["ENABLE"], beside["DISABLE"]
    said = (
        f"all weeks counted ahead in {seconds:.0f} s",
        f"figures of a request written in {written:.0f} us, without changes beside {plain:.0f} us",
    )
    after = list(pages.views(asked, times))
    none: dict[str, object] = dict.fromkeys(after[0], "")
    return [*before[1:], *after, *({**none, "what": each} for each in said)]
