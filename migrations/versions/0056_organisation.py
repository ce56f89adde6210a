"""What the organisation looks like, does by default and keeps for how long; its own mail texts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

TEXTS = ("accent", "logo", "currency", "time_zone", "locale", "sender_name", "mail_footer")
DAYS = ("drafts_days", "sessions_days", "notifications_days")
CHECKS = {
    "accent": "accent ~ '^([0-9a-f]{6})?$'",
    "currency": "currency ~ '^([A-Z]{3})?$'",
    "days": "drafts_days > 0 AND sessions_days > 0 AND notifications_days > 0",
}


def _text(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False, **more)


def _now(name: str) -> sa.Column:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def upgrade() -> None:
    for name in TEXTS:
        op.add_column("organisation", _text(name, server_default=""), schema="portal")
    for name in DAYS:
        op.add_column("organisation", sa.Column(name, sa.Integer()), schema="portal")
    op.add_column("organisation", sa.Column("calendar_id", sa.Uuid(as_uuid=False)), schema="portal")
    op.create_foreign_key(
        "fk_organisation_calendar_id_calendars", "organisation", "calendars", ["calendar_id"],
        ["id"], source_schema="portal", referent_schema="portal", ondelete="SET NULL",
    )
    for name, rule in CHECKS.items():
        op.create_check_constraint(name, "organisation", rule, schema="portal")
    op.create_table(
        "organisation_logos",
        _text("digest"),
        sa.Column("png", postgresql.BYTEA(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        _text("ground", server_default=""),
        _now("created_at"),
        sa.CheckConstraint("ground IN ('', 'light', 'dark')", name="ground"),
        sa.PrimaryKeyConstraint("digest", name="pk_organisation_logos"),
        schema="portal",
    )
    op.create_table(
        "mail_texts",
        _text("code"),
        _text("locale"),
        _text("subject"),
        _text("body"),
        _text("problem", server_default=""),
        _now("changed_at"),
        sa.PrimaryKeyConstraint("code", "locale", name="pk_mail_texts"),
        schema="portal",
    )


def downgrade() -> None:
    op.drop_table("mail_texts", schema="portal")
    op.drop_table("organisation_logos", schema="portal")
    for name in CHECKS:
        op.drop_constraint(f"ck_organisation_{name}", "organisation", schema="portal")
    for name in (*TEXTS, *DAYS, "calendar_id"):
        op.drop_column("organisation", name, schema="portal")
