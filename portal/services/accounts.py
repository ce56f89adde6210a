"""People's accounts: the first admin, passwords, and what everybody may change about themselves."""

import unicodedata
from functools import cache
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from sqlalchemy import func, insert, select, update

from portal.config import Settings
from portal.domain.people.absence import ChangeKind
from portal.domain.people.permissions import Role
from portal.extensions import db
from portal.models import User
from portal.models.columns import new_id
from portal.services import passwords, sign_in
from portal.services.people_changes import note
from portal.services.preferences import time_digests
from portal.translation import _

LONGEST_NAME = 120
NO_PLACES = ("Etc/", "posix/", "right/", "SystemV/", "US/")


class AccountRefused(Exception):
    """An account cannot be made or changed like this; the message is a sentence for people."""


def create_admin(email: str, name: str, password: str) -> str:
    """Make an active admin and return the id. Raises AccountRefused, saying what to change."""
    user_id = add_admin(email, name, password)
    db.session.commit()
    return user_id


def add_admin(email: str, name: str, password: str) -> str:
    """The same in the caller's transaction."""
    email, name = checked_email(email), checked_name(name)
    check_password(password, email, name)
    taken = select(User.id).where(func.lower(User.email) == email.lower())
    if db.session.execute(taken).first():
        raise AccountRefused(
            _("There is already an account with the email address %(email)s.", email=email)
        )
    user_id = new_id()
    db.session.execute(
        insert(User).values(
            id=user_id,
            email=email,
            name=name,
            roles=[Role.ADMIN.value],
            password_hash=passwords.hashed(password),
        )
    )
    return user_id


def set_password(user_id: str, password: str) -> None:
    """Give somebody a password, and end what sessions they have. Raises AccountRefused."""
    put_password(user_id, password)
    sign_in.end_all(user_id)
    db.session.commit()


def put_password(user_id: str, password: str) -> None:
    """The same in the caller's transaction; their sessions stay. Raises AccountRefused and Busy."""
    row = db.session.execute(select(User.email, User.name).where(User.id == user_id)).one()
    check_password(password, row.email or "", row.name)
    hashed = passwords.hashed(password)
    db.session.execute(update(User).where(User.id == user_id).values(password_hash=hashed))


def change_own_password(user_id: str, session_id: str, current: str, password: str) -> None:
    """Change one's own password; every other browser is signed out. Raises AccountRefused, and
    WrongPassword, TooMany or Busy about the current one."""
    sign_in.confirm(user_id, current)
    put_password(user_id, password)
    note(user_id, ChangeKind.PASSWORD_SET, user_id, {"by": "themselves"})
    sign_in.end_all(user_id, but=session_id)
    db.session.commit()


def check_password(password: str, *words: str) -> None:
    """Raise AccountRefused for a password that is too short or easily guessed.

    It needs fifteen characters, or ten that are hard to guess (NIST SP 800-63B-4 asks for fifteen
    where a password is all that protects an account); and no password may be easily guessed by
    somebody who knows the person's name and address (`words`) and the product, or stand in the
    list that PASSWORD_BLOCKLIST names.
    """
    if len(password) > passwords.LONGEST:
        raise AccountRefused(
            _("The password may have at most %(longest)s characters.", longest=passwords.LONGEST)
        )
    if any(unicodedata.category(each) in ("Cc", "Cs") for each in password):
        raise AccountRefused(_("The password contains a character that cannot be used."))
    settings: Settings = current_app.config["SETTINGS"]
    if passwords.is_listed(password, settings.password_blocklist):
        raise AccountRefused(
            _("This password stands in a list of known passwords. Choose another.")
        )
    score = passwords.score(password, words) if len(password) >= passwords.SHORTEST_HARD else 0
    if len(password) < passwords.SHORTEST and score < passwords.HARD:
        raise AccountRefused(
            _(
                "Use at least %(shortest)s characters, or at least %(hard)s that are hard to"
                " guess.",
                shortest=passwords.SHORTEST,
                hard=passwords.SHORTEST_HARD,
            )
        )
    if score < passwords.GOOD:
        raise AccountRefused(
            _(
                "This password is easy to guess. Choose another one, such as four words that do"
                " not belong together."
            )
        )


def change_language(user_id: str, code: str, offered: tuple[str, ...]) -> None:
    """Speak with the person in another language; "" = as their browser asks, in mails as the
    organisation. Raises AccountRefused for one that is not offered."""
    if code and code not in offered:
        raise AccountRefused(_("Choose a language from the list."))
    db.session.execute(update(User).where(User.id == user_id).values(locale=code))
    db.session.commit()


def change_time_zone(user_id: str, zone: str) -> None:
    """Show the person's times in another zone. Raises AccountRefused for an unknown one."""
    if zone not in time_zones():
        raise AccountRefused(_("Choose a time zone from the list."))
    db.session.execute(update(User).where(User.id == user_id).values(time_zone=zone))
    time_digests(user_id)
    db.session.commit()


@cache
def time_zones() -> tuple[str, ...]:
    """The zones people can choose: UTC, and places by continent."""
    places = (z for z in available_timezones() if "/" in z and not z.startswith(NO_PLACES))
    return ("UTC", *sorted(places))


def checked_email(email: str) -> str:
    """The address as it is kept. Raises AccountRefused."""
    try:
        checked = validate_email(email.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        raise AccountRefused(
            _("This email address cannot be used: %(error)s", error=error)
        ) from error
    return checked.normalized


def checked_name(name: str) -> str:
    """The name in NFC, without needless spaces. Raises AccountRefused."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise AccountRefused(
            _(
                "The name needs 1 to %(longest_name)s ordinary characters.",
                longest_name=LONGEST_NAME,
            )
        )
    return name
