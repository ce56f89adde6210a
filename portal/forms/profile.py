"""The forms of the profile."""

from flask_wtf import FlaskForm
from wtforms import SelectField

from portal.translation import lazy


class LanguageForm(FlaskForm):
    """In which language does the portal speak with somebody?"""

    language = SelectField(lazy("Language"))


class TimeZoneForm(FlaskForm):
    """In which zone are times shown?"""

    time_zone = SelectField(lazy("Time zone"))
