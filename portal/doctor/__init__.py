"""`flask portal doctor`: is everything around the portal as it has to be, and if not, what to do?

Each module examines one part and gives findings; none raises for what is wrong with its part.
"""

from collections.abc import Iterator

from portal.config import Settings
from portal.doctor import comparison, database, mail, proxy, record, settings, storage, temporal
from portal.doctor.finding import Finding

PARTS = (settings, database, record, temporal, comparison, mail, storage, proxy)


def examine(of: Settings) -> Iterator[Finding]:
    """Everything, one part after the other."""
    for part in PARTS:
        yield from part.examine(of)
