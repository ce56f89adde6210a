"""The JSON interface for programs: the same services, queries and judge as the pages."""

from flask import Blueprint

blueprint = Blueprint("api", __name__)
