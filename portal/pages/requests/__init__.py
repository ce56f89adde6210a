"""Pages about one request: asking, reading, changing, and what people do with it as a whole."""

from flask import Blueprint

blueprint = Blueprint("requests", __name__)
