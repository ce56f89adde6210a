"""Tasks: deciding one's own, undoing it, and the links in messages that lead to them."""

from flask import Blueprint

blueprint = Blueprint("tasks", __name__)
