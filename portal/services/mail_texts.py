"""The organisation's own words for mails: set and reset for each kind of mail and language."""

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from portal.domain.notices.mail_texts import MailWords
from portal.extensions import db
from portal.models import MailText
from portal.services.organisation_settings import SettingsMoved, mark_of, note, row_locked


def mark(words: MailWords | None) -> str:
    """What tells one state of a text from another."""
    return mark_of({"subject": words.subject, "body": words.body} if words else {})


def own_words(code: str, locale: str) -> MailWords | None:
    """The organisation's words; None where the product's are used."""
    columns = select(MailText.subject, MailText.body)
    row = db.session.execute(columns.where(*_one(code, locale))).one_or_none()
    return MailWords(*row) if row else None


def change(code: str, locale: str, words: MailWords | None, seen: str, actor_id: str) -> bool:
    """Use these words, or with None the product's; `seen`: the mark of what was shown. False if it
    is so already. Raises SettingsMoved."""
    row_locked()
    before = own_words(code, locale)
    if before != words and seen != mark(before):
        db.session.rollback()
        raise SettingsMoved
    if before != words:
        if words is None:
            db.session.execute(delete(MailText).where(*_one(code, locale)))
        else:
            row = {"subject": words.subject, "body": words.body, "problem": ""}
            kept = insert(MailText).values(code=code, locale=locale, **row)
            same = [MailText.code, MailText.locale]
            now = row | {"changed_at": func.now()}
            db.session.execute(kept.on_conflict_do_update(index_elements=same, set_=now))
        about = f"{code}, {locale}"
        note(_said(about, before), _said(about, words), actor_id)
    db.session.commit()
    return before != words


def _one(code: str, locale: str) -> tuple[ColumnElement[bool], ...]:
    return MailText.code == code, MailText.locale == locale


def _said(about: str, words: MailWords | None) -> dict[str, str]:
    """Words as they are noted; "" for the product's."""
    return {
        f"subject ({about})": words.subject if words else "",
        f"text ({about})": words.body if words else "",
    }
