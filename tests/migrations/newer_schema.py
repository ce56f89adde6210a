"""A plugin for the tests of the previous release: their databases have this one's schema, and the
token of a form comes from a page that says little, which took more than half of their time."""

import os
import subprocess
import sys

from scripts.local import migrations  # the previous release's
from tests.clients import PageClient
from tests.pages_read import Page

COMMAND = "import sys; from scripts.local.migrations import migrate; migrate(sys.argv[1])"


def migrate(url: str) -> None:
    """Bring a database to the newest schema by the code of this release."""
    here = os.environ["THIS_RELEASE"]
    command = [sys.executable, "-c", COMMAND, url]
    subprocess.run(command, cwd=here, env={**os.environ, "PYTHONPATH": here}, check=True)


def csrf_token(client: PageClient) -> str:
    """That of the forms in the frame of every page."""
    page = Page(client.get("/views"))
    return next(each.values["csrf_token"] for each in page.document.forms if each.method == "post")


migrations.migrate = migrate
PageClient.csrf_token = csrf_token  # type: ignore[method-assign]
