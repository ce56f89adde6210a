"""A clone with a portal of straw: the real scripts and servers, an application of ten lines."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.local.installation import ROOT
from tests.programs import started

APP = '''\
"""A portal of straw."""

import contextlib
import os
import pathlib

import click
import psycopg
from flask import Flask


def create_app():
    app = Flask("straw")
    app.add_url_rule("/readyz", "readyz", lambda: {"ready": True})

    @app.cli.group()
    def db(): ...

    @app.cli.group()
    def portal(): ...

    @db.command()
    def upgrade():
        file = os.environ.get("DATABASE_URL_FILE")
        url = pathlib.Path(file).read_text() if file else os.environ["DATABASE_URL"]
        url = os.environ.get("DATABASE_MIGRATION_URL") or url
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())")
            connection.execute("INSERT INTO starts DEFAULT VALUES")
            number = connection.execute("SELECT count(*) FROM starts").fetchone()[0]
        print("start number", number)

    @portal.command("register-search-attributes")
    def register(): ...

    @portal.group()
    def audit(): ...

    @audit.command("begin")
    @click.option("--if-needed", is_flag=True)
    def begin(if_needed): ...

    @portal.command("load-demo")
    @click.option("--quiet", is_flag=True)
    def load(quiet):
        pathlib.Path("var/demo-accounts.txt").write_text("demo-account member a@b.example word\\n")

    return app
'''
WORKER = """\
import os, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("polling", os.environ["TEMPORAL_ADDRESS"], flush=True)
level, tries = os.environ.get("LOG_LEVEL", ""), pathlib.Path("var/tries")
if level == "die for good":
    sys.exit(2)
if level == "die twice":
    number = int(tries.read_text() if tries.exists() else "0")
    tries.write_text(str(number + 1))
    if number < 2:
        print("No space left on device", flush=True)
        sys.exit(3)
while True:
    time.sleep(0.1)
"""


# What reading the settings and writing lines imports.
SETTINGS = (
    "__init__.py",
    "config.py",
    "logs.py",
    "serving.py",
    "domain",
    "proof",
    "temporal",
    "translation",
)


def make_clone(folder: Path) -> Path:
    """Lay out the clone; its .venv runs our own Python."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("requirements", "scripts", "deploy"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "portal").mkdir()
    for name in SETTINGS:
        path = ROOT / "portal" / name
        (shutil.copytree if path.is_dir() else shutil.copy)(path, folder / "portal" / name)
    (folder / "portal" / "app.py").write_text(APP)
    (folder / "worker.py").write_text(WORKER)
    python = folder / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    shutil.copy(ROOT / "requirements" / "lock.txt", folder / ".venv" / "installed-lock.txt")
    return folder


def run(
    clone: Path, *arguments: str, **env: str
) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
    """``./scripts/run`` of the clone, from another folder, without a terminal."""
    return started(
        [str(clone / "scripts" / "run"), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env={"PATH": os.environ["PATH"], **env},
    )


def until_up(process: subprocess.Popen[str]) -> str:
    """Everything it said until it ran. Fails with that where it ended instead."""
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C stops"):
            return "".join(lines)
    raise AssertionError("".join(lines))
