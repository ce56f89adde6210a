"""What the organisation puts on every mail: its name, logo and colours, the sender, the footer."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from portal.config import Settings
from portal.domain.branding import OURS, Palette, palette
from portal.models import Organisation, OrganisationLogo
from portal.translation import in_order

# As large as a logo stands on top of a mail, in pixels.
TALLEST, WIDEST = 40, 240
LOGO = "logo"  # the picture's content id


@dataclass(frozen=True, kw_only=True)
class Logo:
    """The picture, and how large it is shown."""

    png: bytes = field(repr=False)
    width: int
    height: int
    ground: str = ""


@dataclass(frozen=True, kw_only=True)
class Letterhead:
    """What is empty is as the installation has it. `languages`: those that mails are written in,
    first that of whoever chose none."""

    name: str = ""
    sender: str = ""
    footer: str = ""
    colours: Palette = field(default_factory=lambda: palette(OURS))
    logo: Logo | None = None
    languages: tuple[str, ...] = ()


def read_letterhead(connection: Connection, settings: Settings) -> Letterhead:
    """The letterhead as it is set now."""
    picture = OrganisationLogo
    row = connection.execute(
        select(
            Organisation.name, Organisation.accent, Organisation.locale, Organisation.sender_name,
            Organisation.mail_footer, picture.png, picture.width, picture.height, picture.ground,
        ).outerjoin(picture, picture.digest == Organisation.logo)
    ).one_or_none()  # fmt: skip
    if row is None:
        return Letterhead(languages=settings.languages)
    return Letterhead(
        name=row.name,
        sender=row.sender_name,
        footer=row.mail_footer,
        colours=palette(row.accent or OURS),
        logo=_shown(row.png, row.width, row.height, row.ground) if row.png else None,
        languages=in_order(row.locale, settings.languages),
    )


def read_languages(connection: Connection, settings: Settings) -> tuple[str, ...]:
    """The languages alone, for what is no mail."""
    locale = connection.scalar(select(Organisation.locale)) or ""
    return in_order(locale, settings.languages)


def _shown(png: bytes, width: int, height: int, ground: str) -> Logo:
    scale = min(1.0, TALLEST / height, WIDEST / width)
    return Logo(
        png=bytes(png),
        width=max(1, round(width * scale)),
        height=max(1, round(height * scale)),
        ground=ground,
    )
