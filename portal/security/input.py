"""Characters that no page can mean: NUL and halves of surrogate pairs, refused in addresses.

In forms the fields' own checks speak first, beside the field; what they let through meets the
database's refusal, which `portal.pages.errors` turns into a clear 422.
"""

from collections.abc import Iterable

from flask import abort, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import RequestEntityTooLarge

MOST_FIELDS = 1000
MOST_TEXT = 500_000  # characters of all fields together; files do not count


def unreadable(text: str) -> bool:
    """Whether PostgreSQL could not store the text."""
    return "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text)


def refuse_unreadable_address() -> None:
    """400 for an address with such characters."""
    if any(map(unreadable, _address_texts())):
        abort(400, "The address holds a character that cannot be read.")


def refuse_large_form() -> None:
    """413 for a form with more fields or text than any of ours, 400 for a field without a name or
    a body that breaks off; reading it also meets the size limits, which count each field of a form
    with files by itself."""
    try:
        fields = list(request.form.items(multi=True))
    except ParseException:
        abort(400, "The form arrived broken.")
    if any(name is None for name, _ in fields):
        abort(400, "The form holds a field without a name.")
    text = sum(len(name) + len(value) for name, value in fields)
    if len(fields) > MOST_FIELDS or text > MOST_TEXT:
        raise RequestEntityTooLarge


def _address_texts() -> Iterable[str]:
    yield request.path
    for name, value in request.args.items(multi=True):
        yield name
        yield value
