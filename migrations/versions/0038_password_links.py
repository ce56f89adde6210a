"""Links by which people set their password: invitations, resets, and that of the first account."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def _time(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), **more)


def upgrade() -> None:
    op.create_table(
        "password_links",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False)),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid(as_uuid=False)),
        _time("created_at", server_default=sa.text("now()"), nullable=False),
        _time("expires_at", nullable=False),
        _time("used_at"),
        _time("revoked_at"),
        _time("mail_due_at"),
        _time("mailed_at"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.CheckConstraint(
            "kind IN ('invitation', 'reset', 'first')", name="ck_password_links_kind"
        ),
        sa.CheckConstraint(
            "(user_id IS NULL) = (kind = 'first')", name="ck_password_links_whose"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["portal.users.id"], name="fk_password_links_user_id_users"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["portal.users.id"], name="fk_password_links_created_by_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_password_links"),
        sa.UniqueConstraint("token_hash", name="uq_password_links_token_hash"),
        schema="portal",
    )
    op.create_index(
        "ix_password_links_user_id", "password_links", ["user_id", "id"], schema="portal"
    )
    op.create_index(
        "ix_password_links_mail",
        "password_links",
        ["mail_due_at"],
        schema="portal",
        postgresql_where=sa.text(
            "mailed_at IS NULL AND used_at IS NULL AND revoked_at IS NULL"
            " AND mail_due_at IS NOT NULL"
        ),
    )


def downgrade() -> None:
    op.drop_table("password_links", schema="portal")
