"""The web fixtures, for the tests of this folder."""

from tests.asking import kind  # noqa: F401
from tests.in_process import process  # noqa: F401
from tests.web import app, client, people  # noqa: F401
