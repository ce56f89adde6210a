"""A plugin for the tests of the previous release: their databases have this one's schema."""

import os
import subprocess
import sys

from scripts.local import migrations  # the previous release's

COMMAND = "import sys; from scripts.local.migrations import migrate; migrate(sys.argv[1])"


def migrate(url: str) -> None:
    """Bring a database to the newest schema by the code of this release."""
    here = os.environ["THIS_RELEASE"]
    command = [sys.executable, "-c", COMMAND, url]
    subprocess.run(command, cwd=here, env={**os.environ, "PYTHONPATH": here}, check=True)


migrations.migrate = migrate
