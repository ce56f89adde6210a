"""People's accounts: the first admin, passwords, and what everybody may change about themselves."""

from functools import cache
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, insert, select, update

from portal.domain.people.permissions import Role
from portal.extensions import db
from portal.models import User
from portal.models.columns import new_id
from portal.services import passwords, sign_in
from portal.services.preferences import time_digests
from portal.translation import _

LONGEST_NAME = 120
NO_PLACES = ("Etc/", "posix/", "right/", "SystemV/", "US/")


class AccountRefused(Exception):
    """An account cannot be made or changed like this; the message is a sentence for people."""


def create_admin(email: str, name: str, password: str) -> str:
    """Make an active admin and return the id. Raises AccountRefused, saying what to change."""
    email, name = checked_email(email), checked_name(name)
    check_password(password, email)
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
    db.session.commit()
    return user_id


def set_password(user_id: str, password: str) -> None:
    """Give somebody a password, and end what sessions they have. Raises AccountRefused."""
    email = db.session.scalar(select(User.email).where(User.id == user_id)) or ""
    check_password(password, email)
    hashed = passwords.hashed(password)
    db.session.execute(update(User).where(User.id == user_id).values(password_hash=hashed))
    sign_in.end_all(user_id)
    db.session.commit()


def check_password(password: str, email: str) -> None:
    """Raise AccountRefused for a password that is too short, too long or plain to guess."""
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        raise AccountRefused(
            _("The password needs at least %(shortest)s characters.", shortest=passwords.SHORTEST)
        )
    if len(set(password)) < 5 or password.lower() in email.lower() or "\x00" in password:
        raise AccountRefused(_("This password is easy to guess. Choose another one."))


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
    """The name without needless spaces. Raises AccountRefused."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise AccountRefused(
            _(
                "The name needs 1 to %(longest_name)s ordinary characters.",
                longest_name=LONGEST_NAME,
            )
        )
    return name
