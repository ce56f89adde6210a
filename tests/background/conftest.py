"""A request of Ana's that waits for Ben."""

from tests.asking import kind  # noqa: F401
from tests.in_process import asked, process  # noqa: F401
