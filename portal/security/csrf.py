"""CSRF tokens, masked anew for each answer.

Answers are compressed, and pages show text from their own address. A secret that stood beside it
unchanged could be guessed letter by letter from the lengths of many answers (BREACH,
https://www.breachattack.com). So what a page holds is the token under a random pad, with the pad.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from secrets import token_bytes

from flask import Flask, g
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf


def masked_token() -> str:
    """The token for the forms of the present answer."""
    if "masked_csrf_token" not in g:
        g.masked_csrf_token = mask(generate_csrf())
    return str(g.masked_csrf_token)


def mask(token: str) -> str:
    """The token under a random pad, in letters that forms need not escape."""
    text = token.encode()
    pad = token_bytes(len(text))
    return urlsafe_b64encode(pad + _xor(pad, text)).decode()


def unmask(text: str) -> str:
    """The token in what `mask` made; empty for anything else."""
    try:
        both = urlsafe_b64decode(text.encode())
        half = len(both) // 2
        return _xor(both[:half], both[half:]).decode()
    except ValueError:
        return ""


def _xor(pad: bytes, text: bytes) -> bytes:
    size = len(pad)
    if len(text) != size:
        raise ValueError("pad and text differ in length")
    return (int.from_bytes(pad) ^ int.from_bytes(text)).to_bytes(size)


class MaskedCSRF(CSRFProtect):  # type: ignore[misc]  # no types there
    """Flask-WTF's check, with masked tokens in pages and forms."""

    def init_app(self, app: Flask) -> None:
        """Check every form of the app, and give templates `csrf_token()`."""
        super().init_app(app)
        app.jinja_env.globals["csrf_token"] = masked_token
        app.context_processor(lambda: {"csrf_token": masked_token})

    def _get_csrf_token(self) -> str | None:
        text = super()._get_csrf_token()
        return unmask(text) if text else None
