"""Finding whose digest is due. All of it that is due for a person becomes one batch, which keeps
its id, and with it its Message-ID, until it is sent: a digest is late, never lost, and never two.
"""

from itertools import groupby

from sqlalchemy import Engine, text

from portal.notifications.outbox import LEASE, OutgoingBatch

PEOPLE = 20
LOOKED_AT = 2000
# What is over this comes with the person's next digest.
LARGEST = 1000

# Raw: a lock of no table; then changes from a common table, in one statement.
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('portal.digests'))")
# Whoever has a digest under way gets the next one when that is sent, or given up.
GATHER = text("""
WITH people AS (
    SELECT user_id, gen_random_uuid() AS fresh, max(batch_id::text)::uuid AS begun FROM (
        SELECT d.user_id, d.batch_id FROM portal.messages d
        WHERE d.status = 'WAITING' AND d.digest IS NOT NULL AND d.due_at <= now()
            AND NOT EXISTS (SELECT FROM portal.messages other
                WHERE other.user_id = d.user_id AND other.status = 'WAITING'
                    AND other.digest IS NOT NULL AND other.batch_id IS NOT NULL
                    AND other.due_at > now())
        ORDER BY d.due_at LIMIT :looked_at
    ) due GROUP BY user_id LIMIT :people
), theirs AS (
    SELECT m.id, COALESCE(p.begun, p.fresh) AS batch,
        row_number() OVER (PARTITION BY m.user_id ORDER BY m.created_at) AS place
    FROM people p JOIN portal.messages m ON m.user_id = p.user_id
    WHERE m.status = 'WAITING' AND m.digest IS NOT NULL AND m.due_at <= now()
        AND m.batch_id IS NOT DISTINCT FROM p.begun
)
UPDATE portal.messages m SET batch_id = t.batch, due_at = now() + :lease
FROM theirs t WHERE m.id = t.id AND t.place <= :largest
RETURNING t.batch::text AS batch, m.id::text AS id
""")


# Gathered by a worker that died before it could say so: nobody has begun to send them.
AGAIN = text("""
UPDATE portal.messages SET due_at = now()
WHERE status = 'WAITING' AND digest IS NOT NULL AND batch_id IS NOT NULL AND attempts = 0
    AND due_at > now()
""")


def gather(engine: Engine, *, again: bool = False) -> list[OutgoingBatch]:
    """The digests that are due, of up to `PEOPLE` people; nobody else gets them before the lease
    is over. `again`: those, too, that were gathered and not begun; their sending has their id, so
    that one which is under way all the same does not go out twice."""
    values = {
        "lease": LEASE, "people": PEOPLE, "looked_at": LOOKED_AT, "largest": LARGEST,
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(ONE_AT_A_TIME)
        if again:
            connection.execute(AGAIN)
        rows = sorted(tuple(row) for row in connection.execute(GATHER, values))
    return [
        OutgoingBatch(batch, [message for _, message in theirs])
        for batch, theirs in groupby(rows, key=lambda row: row[0])
    ]
