"""Make an old-engine database to try the move on: believable people, every oddity.

    python scripts/make_legacy_database.py --instances 5000 --seed 1 [--database-url URL]

Without --database-url it goes where the portal's own settings say, beside the portal's tables.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psycopg

from portal.config import ConfigurationError, Settings
from scripts.legacy.ddl import is_made
from scripts.legacy.generate import generate
from scripts.local import clone


def main() -> int:
    """Make it; returns the exit code."""
    parser = argparse.ArgumentParser(description="Make an old-engine database to try the move on.")
    parser.add_argument("--instances", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database-url", help="default: the portal's own database")
    given = parser.parse_args()
    if given.instances < 0:
        parser.error("--instances cannot be less than 0")
    try:
        url = given.database_url or Settings.from_environment().database_url
        if is_made(url):
            print("There is an old engine in this database already.", file=sys.stderr)
            return 2
        begun = time.perf_counter()
        made = generate(url, given.instances, given.seed)
    except (ConfigurationError, psycopg.Error) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    seconds = time.perf_counter() - begun
    print(f"{given.instances:,} instances, {made.rows:,} rows in {seconds:.1f} s.")
    return 0


if __name__ == "__main__":
    clone.say_what_it_is()
    sys.exit(main())
