"""A request type and a request, for the tests of this folder."""

from tests.asking import kind  # noqa: F401
from tests.security.scene import names  # noqa: F401
