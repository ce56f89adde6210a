"""One JSON line for each thing that happened, on standard error; used by web and worker, and by
gunicorn for what it says itself.

Control characters arrive escaped, so a name cannot forge a line or colour a terminal. Values whose
key speaks of a secret are masked. The ids bound with `structlog.contextvars` (request id, request
number, workflow id, command id) stand on every line.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

if "rich" not in sys.modules:
    # Where it is installed, structlog loads it, to draw errors in a terminal. Ours are lines of
    # JSON: while structlog looks for it, there is none. So this module comes before others.
    sys.modules["rich"] = None  # type: ignore[assignment]  # Python's own way to say so
    import structlog

    del sys.modules["rich"]

import structlog

SECRET_WORDS = ("password", "secret", "token", "cookie", "authorization", "database_url")
# The token of a link in a message; lines name the link by its id.
LINK = re.compile(r"/([ap])/[A-Za-z0-9_-]{43}")
# What workflows say through the standard library, which is all they may use.
WORKFLOW_FIELDS = ("request", "workflow", "commands", "events", "alarm", "cause")
NOISY = ("werkzeug", "alembic.runtime.plugins", "asyncio")


def named(name: str) -> Any:
    """The log of a part of the program, for whom this module has to come first."""
    return structlog.get_logger(name)


def configure(level: str = "INFO") -> None:
    """Send structlog's and the standard library's log lines to standard error as JSON."""
    structlog.configure(
        processors=[*_shared(), structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_line_writer,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, _StandardError)]:
        root.removeHandler(old)
    root.addHandler(json_handler())
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def json_handler() -> logging.Handler:
    """Writes the standard library's log lines as JSON; gunicorn's configuration names it, too."""
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(WORKFLOW_FIELDS),
                *_shared(),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    return handler


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask,
    ]


def _mask(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if any(word in key.lower() for word in SECRET_WORDS):
            event[key] = "***"
        elif isinstance(value, str) and ("/a/" in value or "/p/" in value):
            event[key] = LINK.sub(r"/\1/***", value)
    return event


def _line_writer(*_: Any) -> structlog.WriteLogger:
    # Asked for anew each time: a test or a supervisor may have replaced the stream.
    return structlog.WriteLogger(sys.stderr)


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, stream: TextIO) -> None:
        raise NotImplementedError
