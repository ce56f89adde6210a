"""The installation's own row: what the house is called, looks like, and does by default."""

from sqlalchemy import CheckConstraint, ForeignKey, Integer, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Now


class Organisation(Base):
    """One row, once there is something to say; what is empty is as the environment or the product
    has it.

    `hides_setup`: its setup is no longer in the menu. `accent`: six hexadecimal digits; `logo`: the
    digest of an `OrganisationLogo`. `currency` is for new types; `calendar_id`, `time_zone` and
    `locale` for new people. `drafts_days`, `sessions_days`, `notifications_days`: how long what is
    over is kept, `former_days` personal data of people who left; NULL: for ever. `translations`: of
    `sender_name` and `mail_footer`, as those of a type's texts: by the original, then by the
    language.
    """

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("accent ~ '^([0-9a-f]{6})?$'", name="accent"),
        CheckConstraint("currency ~ '^([A-Z]{3})?$'", name="currency"),
        CheckConstraint(
            "drafts_days > 0 AND sessions_days > 0 AND notifications_days > 0", name="days"
        ),
        CheckConstraint("former_days > 0", name="former_days"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text, server_default="")
    hides_setup: Mapped[bool] = mapped_column(server_default="false")
    accent: Mapped[str] = mapped_column(Text, server_default="")
    logo: Mapped[str] = mapped_column(Text, server_default="")
    currency: Mapped[str] = mapped_column(Text, server_default="")
    calendar_id: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.calendars.id", ondelete="SET NULL")
    )
    time_zone: Mapped[str] = mapped_column(Text, server_default="")
    locale: Mapped[str] = mapped_column(Text, server_default="")
    sender_name: Mapped[str] = mapped_column(Text, server_default="")
    mail_footer: Mapped[str] = mapped_column(Text, server_default="")
    translations: Mapped[dict[str, dict[str, str]]] = mapped_column(JSONB, server_default="{}")
    drafts_days: Mapped[int | None] = mapped_column(Integer)
    sessions_days: Mapped[int | None] = mapped_column(Integer)
    notifications_days: Mapped[int | None] = mapped_column(Integer)
    former_days: Mapped[int | None] = mapped_column(Integer)


class OrganisationLogo(Base):
    """A logo as it is served: a PNG that we wrote. `digest`: SHA-256 of it; `ground`: the only
    background on which it can be seen, "light" or "dark"; "" for either."""

    __tablename__ = "organisation_logos"
    __table_args__ = (CheckConstraint("ground IN ('', 'light', 'dark')", name="ground"),)

    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    png: Mapped[bytes] = mapped_column(BYTEA)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    ground: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[Now]


class MailText(Base):
    """The organisation's own words for one kind of mail in one language.

    `code`: a `portal.domain.notices.mail_texts.MailTopic`; `problem`: why it could not be used at
    the last mail, which went out with the product's words instead ("" = it could).
    """

    __tablename__ = "mail_texts"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    locale: Mapped[str] = mapped_column(Text, primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    problem: Mapped[str] = mapped_column(Text, server_default="")
    changed_at: Mapped[Now]
