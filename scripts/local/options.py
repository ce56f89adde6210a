"""What ``./scripts/run`` may be told."""

import argparse
from dataclasses import dataclass
from typing import NoReturn

DESCRIPTION = """\
Start the whole portal on this machine: PostgreSQL, Temporal, the worker and the web pages.
All data are under var/; Ctrl-C stops everything and keeps them."""

EPILOGUE = """\
A port that is not given is the one of the last run, else the default, else the next free one.
Where DATABASE_URL, TEMPORAL_ADDRESS or SMTP_HOST is set, in the environment or in .env, that server
is used and none is started. Exit codes: 0 stopped as asked, 1 a part has wrong settings,
2 could not start. A part that falls is started again, after pauses that grow, until it stands."""


@dataclass(frozen=True)
class Options:
    """The command line, checked. A port of None was not given, 0 means any free one."""

    port: int | None = None
    postgres_port: int | None = None
    temporal_port: int | None = None
    temporal_ui_port: int | None = None
    smtp_port: int | None = None
    empty: bool = False
    with_legacy: bool = False
    fresh: bool = False
    yes: bool = False
    web_processes: int = 2
    web_threads: int = 8


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message[:1].upper()}{message[1:]}. See ./scripts/run --help.\n")


def parse(arguments: list[str]) -> Options:
    """Read the command line; leaves with code 2 and a sentence where it makes no sense."""
    parser = _Parser(
        prog="./scripts/run",
        description=DESCRIPTION,
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=_port, metavar="N", help="of the web pages (8000)")
    parser.add_argument("--postgres-port", type=_port, metavar="N", help="(any free one)")
    parser.add_argument("--temporal-port", type=_port, metavar="N", help="(7233)")
    parser.add_argument("--temporal-ui-port", type=_port, metavar="N", help="(8233)")
    parser.add_argument("--smtp-port", type=_port, metavar="N", help="of the mail catcher (any)")
    parser.add_argument("--empty", action="store_true", help="do not load the demo organisation")
    parser.add_argument(
        "--with-legacy", action="store_true", help="an old engine's requests beside it, to be moved"
    )
    parser.add_argument("--fresh", action="store_true", help="first delete all data under var/")
    parser.add_argument("--yes", action="store_true", help="do not ask before --fresh deletes")
    parser.add_argument("--web-processes", type=_count, default=2, metavar="N", help="(2)")
    parser.add_argument("--web-threads", type=_count, default=8, metavar="N", help="each (8)")
    return Options(**vars(parser.parse_args(arguments)))


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 <= int(text[:6]) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is no port: give a number below 65536")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:4]) <= 200:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to 200")
    return int(text)
