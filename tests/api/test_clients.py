"""Programs of others: the examples, a client made of the document, and what the document allows."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from scripts.local.api_document import CURRENT
from tests.api.conftest import MakeProgram
from tests.api.programs import Program, wanted
from tests.asking import PDF
from tests.house.tree import ROOT
from tests.in_process import InProcess
from tests.web import People

EXAMPLES = (("bash", "ask.sh"), (sys.executable, "ask_httpx.py"), (sys.executable, "ask_stdlib.py"))
WITH_FILE = (("bash", "ask_with_file.sh"), (sys.executable, "ask_with_file.py"))
WAIT = 120


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the application listens."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(WAIT)
    server.server_close()


def test_each_example_asks_and_reads(address: str, service: Program, people: People) -> None:
    known = {"GLORIA_URL": address, "GLORIA_TOKEN": service.secret}
    for number, (interpreter, name) in enumerate(EXAMPLES):
        words = [interpreter, str(ROOT / "examples" / name), f"PO-{number}"]
        words += ["email:ana@example.org", people.ben]
        for _again in range(2):
            done = subprocess.run(
                words, env={**os.environ, **known}, capture_output=True, text=True, timeout=WAIT
            )
            assert done.returncode == 0, done.stderr
            assert f"DIRECT-{1001 + number}" in done.stdout
            assert "STARTED" in done.stdout
            assert "Ben Example" in done.stdout
    assert {path.name for path in (ROOT / "examples").iterdir()} == {
        "README.md", "receive_webhooks.py", *(name for _, name in (*EXAMPLES, *WITH_FILE)),
    }  # fmt: skip


def test_each_example_with_a_file_brings_it_along(
    address: str, service: Program, people: People, tmp_path: Path
) -> None:
    known = {"GLORIA_URL": address, "GLORIA_TOKEN": service.secret}
    offer = tmp_path / "Our offer.pdf"
    offer.write_bytes(PDF)
    for number, (interpreter, name) in enumerate(WITH_FILE):
        words = [interpreter, str(ROOT / "examples" / name), f"PO-{number}"]
        words += ["email:ana@example.org", "chairs", "offers", str(offer)]
        for _again in range(2):
            done = subprocess.run(
                [*words, '{"amount": "120.00", "reason": "It broke."}'],
                env={**os.environ, **known}, capture_output=True, text=True, timeout=WAIT,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
            assert f"CH-{1001 + number}" in done.stdout
    for each in service.get("/approvals").get_json()["items"]:
        asked = service.get(f"/approvals/{each['workflowId']}").get_json()
        assert [file["name"] for file in asked["fields"]["offers"]] == ["Our offer.pdf"]


def test_a_client_made_of_the_document_works(
    address: str, service: Program, people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.yml"
    config.write_text("post_hooks: []\npackage_name_override: approvals\n", encoding="utf-8")
    made = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    made += ["--path", str(CURRENT), "--config", str(config), "--fail-on-warning"]
    done = subprocess.run(
        [*made, "--output-path", str(tmp_path / "approvals")],
        cwd=tmp_path, capture_output=True, text=True, timeout=WAIT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    client = import_module("approvals.client")
    models = import_module("approvals.models")
    asking = import_module("approvals.api.approvals.ask_for_approval")
    reading = import_module("approvals.api.approvals.show_status")
    with client.AuthenticatedClient(base_url=address, token=service.secret) as connected:
        body = models.NewApproval.from_dict(wanted(people.ana))
        started = asking.sync(client=connected, body=body)
        assert isinstance(started, models.Started)
        status = reading.sync(client=connected, workflow_id=started.workflow_id)
        assert isinstance(status, models.CurrentStatus)
        assert (status.status.value, status.request_id) == ("STARTED", "PO-4711")


# Whether what is sent is right depends on what is there: people, types, ids of requests and keys.
# What is refused for that is 4xx although the document allows it, and a query's unknown value or an
# Idempotency-Key that only looks unlike a UUID may be good although chance thinks it is wrong.
NOT_ASKED = ("positive_data_acceptance", "negative_data_rejection")


@pytest.mark.parametrize("owner", ["adam", "ana", "olga"])
def test_whatever_the_document_allows_is_answered_as_it_says(
    app: Flask, make_program: MakeProgram, process: InProcess, kind: dict[str, str], owner: str
) -> None:
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, seed, settings

    program = make_program(owner)
    if owner != "olga":
        person = "email:ana@example.org" if owner == "ana" else "email:adam@example.org"
        assert program.post("/approvals", wanted(person), None).status_code == 201
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    excluded = [each for each in schemathesis.checks.CHECKS.get_all() if each.__name__ in NOT_ASKED]
    assert len(excluded) == len(NOT_ASKED)
    # The test client does not unpack what is compressed.
    headers = {"Authorization": f"Bearer {program.secret}", "Accept-Encoding": "identity"}
    for operation in (each.ok() for each in schema.get_all_operations()):

        @seed(20261130)
        @settings(
            max_examples=6, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def answered(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=headers, excluded_checks=excluded)

        answered()
