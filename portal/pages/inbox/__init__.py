"""The inbox: what needs the reader's decision, many at once, and lists kept under a name."""

from flask import Blueprint

blueprint = Blueprint("inbox", __name__)
