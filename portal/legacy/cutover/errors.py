"""Why a cutover, its way back or a purge is refused."""

from alembic.util import CommandError


class CutoverRefused(CommandError):
    """It cannot be done now, and nothing was changed; the message is a sentence for people.

    Alembic's own kind of error, so that `flask db downgrade` shows it as it shows its own.
    """
