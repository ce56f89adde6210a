"""The one message: each person gets a list of what moved to them, once, and no flood."""

import json

from sqlalchemy import Engine, text

from portal.models.columns import new_id

MOST_NAMED = 200
BESIDE = {"ON_HOLD": " (on hold)", "TOLD": " (for your information)"}

# Everybody who is asked in a request that moved and that nobody was told of yet, and everybody who
# is to be told of one by a notice that the move itself gave.
WAITING = text("""
SELECT t.assignee_id::text AS person, r.id::text AS request_id, r.last_seq, r.number, r.title,
    r.status, min(t.id::text) AS task_id
FROM portal.legacy_moves m
JOIN portal.requests r ON r.id = m.new_request_id
JOIN portal.tasks t ON t.request_id = r.id AND t.status = 'OPEN'
JOIN portal.users u ON u.id = t.assignee_id AND u.is_active
WHERE m.told_at IS NULL AND m.result IN ('moved', 'on_hold') AND m.rolled_back_at IS NULL
    AND r.status IN ('PENDING', 'ON_HOLD')
GROUP BY 1, 2, 3, 4, 5, 6
UNION ALL
SELECT told ->> 'person_id', r.id::text, r.last_seq, r.number, r.title, 'TOLD', NULL
FROM portal.legacy_moves m
JOIN portal.requests r ON r.id = m.new_request_id
JOIN portal.audit_events e ON e.request_id = r.id AND e.kind = 'StageOpened'
    AND e.at <= m.moved_at AND e.data -> 'plan' ->> 'kind' = 'notify',
LATERAL jsonb_array_elements(e.data -> 'plan' -> 'people') told
WHERE m.told_at IS NULL AND m.result IN ('moved', 'on_hold') AND m.rolled_back_at IS NULL
ORDER BY person, number
""")
INSERT = text("""
INSERT INTO portal.notifications (id, user_id, request_id, seq, kind, number, text, task_id)
SELECT id, user_id, request_id, seq, kind, number, text, task_id
FROM jsonb_populate_recordset(NULL::portal.notifications, CAST(:rows AS jsonb))
ON CONFLICT DO NOTHING
""")
TOLD = text("""
UPDATE portal.legacy_moves SET told_at = now()
WHERE told_at IS NULL AND result IN ('moved', 'on_hold')
""")


def tell(engine: Engine) -> int:
    """Write the messages of everything that moved since they were written last; how many people.

    The message stands at the first request it lists, which its link opens.
    """
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE portal.legacy_moves IN SHARE ROW EXCLUSIVE MODE"))
        people: dict[str, list[str]] = {}
        first: dict[str, dict[str, object]] = {}
        counts: dict[str, int] = {}
        for row in connection.execute(WAITING, execution_options={"stream_results": True}):
            counts[row.person] = counts.get(row.person, 0) + 1
            first.setdefault(
                row.person,
                {
                    "id": new_id(), "user_id": row.person, "request_id": row.request_id,
                    "seq": row.last_seq, "kind": "moved_over", "number": row.number,
                    "task_id": row.task_id,
                },
            )  # fmt: skip
            named = people.setdefault(row.person, [])
            if len(named) < MOST_NAMED:
                named.append(f"{row.number} “{row.title}”{BESIDE.get(row.status, '')}")
        rows = [
            first[person] | {"text": _text(named, counts[person])}
            for person, named in people.items()
        ]
        connection.execute(INSERT, {"rows": json.dumps(rows, ensure_ascii=False)})
        connection.execute(TOLD)
    return len(rows)


def _text(named: list[str], count: int) -> str:
    what = "1 request came" if count == 1 else f"{count} requests came"
    rest = f"; and {count - len(named)} more" if count > len(named) else ""
    return f"{what} over from the old system to you: {'; '.join(named)}{rest}."
