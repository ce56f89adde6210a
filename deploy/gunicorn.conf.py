"""How gunicorn serves the pages, in production as under ./scripts/run:

    .venv/bin/gunicorn --config deploy/gunicorn.conf.py 'portal.app:create_app()'

More options stand behind it (--bind 127.0.0.1:8000, --workers 4) or in GUNICORN_CMD_ARGS; the
number of processes also in WEB_CONCURRENCY. Each process keeps DATABASE_POOL_SIZE connections.
SIGHUP reads settings and certificates anew: new processes take over, the old ones finish.
"""

from pathlib import Path
from typing import Any

from portal.logs import NOISY

# gthread that gives its threads whole requests only: half-sent ones hold up nobody.
worker_class = "portal.serving.PatientWorker"
threads = 8
# Longer than proxies and browsers keep an idle connection: who closes first loses no request.
keepalive = 75
# systemd and Docker wait longer than this before they end a process by force.
graceful_timeout = 15
timeout = 60
# The heartbeat files of its processes, in memory: a slow disk ends nobody.
_memory = Path("/dev/shm")  # noqa: S108
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
# Whom to believe about the visitor's address and scheme is TRUSTED_PROXIES' word alone.
forwarded_allow_ips = ""
# Nobody steers it by a socket below the home of its user: systemd and signals do, and there is
# nothing to write to in production.
control_socket_disable = True
# The portal writes a line for each request itself; gunicorn's own become lines of the same kind.
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"lines": {"()": "portal.logs.json_handler"}},
    "root": {"handlers": ["lines"], "level": "INFO"},
    "loggers": {
        "gunicorn.error": {"handlers": [], "propagate": True},
        "gunicorn.access": {"handlers": [], "propagate": False, "level": "CRITICAL"},
        **{name: {"level": "WARNING"} for name in NOISY},
    },
}


def on_starting(server: Any) -> None:
    """Look before SIGHUP replaces the processes, and keep the old ones until the new can answer."""
    from portal.serving import Reload

    server.reload = Reload(server)
