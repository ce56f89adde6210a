"""A mail server for this machine: it takes every mail, sends none on, and keeps the newest.

``python -m scripts.local.mail_catcher PORT FOLDER`` writes each mail into the folder, which the
portal shows at /dev/mail.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from uuid_utils import uuid7

from scripts.local.ports import HOST

KEPT = 1000
LARGEST = 20_000_000


class Keeper:
    """Keeps mails as files: names sort by the time of arrival."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep one mail, with the addresses it was sent to, whatever its headers say."""
        recipients = ", ".join(envelope.rcpt_tos)
        content = envelope.original_content or b""
        name = f"{uuid7().hex}.eml"
        hidden = self._folder / f".{name}"
        hidden.write_bytes(f"X-Envelope-To: {recipients}\r\n".encode() + content)
        hidden.replace(self._folder / name)
        self._forget()
        return "250 Kept"

    def _forget(self) -> None:
        for old in sorted(self._folder.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """Catch until SIGTERM or SIGINT."""
    port, folder = int(arguments[0]), Path(arguments[1])
    os.umask(0o077)
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    catcher = Controller(Keeper(folder), HOST, port, data_size_limit=LARGEST)
    catcher.start()
    print(f"Catching mail on {HOST}:{port}.", flush=True)
    stop.wait()
    catcher.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
