"""By whom, when and about what each leaf of the log is, so that auditors find it at once.

The sealer fills the tables behind the leaves; whoever writes the record pays nothing for them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

ORDERS = {
    "actor_number": (["actor", "number"], None),
    "actor_kind_number": (["actor", "kind", "number"], None),
    "kind_number": (["kind", "number"], None),
    "subject_id_number": (["subject_id", "number"], None),
    "type_code_number": (["type_code", "number"], "type_code IS NOT NULL"),
    "type_code_kind_number": (["type_code", "kind", "number"], "type_code IS NOT NULL"),
    "on_behalf_of_number": (["on_behalf_of", "number"], "on_behalf_of IS NOT NULL"),
}


def upgrade() -> None:
    op.create_table(
        "audit_index",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("type_code", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_audit_index"),
        schema="portal",
    )
    for name, (columns, where) in ORDERS.items():
        op.create_index(
            f"ix_audit_index_{name}", "audit_index", columns, schema="portal",
            postgresql_where=None if where is None else sa.text(where),
        )
    op.create_table(
        "audit_blocks",
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("block", name="pk_audit_blocks"),
        schema="portal",
    )
    op.execute(
        "CREATE INDEX ix_audit_acts_words ON portal.audit_acts USING gin "
        """(jsonb_to_tsvector('portal.words'::regconfig, data, '["string"]'))"""
    )


def downgrade() -> None:
    op.execute("DROP INDEX portal.ix_audit_acts_words")
    op.drop_table("audit_blocks", schema="portal")
    op.drop_table("audit_index", schema="portal")
