"""``./scripts/drill_cutover.sh``: every step of docs/cutover.md on generated data, and its time.

Ends with 1 at the first difference that should not be.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.drill.comparing import Comparison, Difference
from scripts.drill.people import People
from scripts.drill.site import Failed, Programs, Site, running
from scripts.legacy.generate import generate

MOVER = "scripts/migrate_workflows_to_temporal.py"
VERIFIER = "scripts/verify_migration.py"
DONE, NEEDS_PERSON = 0, 3


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    instances: int
    seed: int
    decide: int
    submit: int


def main(arguments: Sequence[str] | None = None, programs: Programs | None = None) -> int:
    """Run the drill; returns the exit code. `programs`: how it starts the others."""
    options = _parsed(arguments)
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="gloria-drill-") as folder:
            Path(folder).chmod(0o755)  # ours: PostgreSQL's user passes through when we are root
            with running(Path(folder), programs or Programs()) as site:
                Drill(site, options).run()
    except (Failed, Difference) as problem:
        print(f"\nThe drill failed. {problem}", file=sys.stderr, flush=True)
        return 1
    print(f"\nThe drill passed, in {time.monotonic() - begun:.1f} s.", flush=True)
    return 0


class Drill:
    """The steps, in their order."""

    def __init__(self, site: Site, options: Options) -> None:
        self._site = site
        self._options = options
        self._number = 0

    def run(self) -> None:
        """Every step. Raises Failed or Difference."""
        site, options = self._site, self._options
        with self._step(f"An old database with {options.instances:,} instances"):
            generate(site.url, options.instances, options.seed)
        with self._step("flask db upgrade: ours stands beside the old engine"):
            site.flask("db", "upgrade")
            site.flask("portal", "register-search-attributes")
        comparison = Comparison(site)
        with self._step("The mover's dry run, which touches nothing"):
            site.program(MOVER, "--dry-run", "--quiet", codes=(DONE, NEEDS_PERSON))
            comparison.nothing_was_touched()
        self._move("The move")
        with site.worker(), People(site, options.seed) as people:
            self._there(people)
            comparison.note_decisions()
            self._back(comparison)
        with site.worker(), People(site, options.seed + 1) as people:
            self._again(people, comparison)

    def _there(self, people: People) -> None:
        """Work begins here, before the cutover and after it."""
        some = max(1, self._options.decide // 2)
        with self._step("People decide, while the old tables are in their place"):
            people.decide(some)
        with self._step("What needs a person is closed by an administrator, and moves"):
            self._site.change(CLOSE)
            self._site.program(MOVER, "--quiet")
        with self._step("flask portal cutover --dry-run, then the cutover"):
            self._site.flask("portal", "cutover", "--dry-run", "--no-backup", "a drill")
            self._site.flask("portal", "cutover", "--no-backup", "a drill", show=True)
        with self._step("People decide on, and ask for new things"):
            people.submit(self._options.submit)
            people.decide(self._options.decide)

    def _back(self, comparison: Comparison) -> None:
        site = self._site
        with self._step("flask portal rollback --dry-run"):
            dry = site.flask("portal", "rollback", "--dry-run", codes=(DONE, NEEDS_PERSON))
        with self._step("flask portal rollback"):
            report = site.folder / "rollback.csv"
            real = site.flask(
                "portal", "rollback", "--report", str(report), codes=(DONE, NEEDS_PERSON), show=True
            )
        with self._step("Compare: nothing that was decided is missing in the old tables"):
            comparison.same_totals(dry, real)
            comparison.everything_went_back()
        with self._step("A second rollback changes nothing"):
            comparison.unchanged_by(
                lambda: site.flask("portal", "rollback", codes=(DONE, NEEDS_PERSON))
            )

    def _again(self, people: People, comparison: Comparison) -> None:
        self._move("The move again: the same requests, their history goes on")
        with self._step("Compare: every request stands as it stood"):
            comparison.stands_as_it_stood()
        with self._step("flask portal reopen, and people decide again"):
            self._site.flask("portal", "reopen")
            people.decide(max(1, self._options.decide // 4))
        with self._step("The record is whole"):
            self._site.flask("portal", "audit", "verify")

    def _move(self, words: str) -> None:
        with self._step(words):
            self._site.program(MOVER, "--quiet", codes=(DONE, NEEDS_PERSON), show=True)
        with self._step("The verifier finds no difference"):
            self._site.program(VERIFIER)

    @contextmanager
    def _step(self, words: str) -> Iterator[None]:
        self._number += 1
        begun = time.monotonic()
        print(f"{self._number:>2}. {words}", flush=True)
        yield
        print(f"    {time.monotonic() - begun:.1f} s", flush=True)


CLOSE = """
UPDATE portal.legacy_moves SET choice = '{"kind": "close", "outcome": "CANCELLED"}'
WHERE result = 'needs_person'
"""


def _parsed(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog="scripts/drill_cutover.sh",
        description="Old database, move, decide, cutover, decide, rollback, compare, move again.",
    )
    parser.add_argument("--instances", type=int, default=400, metavar="N", help="(400)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="(1)")
    parser.add_argument("--decide", type=int, default=40, metavar="N", help="decisions (40)")
    parser.add_argument("--submit", type=int, default=6, metavar="N", help="new requests (6)")
    given = parser.parse_args(arguments)
    return Options(given.instances, given.seed, given.decide, given.submit)


if __name__ == "__main__":
    sys.exit(main())
