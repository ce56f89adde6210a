"""Webhooks by programs: what a service may set up and hears, and the receiver of the examples."""

import os
import select
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from portal.api.webhooks import WebhookMessage
from portal.domain.people.tokens import Scope
from portal.services import api_tokens
from tests.api.conftest import MakeProgram, make_program, service  # noqa: F401
from tests.api.programs import Program, wanted
from tests.house.tree import ROOT
from tests.programs import started
from tests.receiving import Receiver
from tests.web import People
from tests.webhooks.conftest import EVERYTHING, Hooks

WISH = {"name": "ERP", "types": ["request.started", "task.opened"]}


def added(program: Program, url: str, **more: object) -> dict[str, str]:
    """An endpoint that answered a test event."""
    answer = program.post("/webhooks", {**WISH, "url": url, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.get_json()
    return found


def test_a_service_hears_of_its_own_requests_by_its_own_names(
    hooks: Hooks, ear: Receiver, people: People, service: Program,  # noqa: F811
) -> None:  # fmt: skip
    endpoint = added(service, ear.url, isFull=True)
    assert endpoint["state"] == "unverified"
    test = service.post(f"/webhooks/{endpoint['id']}/test", None, None).get_json()
    hooks.go()
    seen = service.get(f"/webhooks/{endpoint['id']}/deliveries/{test['id']}").get_json()
    assert (seen["status"], seen["attempts"][0]["status"]) == ("DELIVERED", 204)
    hooks.ask(number="CH-9001")  # by somebody else: nothing that the service may see
    assert service.post("/approvals", wanted(people.ana)).status_code == 201
    hooks.go()
    assert ear.types() == ["ping", "request.started", "task.opened"]
    for each in ear.heard:
        message = WebhookMessage.model_validate_json(each.body)
        told = message.model_dump(mode="json", by_alias=True, exclude_unset=True)
        assert told == each.said
    assert {each.said["data"].get("requestId") for each in ear.heard} == {None, "PO-4711"}
    with hooks.app.app_context():
        api_tokens.revoke(service.token_id, None)
    hooks.do("UPDATE portal.webhook_deliveries SET status = 'WAITING', due_at = now()"
             " WHERE type <> 'ping'")  # fmt: skip
    assert hooks.go() == 0


def test_calls_may_be_repeated_and_say_what_is_wrong(
    service: Program,  # noqa: F811
) -> None:  # fmt: skip
    key, url = "0193a000-0000-7000-8000-000000000001", "https://erp.example.org/hooks"
    body = {**WISH, "url": url}
    first, again = (service.post("/webhooks", body, key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.get_json()["secret"][:6], again.get_json()["secret"]) == ("whsec_", None)
    other = service.post("/webhooks", {**body, "name": "Other"}, key)
    assert (other.status_code, other.get_json()["type"][-4:]) == (422, "used")
    here = f"/webhooks/{key}"
    assert service.post(f"{here}/rotate", None, None).get_json()["oldSecretUntil"]
    assert service.post(f"{here}/rotate", None, None).status_code == 409
    assert service.post(f"{here}/end-old-secret", None, None).get_json()["oldSecretUntil"] is None
    assert service.post(f"{here}/state", {"isOn": True}, None).status_code == 409
    changed = service.send("PUT", here, {**body, "url": f"{url}/2"})
    assert changed.get_json()["url"] == f"{url}/2"
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert service.post(f"{here}/redeliver", {"since": since}, None).get_json() == {"messages": 0}
    assert service.send("DELETE", here).status_code == 204
    assert service.get(here).status_code == 404
    for bad, pointer in (
        ({"url": "https://10.0.0.1/"}, "/url"), ({"requestTypes": ["?"]}, "/requestTypes"),
        ({"types": []}, "/types"), ({"name": " "}, "/name"),
    ):  # fmt: skip
        refused = service.post("/webhooks", {**body, **bad})
        assert refused.status_code == 422
        assert refused.get_json()["errors"][0]["pointer"] == pointer


def test_endpoints_are_their_programs_own(
    hooks: Hooks, service: Program, make_program: MakeProgram,  # noqa: F811
) -> None:  # fmt: skip
    body = {**WISH, "url": "https://erp.example.org/hooks"}
    here = f"/webhooks/{service.post('/webhooks', body).get_json()['id']}"
    stranger, bound = make_program(), make_program("", modules=("PURCHASE",))
    assert stranger.get("/webhooks").get_json()["items"] == []
    assert stranger.get(here).status_code == stranger.send("DELETE", here).status_code == 404
    assert bound.post("/webhooks", body).get_json()["errors"][0]["pointer"] == "/modules"
    assert bound.post("/webhooks", {**body, "modules": ["PURCHASE"]}).status_code == 201
    blind = make_program("", Scope.WEBHOOKS_MANAGE)
    assert blind.post("/webhooks", {**body, "isFull": True}).status_code == 403
    assert make_program("ana", Scope.WEBHOOKS_MANAGE).get("/webhooks").status_code == 403
    assert len(make_program("adam").get("/webhooks").get_json()["items"]) == 2


def test_the_receiver_of_the_examples_takes_what_is_genuine(hooks: Hooks, ear: Receiver) -> None:
    endpoint = hooks.add(ear.url, types=EVERYTHING)
    secret = {"GLORIA_WEBHOOK_SECRET": hooks.secrets[endpoint]}
    words = [sys.executable, str(ROOT / "examples" / "receive_webhooks.py"), "0"]
    with started(words, env={**os.environ, **secret}, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert select.select([program.stdout], [], [], 60)[0]
        url = f"http://127.0.0.1:{program.stdout.readline().rpartition(' ')[2].strip()}/"
        hooks.do("UPDATE portal.webhook_endpoints SET url = :url", url=url)
        hooks.ask()
        hooks.go()
        assert set(hooks.states()) == {"DELIVERED"}
        hooks.do("UPDATE portal.webhook_deliveries SET status = 'WAITING', due_at = now()")
        hooks.go()
        forged = urllib.request.Request(url, b"{}", {"webhook-signature": "v1,x"})
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(forged, timeout=60)
        program.terminate()
        said = program.communicate(timeout=60)[0].splitlines()
    assert sorted(said) == ["request.started CH-1001 STARTED", "task.opened CH-1001 STARTED"]
