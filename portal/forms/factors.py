"""Forms by which people prove who they are: codes, and what a passkey answers.

Fields called secret are never shown back and kept nowhere.
"""

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, Length

from portal.translation import lazy

LONGEST_CODE = 40


def _code(label: str) -> StringField:
    return StringField(
        label,
        validators=[Length(max=LONGEST_CODE, message=lazy("This is no code."))],
        render_kw={"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false"},
    )


class ProofForm(FlaskForm):
    """Whichever of the three somebody has: a passkey's answer wins over what stands beside it."""

    secret_answer = HiddenField()
    secret_code = _code(lazy("Code from your authenticator app, or a recovery code"))
    password = PasswordField(lazy("Password"), render_kw={"autocomplete": "current-password"})


class PasskeyForm(FlaskForm):
    """What to call a passkey, and what the browser made."""

    name = StringField(
        lazy("Name of the passkey"),
        validators=[Length(max=60, message=lazy("Use at most 60 characters."))],
        description=lazy("Such as Work laptop or Blue key."),
    )
    secret_answer = HiddenField()


class AppCodeForm(FlaskForm):
    """The first code of a new app."""

    secret_code = StringField(
        lazy("Code that the app shows"),
        validators=[
            DataRequired(lazy("Enter the code that the app shows.")),
            Length(max=LONGEST_CODE, message=lazy("This is no code.")),
        ],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )
