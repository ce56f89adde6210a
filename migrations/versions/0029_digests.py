"""Messages that wait to be sent together."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

DIGESTS = {"ix_messages_digests_due": ["due_at"], "ix_messages_digests_user": ["user_id"]}


def upgrade() -> None:
    op.add_column("messages", sa.Column("digest", sa.Text()), schema="portal")
    op.create_check_constraint(
        "digest", "messages", "digest IN ('hourly', 'daily')", schema="portal"
    )
    for name, columns in DIGESTS.items():
        _index(name, columns, "status = 'WAITING' AND digest IS NOT NULL")
    op.drop_index("ix_messages_waiting", "messages", schema="portal")
    _index("ix_messages_waiting", ["due_at"], "status = 'WAITING' AND digest IS NULL")


def downgrade() -> None:
    op.drop_index("ix_messages_waiting", "messages", schema="portal")
    _index("ix_messages_waiting", ["due_at"], "status = 'WAITING'")
    for name in DIGESTS:
        op.drop_index(name, "messages", schema="portal")
    op.drop_constraint("digest", "messages", type_="check", schema="portal")
    op.drop_column("messages", "digest", schema="portal")


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "messages", columns, schema="portal", postgresql_where=sa.text(where))
