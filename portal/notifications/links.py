"""Making the links of a mail. The tokens go into the mail; the database keeps their SHA-256."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, func, insert

from portal.config import Settings
from portal.models import Link
from portal.models.columns import new_id
from portal.notifications.letter import Links
from portal.notifications.reading import Facts

LIFETIME = timedelta(days=14)


def make_links(
    connection: Connection,
    facts: Facts,
    settings: Settings,
    offered: Sequence[str | None] = (None, "approve", "reject"),
) -> Links:
    """New links for a message that asks for a decision; plain addresses for any other.

    `offered`: what they choose on the page; None leads there without a choice."""
    home = settings.public_url
    if not facts.kind.asks:
        return Links(review=f"{home}/requests/{facts.row.number}")
    # 256 bits, 43 characters that need no escaping in an address.
    tokens = {decision: secrets.token_urlsafe(32) for decision in offered}
    rows = [_row(facts, decision, token) for decision, token in tokens.items()]
    connection.execute(insert(Link).values(expires_at=func.now() + LIFETIME), rows)
    addresses = {decision: f"{home}/a/{token}" for decision, token in tokens.items()}
    return Links(
        review=addresses[None],
        approve=addresses.get("approve", ""),
        reject=addresses.get("reject", ""),
    )


def _row(facts: Facts, decision: str | None, token: str) -> dict[str, object]:
    row = facts.row
    return {
        "id": new_id(),
        "token_hash": hashlib.sha256(token.encode()).hexdigest(),
        "task_id": row.task_id,
        "request_id": row.request_id,
        "user_id": row.user_id,
        "content_version": row.content_version,
        "decision": decision,
    }
