"""One-time keys of forms."""

from uuid_utils import uuid7


def new_key() -> str:
    """A fresh UUIDv7: the id of the command that a form will be, made when the form is drawn."""
    return str(uuid7())
