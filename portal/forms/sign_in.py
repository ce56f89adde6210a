"""The forms of signing in: address and password, and setting a password."""

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, EqualTo, Length, ValidationError

from portal.forms.fields import storable
from portal.translation import _, lazy


def _readable(_form: FlaskForm, field: EmailField) -> None:
    if field.data != storable(field.data or ""):
        raise ValidationError(_("The email address contains a character that is not allowed."))


def _address() -> EmailField:
    """Whose account it is."""
    return EmailField(
        lazy("Email address"),
        validators=[
            DataRequired(lazy("Enter your email address.")),
            Length(max=254, message=lazy("This is too long for an email address.")),
            _readable,
        ],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class SignInForm(FlaskForm):
    """Who are you? `kept` carries a form that was being sent when the session ended."""

    email = _address()
    password = PasswordField(
        lazy("Password"),
        validators=[DataRequired(lazy("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )
    kept = HiddenField()


class ForgotForm(FlaskForm):
    """To which address may a link go?"""

    email = _address()


class NewPasswordForm(FlaskForm):
    """A new password, twice. Neither is ever shown again or kept for later."""

    password = PasswordField(
        lazy("New password"),
        validators=[DataRequired(lazy("Enter a new password."))],
        description=lazy("At least 15 characters, such as four words that do not belong together."),
        render_kw={"autocomplete": "new-password"},
    )
    password_again = PasswordField(
        lazy("Repeat the new password"),
        validators=[EqualTo("password", message=lazy("The two passwords are not the same."))],
        render_kw={"autocomplete": "new-password"},
    )


class FirstAccountForm(NewPasswordForm):
    """The first administrator: also who they are."""

    name = StringField(
        lazy("Full name"),
        validators=[DataRequired(lazy("Enter your name."))],
        render_kw={"autocomplete": "name"},
    )
    email = EmailField(
        lazy("Email address"),
        validators=[DataRequired(lazy("Enter your email address.")), _readable],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class OwnPasswordForm(NewPasswordForm):
    """One's own password: the current one first."""

    current_password = PasswordField(
        lazy("Current password"),
        validators=[DataRequired(lazy("Enter your current password."))],
        render_kw={"autocomplete": "current-password"},
    )
