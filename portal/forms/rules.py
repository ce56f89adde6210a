"""What a field's value has to be; each rule raises a sentence that says how to put it right."""

from datetime import date
from typing import Any

from wtforms.validators import StopValidation, ValidationError

from portal.translation import _


class Required:
    """Something must be given; `advice` says what to do. A wrong value already has its error."""

    field_flags = {"required": True}  # noqa: RUF012 - WTForms reads it by this name

    def __init__(self, advice: str) -> None:
        self.advice = advice

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise when the field is empty."""
        if field.errors:
            raise StopValidation
        if field.data in (None, "", [], ()):
            raise StopValidation(
                _("%(label)s is missing: %(advice)s.", label=field.label.text, advice=self.advice)
            )


class Allowed:
    """Nothing needs to be given, and then nothing else is asked."""

    field_flags = {"optional": True}  # noqa: RUF012 - as above

    def __call__(self, _form: Any, field: Any) -> None:
        """Stop here when the field is empty or already wrong."""
        if field.errors or field.data in (None, "", [], ()):
            raise StopValidation


class AtMost:
    """A text of at most so many characters."""

    def __init__(self, length: int) -> None:
        self.length = length
        # Not "maxlength": with that attribute browsers cut a pasted text without a word.
        self.field_flags = {"limit": length}

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise with both lengths."""
        if len(field.data) > self.length:
            raise ValidationError(
                _(
                    "%(label)s must have at most %(length)s characters; it has %(given)s.",
                    label=field.label.text,
                    length=self.length,
                    given=len(field.data),
                )
            )


class Between:
    """A number within bounds, either of which may be missing."""

    def __init__(self, least: int | None, most: int | None) -> None:
        self.least, self.most = least, most

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise, naming the bound as the field writes it."""
        if self.least is not None and field.data < self.least:
            raise ValidationError(
                _(
                    "%(label)s must be %(bound)s or more.",
                    label=field.label.text,
                    bound=field.write(self.least),
                )
            )
        if self.most is not None and field.data > self.most:
            raise ValidationError(
                _(
                    "%(label)s must be %(bound)s or less.",
                    label=field.label.text,
                    bound=field.write(self.most),
                )
            )


class NotBefore:
    """A day that may be the same as another field's, or later."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, form: Any, field: Any) -> None:
        """Raise, naming both fields; an empty or wrong other day has its own error."""
        other = next((each for each in form if each.name == self.name), None)
        if other is not None and other.data and field.data < other.data:
            raise ValidationError(
                _(
                    "%(label)s must not be before %(other)s.",
                    label=field.label.text,
                    other=other.label.text,
                )
            )


class NotPast:
    """Today or later, on the calendar of the person who fills the form in."""

    def __init__(self, today: date) -> None:
        self.today = today

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise for yesterday and earlier."""
        if field.data < self.today:
            raise ValidationError(_("%(label)s must be today or later.", label=field.label.text))


class SomebodyElse:
    """Not the person who fills the form in."""

    def __init__(self, own_id: str) -> None:
        self.own_id = own_id

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise for oneself."""
        if field.data == self.own_id:
            raise ValidationError(
                _(
                    "%(label)s must be someone else. Leave it empty if the request is for you.",
                    label=field.label.text,
                )
            )
