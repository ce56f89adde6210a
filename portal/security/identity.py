"""Who is signed in, where the present request comes from, and the application's settings."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import current_app, request
from flask_login import AnonymousUserMixin, UserMixin, current_user
from werkzeug.exceptions import Unauthorized

from portal.config import Settings
from portal.domain.people.permissions import Permission, Role, permissions_of
from portal.domain.request.click import Click
from portal.security.frame import Frame


@dataclass(frozen=True, kw_only=True)
class Identity(UserMixin):  # type: ignore[misc]  # no types there
    """A signed-in person, read anew with every request. `now` is the database's clock;
    `frame` what pages tell them beside their content, where it was asked for."""

    id: str
    name: str
    email: str
    roles: frozenset[Role]
    time_zone: str
    locale: str
    session_id: str
    now: datetime
    frame: Frame | None = None
    permissions: frozenset[Permission] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "permissions", permissions_of(self.roles))

    def may(self, permission: Permission) -> bool:
        """Whether the person's roles allow it."""
        return permission in self.permissions

    @property
    def is_auditor(self) -> bool:
        """Auditors read everything and change nothing but their own settings."""
        return Role.AUDITOR in self.roles


_ROLES = frozenset(role.value for role in Role)


def known_roles(names: list[str]) -> frozenset[Role]:
    """The stored roles, without names that this version does not know."""
    return frozenset(Role(name) for name in names if name in _ROLES)


def signed_in() -> Identity | None:
    """The person of this request, or None for a visitor."""
    user = current_user._get_current_object()
    return None if isinstance(user, AnonymousUserMixin) else cast(Identity, user)


def me() -> Identity:
    """The signed-in person. Only for views behind `@requires`; raises Unauthorized elsewhere."""
    person = signed_in()
    if person is None:
        raise Unauthorized
    return person


LONGEST_USER_AGENT = 300


def address() -> str | None:
    """The visitor's address, seen through as many proxies as the settings trust."""
    return request.remote_addr


def click() -> Click:
    """Where the present request comes from."""
    agent = request.user_agent.string[:LONGEST_USER_AGENT]
    return Click(ip=address(), user_agent=agent.replace("\x00", "") or None)


def current_settings() -> Settings:
    """What `create_app` was given."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings
