"""Figures for Prometheus: who gets them, what they say, and the rules that read them."""

import json
import re
import shutil
import subprocess
from dataclasses import replace

import psycopg
import pytest
import yaml
from flask import Flask

from portal.config import Settings
from portal.pages.metrics import HELP
from tests.clients import PageClient
from tests.house.tree import ROOT

TOKEN = "a-token-for-tests-only"
RULES = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((ROOT / "deploy/prometheus/dashboard.json").read_text())
LINE = re.compile(r"^gloria_(\w+) (-?[0-9.e+]+)$", re.MULTILINE)


@pytest.fixture
def asked(make_app, settings: Settings) -> PageClient:
    settings.attachments_dir.mkdir()
    return PageClient(make_app(replace(settings, metrics_token=TOKEN)))


def figures(client: PageClient) -> dict[str, float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    return {name: float(value) for name, value in LINE.findall(answer.text)}


def test_only_who_has_the_token_gets_them(asked: PageClient, app: Flask) -> None:
    for given in ("", "Bearer another", f"Basic {TOKEN}"):
        assert asked.get("/metrics", headers={"Authorization": given}).status_code == 404
    without = PageClient(app).get("/metrics", headers={"Authorization": "Bearer "})
    assert without.status_code == 404


def test_they_say_what_waits(asked: PageClient, settings: Settings) -> None:
    before = figures(asked)
    # No worker was ever seen, no log begun, nothing verified.
    assert set(HELP) - set(before) == {
        "worker_seen_seconds", "log_oldest_seconds", "record_problems",
    }  # fmt: skip
    assert (before["database_up"], before["schema_current"], before["temporal_up"]) == (1, 1, 0)
    assert (before["commands_waiting"], before["workers"]) == (0, 0)
    with psycopg.connect(settings.database_url) as connection:
        connection.execute(
            """INSERT INTO portal.commands (id, request_id, number, kind, payload, via, created_at)
            VALUES (gen_random_uuid(), gen_random_uuid(), 'PR-1', 'Hold', '{}', 'system',
                now() - interval '1 hour')"""
        )
        connection.execute(
            """INSERT INTO portal.worker_heartbeats (worker, task_queue, started_at, seen_at)
            VALUES ('w', %s, now(), now())""",
            [settings.temporal_task_queue],
        )
    after = figures(asked)
    assert (after["commands_waiting"], after["workers"]) == (1, 1)
    assert after["commands_oldest_seconds"] >= 3600
    assert after["worker_seen_seconds"] < 60


def test_a_database_that_is_away_is_told(make_app, settings: Settings) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    away = PageClient(make_app(replace(settings, metrics_token=TOKEN, database_url=url)))
    assert figures(away)["database_up"] == 0


def test_rules_and_dashboard_read_figures_that_there_are() -> None:
    targets = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    named = set(re.findall(r"gloria_(\w+)", " ".join(targets + [rule["expr"] for rule in RULES])))
    assert named <= set(HELP)


def test_every_alert_has_its_entry() -> None:
    paper = (ROOT / "docs" / "troubleshooting.md").read_text()
    assert [rule["alert"] for rule in RULES if f"\n| {rule['alert']} |" not in paper] == []


SERIES = r"(?:gloria_\w+|up\{job=\"gloria\"\})"
TERM = rf"(?:{SERIES} (?:==|>|<) \d+(?:e\d+)?|absent\({SERIES}\))"


def test_every_rule_is_one_that_prometheus_takes() -> None:
    """By the few forms that ours have; by Prometheus' own program, too, where it is installed."""
    for rule in RULES:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(rf"{TERM}(?: or {TERM})*", rule["expr"]), rule["expr"]
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "1m"))
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]
    if tool := shutil.which("promtool"):
        command = [tool, "check", "rules", str(ROOT / "deploy/prometheus/alerts.yml")]
        subprocess.run(command, check=True, timeout=60)
