"""What ./scripts/run leaves on the disk: passwords in one file only, nothing for others to read."""

import re
import shutil
import tempfile
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from scripts.local.installation import ROOT
from tests.scripts.straw_portal import make_clone, run, until_up

pytestmark = pytest.mark.temporal
ANY = ("--port", "0", "--temporal-port", "0", "--temporal-ui-port", "0")
WHOLE = ("portal", "templates", "static", "migrations", "worker.py")
ACCOUNT = re.compile(r"(\S+@\S+)\s+(\S+)\s*$", re.MULTILINE)
TYPED = "a wrong password that somebody typed"


def whole_clone(folder: Path) -> Path:
    """A clone with the real portal."""
    clone = make_clone(folder)
    for name in WHOLE:
        target = clone / name
        if target.is_dir():
            shutil.rmtree(target)
        path = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__")
        if path.is_dir():
            shutil.copytree(path, target, ignore=ignored)
        else:
            shutil.copy(path, target)
    return clone


def sign_in(address: str, email: str, password: str) -> str:
    """Where that leads."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    page = browser.open(f"{address}/sign-in", timeout=60).read().decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    form = {"csrf_token": token[1], "email": email, "password": password}
    try:
        return str(
            browser.open(f"{address}/sign-in", urllib.parse.urlencode(form).encode(), 60).url
        )
    except urllib.error.HTTPError as refused:
        return str(refused.code)


def test_passwords_stand_in_one_file_and_others_read_nothing() -> None:
    with tempfile.TemporaryDirectory(prefix="gloria secrets ") as folder:
        Path(folder).chmod(0o755)
        clone = whole_clone(Path(folder) / "clone")
        with run(clone, *ANY) as process:
            said = until_up(process)
            accounts = ACCOUNT.findall((clone / "var" / "demo-accounts.txt").read_text())
            address = said.split("Portal")[1].split()[0]
            email, password = accounts[0]
            assert sign_in(address, email, TYPED) == "422"
            assert not sign_in(address, email, password).endswith("/sign-in")
            process.terminate()
            assert process.wait(60) == 0
        assert len(accounts) > 3
        secrets = {word.encode() for _, word in accounts} | {TYPED.encode()}
        kept = [path for path in (clone / "var").rglob("*") if not path.is_symlink()]
        assert len(kept) > 20
        holding, open_to_others = [], []
        for path in kept:
            if path.lstat().st_mode & 0o077:
                open_to_others.append(str(path))
            if path.is_file() and path.name != "demo-accounts.txt":
                data = path.read_bytes()
                holding += [str(path) for secret in secrets if secret in data]
    assert holding == []
    assert open_to_others == []
