"""Insights over very many closed requests: server time of the page, for all and for one manager."""

from pathlib import Path

import psycopg

from scripts.benchmark import pages
from scripts.benchmark.fill import fill_requests

# Of each closed request its figures and those of two decisions, as the record activity leaves them.
FACTS = """
INSERT INTO portal.request_facts (request_id, type_code, department_id, requester_id, outcome,
    submitted_at, closed_at, elapsed, working, settling, nobody, question, returned, held, rounds,
    sent_back, escalations)
SELECT r.id, r.type_code, u.department_id, r.requester_id, 'APPROVED', r.submitted_at, r.closed_at,
    600 + h % 9000, 200 + h % 3000, 1, h % 7, 0, h % 11, 0, 1 + (h % 9 = 0)::int,
    (h % 9 = 0)::int, (h % 13 = 0)::int
FROM portal.requests r JOIN portal.users u ON u.id = r.requester_id,
    LATERAL (SELECT abs(hashtext(r.number)) AS h) x
WHERE r.closed_at IS NOT NULL AND r.id::text LIKE '00%'
"""
DECISIONS = """
INSERT INTO portal.decision_facts (task_id, request_id, type_code, department_id, requester_id,
    stage_key, stage_name, group_code, decision, asked_at, looked_at, decided_at, elapsed, working,
    is_late)
SELECT gen_random_uuid(), f.request_id, f.type_code, f.department_id, f.requester_id,
    'stage' || d.n, 'Stage ' || d.n, CASE WHEN d.n = 2 THEN 'finance' END, 'approve',
    f.submitted_at, CASE WHEN f.elapsed % 5 > 0 THEN f.submitted_at + interval '1 hour' END,
    f.closed_at, f.elapsed / 2, f.working / 2, f.elapsed % 10 = 0
FROM portal.request_facts f, generate_series(1, 2) d(n)
"""
# People of the demonstration's managers, so that one of them has a tenth of everybody.
TEAM = """
UPDATE portal.users SET manager_id = (SELECT id FROM portal.users WHERE email = %(manager)s)
WHERE id::text LIKE '02%%0-0000-7000-8000-%%' AND email LIKE 'person%%'
"""


def measure(url: str, size: int, times: int, folder: Path) -> list[dict[str, object]]:
    """Median and 95th percentile of each view of the page."""
    app = pages.prepared(url, size, folder, fill_requests)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TEAM, {"manager": f"{pages.APPROVER}@gloria.example"})
        for statement in (FACTS, DECISIONS):
            connection.execute(statement)
        connection.execute("VACUUM (ANALYZE) portal.request_facts, portal.decision_facts")
        connection.execute("DELETE FROM portal.facts_due")
    auditor, manager = pages.signed_in(app, "victor.audit"), pages.signed_in(app, pages.APPROVER)
    views = {
        "all, 4 weeks": (auditor, "weeks=4"), "all, 13 weeks": (auditor, "weeks=13"),
        "all, 52 weeks": (auditor, "weeks=52"),
        "one type, 13 weeks": (auditor, "weeks=13&type=purchase"),
        "a manager of 200, 13 weeks": (manager, "weeks=13"),
    }  # fmt: skip
    asked = {name: (client, f"/insights?{query}") for name, (client, query) in views.items()}
    return list(pages.views(asked, times))
