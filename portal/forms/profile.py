"""The forms of the profile."""

from flask_wtf import FlaskForm
from wtforms import SelectField


class TimeZoneForm(FlaskForm):
    """In which zone are times shown?"""

    time_zone = SelectField("Time zone")
