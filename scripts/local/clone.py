"""Run a program with the settings of this clone: python -m scripts.local.clone worker.py

The portal reads what ``./scripts/run`` keeps in ``var/local.env`` only where it is told that this
is a development copy. Commands that people start by hand in such a clone say so for them.
"""

import os
import sys

from scripts.local.installation import ROOT
from scripts.local.surroundings import LOCAL, given

NAMED = ("ENVIRONMENT", "DATABASE_URL", "DATABASE_URL_FILE")


def say_what_it_is() -> None:
    """Set ENVIRONMENT where only ``./scripts/run`` has said anything about this clone."""
    if (ROOT / "var" / LOCAL).exists() and not any(name in given(ROOT) for name in NAMED):
        os.environ["ENVIRONMENT"] = "development"


if __name__ == "__main__":
    say_what_it_is()
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])  # noqa: S606  # no shell is wanted
