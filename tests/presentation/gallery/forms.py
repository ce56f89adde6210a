"""The forms that the gallery shows, fresh or with typical mistakes."""

from types import SimpleNamespace

from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    Form,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, ValidationError


class SignIn(Form):
    """Sign-in."""

    email = StringField("E-mail", render_kw={"autocomplete": "username", "inputmode": "email"})
    password = PasswordField("Password", render_kw={"autocomplete": "current-password"})


class Decision(Form):
    """A decision's comment."""

    comment = TextAreaField(
        "Comment", description="Required to send back or reject. Tom and later approvers see it."
    )


class Purchase(Form):
    """A purchase, as a request type might define it."""

    title = StringField("What do you need?", [InputRequired("Say what you need.")])
    amount = StringField("Amount, net", render_kw={"inputmode": "decimal"})
    cost_centre = SelectField("Cost centre", choices=[SelectChoice("4410", "4410 Product Design")])
    needed_by = DateField("Needed by", [InputRequired("Enter a date, such as 01/11/2026.")])
    how = RadioField(
        "How often is it paid?",
        choices=[SelectChoice("once", "Once"), SelectChoice("year", "Every year")],
        validators=[InputRequired("Choose how often it is paid.")],
        description="A yearly cost counts for the whole contract.",
    )
    reason = TextAreaField("Why?", description="One or two sentences that a director understands.")
    offer = FileField("Offer", description="PDF or picture, at most 10 MB.")
    known = BooleanField("We have bought from this supplier before")

    def validate_amount(self, field: StringField) -> None:
        """Every typed amount of the example is wrong."""
        if field.data:
            raise ValidationError("Enter an amount such as 6336.00.")


def examples(failing: bool) -> SimpleNamespace:
    """Each form once; with mistakes in them where `failing`."""
    decision, purchase = Decision(), Purchase()
    if failing:
        decision.comment.errors = ["Say why. Tom Becker sees this text in the notification."]
        purchase = Purchase(MultiDict({"amount": "12,x", "cost_centre": "4410"}))
        purchase.validate()
    return SimpleNamespace(sign_in=SignIn(), decision=decision, purchase=purchase)
