"""The previous release's pages on this release's schema, as both run while one follows the other.

`previous_release.tar.xz` holds that release as it was (`previous_release.txt` names the commit), so
that a clone without its history has it, too; `./scripts/keep_release` puts another one there. Its
own test asks for each of its pages, and sends each of its forms, in the name of several people.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest

from tests.conftest import in_memory
from tests.house.tree import ROOT

HERE = Path(__file__).parent
WALK = "tests/security/test_authorisation.py"


@pytest.mark.slow
def test_the_pages_of_the_release_before_work_on_the_newer_tables(tmp_path: Path) -> None:
    with tarfile.open(HERE / "previous_release.tar.xz") as kept:
        # Our own archive; the filter came with Python 3.11.4.
        kept.extractall(tmp_path, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "newer_schema", "-p", "no:cacheprovider"]
    command += [WALK, "-k", "approver or admin"]
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{tmp_path}:{HERE}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "THIS_RELEASE": str(ROOT),
        "TMPDIR": str(in_memory() or tempfile.gettempdir()),
    }
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    assert " passed" in done.stdout
