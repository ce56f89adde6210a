"""The portal can be closed for commands: a row says so, and the table of commands refuses them.

A trigger, so that nothing that writes commands can forget to ask; its two look-ups read an index
each. The codes are ours: GL001, the portal is closed; GL002, the request was given back to the old
engine.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

REFUSE = """
CREATE FUNCTION portal.refuse_while_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM portal.closures WHERE in_force) THEN
        RAISE EXCEPTION 'The portal is closed for commands.' USING ERRCODE = 'GL001';
    END IF;
    IF EXISTS (SELECT FROM portal.legacy_moves
            WHERE new_request_id = NEW.request_id AND rolled_back_at IS NOT NULL) THEN
        RAISE EXCEPTION 'The request was given back to the old system.' USING ERRCODE = 'GL002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_while_closed BEFORE INSERT ON portal.commands
    FOR EACH ROW EXECUTE FUNCTION portal.refuse_while_closed();
"""


def _time(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def upgrade() -> None:
    op.create_table(
        "closures",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column(
            "closed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        _time("drained_at"),
        _time("ended_at"),
        _time("returned_at"),
        _time("opened_at"),
        sa.Column("totals", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.CheckConstraint("in_force", name="ck_closures_in_force"),
        sa.PrimaryKeyConstraint("id", name="pk_closures"),
        sa.UniqueConstraint("in_force", name="uq_closures_in_force"),
        schema="portal",
    )
    op.add_column(
        "legacy_moves", sa.Column("last_seq", sa.Integer(), nullable=True), schema="portal"
    )
    op.execute(REFUSE)


def downgrade() -> None:
    op.execute("DROP TRIGGER refuse_while_closed ON portal.commands")
    op.execute("DROP FUNCTION portal.refuse_while_closed()")
    op.drop_column("legacy_moves", "last_seq", schema="portal")
    op.drop_table("closures", schema="portal")
