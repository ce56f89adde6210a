"""Who may be given a task: somebody active, and not one who may only read."""

from uuid import UUID

from sqlalchemy import Connection, text

NAME = text("""
SELECT name FROM portal.users
WHERE id = CAST(:id AS uuid) AND is_active AND NOT roles @> '{auditor}'
""")


def name_of(connection: Connection, person_id: str) -> str:
    """The person's full name; "" for anybody who may not be given a task, known or not."""
    try:
        values = {"id": str(UUID(person_id))}
    except ValueError:
        return ""
    return str(connection.execute(NAME, values).scalar_one_or_none() or "")
