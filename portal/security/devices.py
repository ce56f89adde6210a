"""Browsers that people signed in with before, remembered by a signed cookie."""

from uuid import uuid4

from flask import Request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from portal.config import Settings
from portal.security.sessions import cookie_name, set_cookie

NAME = "device"
DAYS_180 = 180 * 24 * 3600
MOST_PEOPLE = 5


def read(request: Request, settings: Settings) -> tuple[str, tuple[str, ...]] | None:
    """The device's id and the people who signed in there; None without a valid cookie."""
    text = request.cookies.get(cookie_name(settings, NAME), "")
    try:
        device, people = _signer(settings).loads(text, max_age=DAYS_180)
    except (BadData, ValueError, TypeError):
        return None
    return str(device), tuple(map(str, people))


def remember(request: Request, response: Response, settings: Settings, user_id: str) -> None:
    """Write down that this person signed in with this browser."""
    device, people = read(request, settings) or (uuid4().hex, ())
    kept = [user_id, *(each for each in people if each != user_id)][:MOST_PEOPLE]
    text = _signer(settings).dumps([device, kept])
    set_cookie(response, settings, NAME, str(text), max_age=DAYS_180)


def _signer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret_key, salt="device")
