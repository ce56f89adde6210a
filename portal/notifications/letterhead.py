"""What the organisation puts on every mail: its name, logo and colours, the sender, the footer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import structlog
from sqlalchemy import Connection, select, update

from portal.config import Settings
from portal.domain.branding import OURS, Palette, palette
from portal.domain.notices.mail_texts import MailWords, TextUnusable, filled
from portal.domain.policy.translations import Translations, words_in
from portal.models import MailText, Organisation, OrganisationLogo
from portal.translation import current, in_order

# As large as a logo stands on top of a mail, in pixels.
TALLEST, WIDEST = 40, 240
LOGO = "logo"  # the picture's content id

log = structlog.get_logger("portal.messages")


@dataclass(frozen=True, kw_only=True)
class Logo:
    """The picture, and how large it is shown."""

    png: bytes = field(repr=False)
    width: int
    height: int
    ground: str = ""


def _unheard(_code: str, _locale: str, _problem: str) -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Letterhead:
    """What is empty is as the installation has it. `languages`: those that mails are written in,
    first that of whoever chose none. `texts`: the organisation's own words by kind of mail and
    language; `translations`: of sender and footer; `report` keeps why some cannot be used."""

    name: str = ""
    sender: str = ""
    footer: str = ""
    colours: Palette = field(default_factory=lambda: palette(OURS))
    logo: Logo | None = None
    texts: Mapping[tuple[str, str], MailWords] = field(default_factory=dict)
    report: Callable[[str, str, str], None] = _unheard
    languages: tuple[str, ...] = ()
    translations: Translations = field(default_factory=dict)

    def spoken(self) -> "Letterhead":
        """The same with sender and footer in the language that is being written."""
        said = words_in(self.translations, current().code)
        return replace(
            self,
            sender=said.get(self.sender, self.sender),
            footer=said.get(self.footer, self.footer),
        )

    def worded(self, code: str, usual: MailWords, values: Mapping[str, str]) -> MailWords:
        """The organisation's words for a kind of mail, in the language that is being written; the
        product's where there are none, or where they cannot be used, which is reported."""
        locale = current().code
        own = self.texts.get((code, locale))
        if own is None:
            return usual
        try:
            return filled(own, values)
        except TextUnusable as error:
            log.warning("mail_text.unusable", mail=code, language=locale, alarm=True)
            self.report(code, locale, str(error))
            return usual


def _note_problem(connection: Connection, code: str, locale: str, problem: str) -> None:
    one = (MailText.code == code, MailText.locale == locale)
    connection.execute(update(MailText).where(*one).values(problem=problem))


def read_letterhead(connection: Connection, settings: Settings) -> Letterhead:
    """The letterhead as it is set now."""
    picture = OrganisationLogo
    row = connection.execute(
        select(
            Organisation.name, Organisation.accent, Organisation.locale, Organisation.sender_name,
            Organisation.mail_footer, Organisation.translations,
            picture.png, picture.width, picture.height, picture.ground,
        ).outerjoin(picture, picture.digest == Organisation.logo)
    ).one_or_none()  # fmt: skip
    if row is None:
        return Letterhead(languages=settings.languages)
    columns = select(MailText.code, MailText.locale, MailText.subject, MailText.body)
    texts = {(e.code, e.locale): MailWords(e.subject, e.body) for e in connection.execute(columns)}
    return Letterhead(
        name=row.name,
        sender=row.sender_name,
        footer=row.mail_footer,
        translations=row.translations,
        colours=palette(row.accent or OURS),
        logo=_shown(row.png, row.width, row.height, row.ground) if row.png else None,
        texts=texts,
        report=partial(_note_problem, connection),
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
