"""The index of the log: who, when and what each leaf is about, so that auditors find it at once.

It follows the leaves, in their order and without gaps, and can be made again from them. The sealer
writes it: whoever writes the record pays nothing for it.
"""

from sqlalchemy import Connection, text

from portal.models.audit import BLOCK

BATCH = 10_000
# So many batches a pass: a long record that is taken into a log holds up no seal.
MOST = 30

# Raw: moves from one table into another in one statement each. An event lies between its request's
# submission and its newest change, with a day to spare, so partitions before and behind stay
# unread. They do so only where each leaf is looked up by itself, which the offset sees to: joined,
# every partition was looked into for every leaf, four times as slow over eighteen months.
FILL = text("""
INSERT INTO portal.audit_index
    (number, subject_id, seq, at, kind, actor, on_behalf_of, type_code)
SELECT l.number, l.subject_id, l.seq, COALESCE(e.at, a.at, now()),
    COALESCE(e.tag || COALESCE(':' || (e.data ->> 'decision'), ''), a.kind, 'missing'),
    COALESCE(e.actor, a.actor, ''), e.on_behalf_of, r.type_code
FROM portal.audit_leaves l
LEFT JOIN portal.requests r ON l.seq > 0 AND r.id = l.subject_id
LEFT JOIN LATERAL (
    SELECT e.at, e.tag, e.data, e.actor, e.on_behalf_of FROM portal.audit_events e
    WHERE l.seq > 0 AND e.request_id = l.subject_id AND e.seq = l.seq
        AND e.at >= r.submitted_at - interval '1 day' AND e.at <= r.updated_at + interval '1 day'
    OFFSET 0
) e ON true
LEFT JOIN portal.audit_acts a ON l.seq = 0 AND a.id = l.subject_id
WHERE l.number >= :first AND l.number < :end
""")
BLOCKS = text("""
INSERT INTO portal.audit_blocks (block, first_at, last_at)
SELECT number / :size, min(at), max(at) FROM portal.audit_index
WHERE number >= :first AND number < :end GROUP BY 1
ON CONFLICT (block) DO UPDATE SET first_at = least(audit_blocks.first_at, excluded.first_at),
    last_at = greatest(audit_blocks.last_at, excluded.last_at)
""")
PLACE = text("""
SELECT (SELECT COALESCE(max(number) + 1, 0) FROM portal.audit_index) AS first,
    (SELECT COALESCE(max(number) + 1, 0) FROM portal.audit_leaves) AS leaves
""")


def follow(connection: Connection) -> int:
    """Take up leaves that the index lacks, the oldest first; how many it lacks still."""
    for _turn in range(MOST):
        place = connection.execute(PLACE).one()
        if place.first >= place.leaves:
            connection.rollback()
            return 0
        given = {"first": place.first, "end": place.first + BATCH}
        connection.execute(FILL, given)
        connection.execute(BLOCKS, given | {"size": BLOCK})
        connection.commit()
    place = connection.execute(PLACE).one()
    connection.rollback()
    return int(place.leaves - place.first)
