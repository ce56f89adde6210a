"""An auditor looks for something, opens it, takes it along, and checks it elsewhere with plain
Python; a manager sees where time goes."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader
from sqlalchemy import create_engine

from portal.proof import beginning, sealing
from scripts.local.postgres import PostgresServer
from tests.browsers import follow
from tests.journeys.installation import Installation
from tests.journeys.people import Person

Arrive = Callable[..., Person]


@pytest.fixture
def key(installation: Installation, postgres_server: PostgresServer) -> Iterator[str]:
    """The key of a log that has everything so far; the log is put away in the end, for others."""
    admin = postgres_server.admin_url(installation.database_url.rpartition("/")[2])
    engine = create_engine(admin.replace("postgresql", "postgresql+psycopg", 1))
    file = installation.folder / "sealing.key"
    log = beginning.begin(engine, installation.folder / "audit", file)
    signer = beginning.signer_of(log, file, installation.url)
    sealing.seal(engine, log, signer)
    engine.dispose()
    yield str(signer.verifier)
    log.folder.rename(installation.folder / "audited")


def taken(victor: Person, name: str, into: Path) -> Path:
    """What an item of the menu Export gives."""
    victor.page.reload()  # a download leaves the menu open
    victor.page.get_by_role("button", name="Export").or_(
        victor.page.get_by_role("link", name="Export")
    ).first.click()
    with victor.page.expect_download() as download:
        victor.page.get_by_role("link", name=name).first.click()
    file = into / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_an_auditor_finds_opens_takes_and_verifies(
    somebody: Arrive, key: str, tmp_path: Path
) -> None:
    victor = somebody("victor.audit")
    victor.go("/audit?kind=task:decided:approve&from=2000-01-01&to=2100-01-01")
    expect(victor.page.locator("main table").first).to_contain_text("Approved")
    printed = taken(victor, "PDF", tmp_path)
    assert "Audit log" in PdfReader(printed).pages[0].extract_text()
    pack = taken(victor, "Evidence pack", tmp_path)
    follow(victor.page.locator("main table a[href^='/audit/']").first)
    expect(victor.page.locator("main")).to_contain_text("The proof leads to the signed root")
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(tmp_path / "pack")
    program = [sys.executable, "-I", "-S", str(tmp_path / "pack" / "verify.py"), "--key", key]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout) == (0, "Consistent and authenticated.\n")


def test_a_manager_sees_where_time_goes(somebody: Arrive) -> None:
    marta = somebody("marta.lindqvist")
    marta.go("/insights?weeks=52")
    expect(marta.page.locator("h1")).to_have_text("Insights")
    expect(marta.page.locator("main svg").first).to_be_visible()
    with marta.page.expect_download() as download:
        marta.page.locator("main a[href*='.csv']").first.click()
    assert re.fullmatch(r"insights-\w+\.csv", download.value.suggested_filename)
