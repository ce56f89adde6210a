"""A person's own settings: how pages look, sessions, notifications, absences."""

from flask import Blueprint

blueprint = Blueprint("profile", __name__)
