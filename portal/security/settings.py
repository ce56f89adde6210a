"""The settings of the running application."""

from flask import current_app

from portal.config import Settings


def current_settings() -> Settings:
    """What `create_app` was given."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings
