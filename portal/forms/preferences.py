"""What a person wants to be mailed of, and when not."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectMultipleField, TimeField, ValidationError
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.domain.notices import TOPICS

BOTH = "Give both ends of the quiet hours, or neither."


class PreferencesForm(FlaskForm):
    """The topics that are wanted by mail, and quiet hours on the person's own clock."""

    wanted = SelectMultipleField(
        "Mail me when",
        choices={topic.code: topic.label for topic in TOPICS},
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    quiet_from = TimeField("Quiet from", validators=[Optional()])
    quiet_until = TimeField("Quiet until", validators=[Optional()])

    def validate_quiet_from(self, field: Any) -> None:
        """Both ends or none."""
        if field.data is not None and self.quiet_until.data is None:
            raise ValidationError(BOTH)

    def validate_quiet_until(self, field: Any) -> None:
        """Both ends or none, and not the same."""
        if field.data is not None and self.quiet_from.data is None:
            raise ValidationError(BOTH)
        if field.data is not None and field.data == self.quiet_from.data:
            raise ValidationError("The quiet hours have to end at another time than they begin.")
