"""The mail catcher of ./scripts/run: it keeps what it is given, and ends when asked."""

import signal
import smtplib
import subprocess
import sys
import time
from pathlib import Path

from scripts.local.installation import ROOT
from scripts.local.ports import any_free
from tests.programs import started


def test_it_keeps_mails_with_their_envelopes(tmp_path: Path) -> None:
    port, folder = any_free(), tmp_path / "mail"
    command = [sys.executable, "-m", "scripts.local.mail_catcher", str(port), str(folder)]
    with started(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert "Catching mail" in process.stdout.readline()
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as server:
            server.sendmail("a@b.example", ["c@d.example"], b"Subject: Hi\r\n\r\nWords\r\n")
        limit = time.monotonic() + 60
        while not list(folder.glob("*.eml")) and time.monotonic() < limit:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    (file,) = folder.glob("*.eml")
    assert file.read_bytes().startswith(b"X-Envelope-To: c@d.example\r\nSubject: Hi\r\n")
    assert file.stat().st_mode & 0o077 == 0
