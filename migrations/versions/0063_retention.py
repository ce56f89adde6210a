"""How long texts and files of closed requests are kept, what is held, and which files are erased."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

DAYS = ("texts_days", "files_days")
SCOPES = "scope IN ('request', 'person', 'type')"


def upgrade() -> None:
    for name in DAYS:
        op.add_column("request_types", sa.Column(name, sa.Integer()), schema="portal")
    op.create_check_constraint(
        "days", "request_types", "texts_days > 0 AND files_days > 0", schema="portal"
    )
    for name in ("erased_at", "removed_at"):
        column = sa.Column(name, sa.DateTime(timezone=True))
        op.add_column("attachments", column, schema="portal")
    op.create_index(
        "ix_attachments_left", "attachments", ["id"], schema="portal",
        postgresql_where=sa.text("erased_at IS NOT NULL AND removed_at IS NULL"),
    )
    _holds()
    # Looked up by verification for each request that has an erased text.
    op.execute(
        "CREATE INDEX ix_audit_acts_erased ON portal.audit_acts USING gin "
        "((data -> 'texts')) WHERE kind = 'text_erased'"
    )


def _holds() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("placed_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("until", moment, nullable=True),
        sa.Column("lifted_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("lifted_at", moment, nullable=True),
        sa.Column("lifted_because", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(SCOPES, name="scope"),
        sa.CheckConstraint("(lifted_by IS NULL) = (lifted_at IS NULL)", name="lifted"),
        sa.PrimaryKeyConstraint("id", name="pk_legal_holds"),
        sa.ForeignKeyConstraint(
            ["placed_by"], ["portal.users.id"], name="fk_legal_holds_placed_by_users"
        ),
        sa.ForeignKeyConstraint(
            ["lifted_by"], ["portal.users.id"], name="fk_legal_holds_lifted_by_users"
        ),
        schema="portal",
    )
    op.create_index(
        "ix_legal_holds_scope", "legal_holds", ["scope", "subject"], schema="portal",
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def downgrade() -> None:
    op.execute("DROP INDEX portal.ix_audit_acts_erased")
    op.drop_table("legal_holds", schema="portal")
    op.drop_index("ix_attachments_left", "attachments", schema="portal")
    for name in ("erased_at", "removed_at"):
        op.drop_column("attachments", name, schema="portal")
    op.drop_constraint(op.f("ck_request_types_days"), "request_types", schema="portal")
    for name in DAYS:
        op.drop_column("request_types", name, schema="portal")
