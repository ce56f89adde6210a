"""A form that arrives after its session ended keeps its text until the same person is back.

What was typed travels in the sign-in page as a signed envelope, so visitors cost no row. It is
sealed only for forms that one of our own pages was drawn with: their CSRF token names the person.
Only that person gets the text back, sees it, and sends it by pressing a button once more.
"""

from dataclasses import dataclass
from typing import Any

from flask import Request
from itsdangerous import BadData, URLSafeTimedSerializer

from portal.config import Settings
from portal.security.guards import CSRF_SALT, unmask
from portal.security.next_page import is_safe
from portal.security.sessions import CSRF, PortalSession

LARGEST = 64_000
SECONDS = 12 * 3600
SESSION_KEY = "kept_form"


@dataclass(frozen=True)
class KeptForm:
    """Whose form, where it was going, and its fields in their order."""

    owner_id: str
    path: str
    fields: tuple[tuple[str, str], ...]

    def as_data(self) -> dict[str, Any]:
        """For an envelope or a session's row."""
        return {"owner": self.owner_id, "path": self.path, "fields": list(self.fields)}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "KeptForm":
        """The other way round."""
        fields = tuple((str(name), str(value)) for name, value in data["fields"])
        return cls(data["owner"], data["path"], fields)


def keep(request: Request, settings: Settings, otherwise: str = "") -> KeptForm | None:
    """The posted form, where one of our pages was drawn with it and it is not too large.

    `otherwise`: whose it is where its token names nobody.
    """
    owner = _owner(request.form.get(CSRF, ""), settings) or otherwise
    path = request.full_path.rstrip("?")
    fields = tuple(
        (name, value.replace("\x00", ""))
        for name, value in request.form.items(multi=True)
        if name != CSRF and not is_secret(name)
    )
    size = sum(len(name) + len(value) for name, value in fields)
    if not owner or not fields or size > LARGEST or not is_safe(path):
        return None
    return KeptForm(owner, path, fields)


def is_secret(name: str) -> bool:
    """Whether a field of that name is never shown back and kept nowhere."""
    return any(word in name.lower() for word in ("password", "secret"))


def seal(form: KeptForm, settings: Settings) -> str:
    """The envelope: only we can have written it."""
    return str(_signer(settings).dumps(form.as_data()))


def unseal(text: str, settings: Settings) -> KeptForm | None:
    """The form in an envelope, or None where it is not ours or too old."""
    try:
        return KeptForm.from_data(_signer(settings).loads(text, max_age=SECONDS)) if text else None
    except BadData:
        return None


def in_session(session: PortalSession) -> KeptForm | None:
    """The form that waits in the person's session to be sent once more."""
    data = session.get(SESSION_KEY)
    return KeptForm.from_data(data) if data else None


def _owner(token: str, settings: Settings) -> str:
    """The person a CSRF token was drawn for; empty for a forged one and for visitors."""
    try:
        value = URLSafeTimedSerializer(settings.secret_keys, salt=CSRF_SALT).loads(unmask(token))
    except BadData:
        return ""
    owner, colon, _ = str(value).partition(":")
    return owner if colon else ""


def _signer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret_keys, salt="kept-form")
