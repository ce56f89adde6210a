"""The cutover after a real move, with the real Temporal server."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from portal.config import Settings
from tests.legacy.conftest import OldDatabase

pytestmark = [pytest.mark.temporal, pytest.mark.slow]


def _run(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=list(words))
    return result.exit_code, result.output


def test_what_needs_a_person_is_refused_and_the_archive_can_be_read(
    old: OldDatabase, make_app: Callable[[Settings], Flask], tmp_path: Path
) -> None:
    report, accept = tmp_path / "report.jsonl", tmp_path / "accept.txt"
    assert old.move("--report", str(report)).returncode == 3
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    need = [line["key"] for line in lines if line["result"] == "needs_person"]
    app = make_app(Settings.from_environment(old.environment))
    cut = ("portal", "cutover", "--no-backup", "test")

    code, said = _run(app, *cut)
    assert code == 1
    assert [id_ for id_ in need if f"{id_}  " not in said] == []
    assert f"{len(need)} instances would be left behind" in said
    accept.write_text("\n".join(need))
    assert _run(app, *cut, "--accept", str(accept))[0] == 0
    assert old.rows("SELECT accepted FROM portal.cutovers") == [(need,)]

    assert old.program("verify_migration").returncode == 0
    assert old.move().returncode == 3  # it finds what is left in the archive
    assert _run(app, "db", "downgrade")[0] == 0
    assert old.program("verify_migration").returncode == 0
