"""The sign-in form, and the small forms of the profile."""

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import DataRequired, Length, ValidationError

from portal.forms.text import storable


def _readable(_: FlaskForm, field: EmailField) -> None:
    if field.data != storable(field.data or ""):
        raise ValidationError("The e-mail address holds a character that cannot be read.")


class SignInForm(FlaskForm):
    """Who are you? `kept` carries a form that was being sent when the session ended."""

    email = EmailField(
        "E-mail address",
        validators=[
            DataRequired("Enter your e-mail address."),
            Length(max=254, message="That is longer than any e-mail address."),
            _readable,
        ],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        "Password",
        validators=[DataRequired("Enter your password.")],
        render_kw={"autocomplete": "current-password"},
    )
    kept = HiddenField()
