"""The sign-in form, and the small forms of the profile."""

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import DataRequired, Length, ValidationError

from portal.forms.fields import storable
from portal.translation import _, lazy


def _readable(_form: FlaskForm, field: EmailField) -> None:
    if field.data != storable(field.data or ""):
        raise ValidationError(_("The email address contains a character that is not allowed."))


class SignInForm(FlaskForm):
    """Who are you? `kept` carries a form that was being sent when the session ended."""

    email = EmailField(
        lazy("Email address"),
        validators=[
            DataRequired(lazy("Enter your email address.")),
            Length(max=254, message=lazy("This is too long for an email address.")),
            _readable,
        ],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        lazy("Password"),
        validators=[DataRequired(lazy("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )
    kept = HiddenField()
