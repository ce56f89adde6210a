"""From a recorded event to a receiver: written with it, signed, tried again, never lost."""

import json

import pytest

from portal.config import Settings
from portal.queries.figures import figures
from portal.services import webhooks
from portal.services.webhooks import HookRejected
from tests.asking import CODE
from tests.receiving import Receiver, receiver
from tests.web import People
from tests.webhooks.conftest import Hooks


@pytest.fixture
def at_work(hooks: Hooks, ear: Receiver) -> str:
    """An endpoint that hears of everything."""
    return hooks.add(ear.url)


def test_each_event_is_told_once_and_signed(hooks: Hooks, ear: Receiver, at_work: str) -> None:
    state = hooks.ask(module="PURCHASE", entity_id="4711")
    assert (hooks.go(), hooks.go()) == (1, 0)
    assert sorted(ear.types()) == ["request.started", "task.opened"]
    started = next(each for each in ear.heard if each.said["type"] == "request.started")
    assert started.signatures == started.signed_with(hooks.secrets[at_work])
    said = started.said
    assert said["data"] == {
        "workflowId": f"approval-{state.request_id}", "requestId": state.request_id,
        "number": state.number, "module": "PURCHASE", "entityType": None, "entityId": "4711",
        "status": "STARTED", "stage": "Line manager", "contentVersion": 1, "seq": 1,
        "url": f"https://portal.example/requests/{state.number}",
    }  # fmt: skip
    assert said["timestamp"].endswith("Z")
    assert set(hooks.states()) == {"DELIVERED"}
    assert {str(row.id) for row in hooks.rows()} == {
        each.headers["webhook-id"] for each in ear.heard
    }


def test_only_what_an_endpoint_wants_and_only_full_ones_hear_names(
    hooks: Hooks, ear: Receiver, people: People
) -> None:
    hooks.add(ear.url, types=("request.started",), modules=("OTHER",))
    hooks.add(ear.url, types=("request.started",), request_types=())
    hooks.add(ear.url, types=("request.approved",))
    hooks.add(ear.url, types=("request.started",), request_types=(CODE,), is_full=True)
    hooks.ask(module="PURCHASE")
    hooks.go()
    thin, full = sorted((each.said["data"] for each in ear.heard), key=len)
    assert "title" not in thin
    assert "Ana" not in json.dumps(thin)
    assert (full["title"], full["amount"]) == ("A chair", {"value": "120.00", "currency": "EUR"})
    assert full["requester"] == {"id": people.ana, "name": "Ana Example"}


def test_what_is_not_taken_comes_again_with_growing_pauses_and_then_waits_for_somebody(
    hooks: Hooks, ear: Receiver
) -> None:
    endpoint = hooks.add(ear.url, types=("request.started",))
    hooks.ask()
    ear.answer, ear.text = 500, b"<p>No\x00\xff" + b"x" * 5_000
    pauses = []
    for _ in range(8):
        hooks.go()
        (row,) = hooks.rows()
        pauses.append((row.due_at - hooks.rows("attempts", "id")[-1].at).total_seconds())
        hooks.hurry()
    assert pauses[:7] == sorted(pauses[:7])
    assert 5 <= pauses[0] < 7
    assert pauses[6] >= 15 * 3600
    assert (row.status, row.tries, row.last_status) == ("FAILED", 8, 500)
    assert len({each.headers["webhook-id"] for each in ear.heard}) == 1
    assert len({each.body for each in ear.heard}) == 1
    (shown, *_) = hooks.rows("attempts", "id")
    assert (shown.error, len(shown.answer)) == ("It answered 500.", 1_000)
    ear.answer = 204
    with hooks.app.app_context():
        webhooks.deliver_again(str(row.id), hooks.actor)
    hooks.go()
    assert (hooks.states(), len(hooks.rows("attempts", "id"))) == (["DELIVERED"], 9)
    assert hooks.rows("endpoints", "id")[0].failing_since is None
    assert endpoint == str(hooks.rows()[0].endpoint_id)


def test_a_receiver_that_is_away_is_left_alone_and_holds_nobody_up(
    hooks: Hooks, ear: Receiver, at_work: str
) -> None:
    with receiver() as gone:
        pass
    lost = hooks.add(gone.url, name="Away")
    hooks.ask()
    hooks.go()
    assert len(ear.heard) == 2
    rows = [row for row in hooks.rows() if str(row.endpoint_id) == lost]
    assert sorted(row.tries for row in rows) == [0, 1]
    (away,) = [row for row in hooks.rows("endpoints", "id") if str(row.id) == lost]
    assert (away.failures, away.state) == (1, "on")
    assert away.rest_until > away.failing_since
    hooks.do("UPDATE portal.webhook_deliveries SET since = now() - interval '30 hours'")
    hooks.outbox.tidy()
    assert sorted(hooks.states()) == ["DELIVERED", "DELIVERED", "FAILED", "FAILED"]


def test_a_receiver_may_ask_for_time_and_say_that_it_is_gone(hooks: Hooks, ear: Receiver) -> None:
    endpoint = hooks.add(ear.url, types=("request.started",))
    hooks.ask()
    ear.answer, ear.headers = 429, {"Retry-After": "1200"}
    hooks.go()
    (row,), (told,) = hooks.rows(), hooks.rows("attempts", "id")
    assert 1190 < (row.due_at - told.at).total_seconds() < 1300
    ear.answer = 410
    hooks.hurry()
    hooks.go()
    hooks.hurry()
    hooks.ask(number="CH-1002")
    assert hooks.go() == 0
    assert hooks.rows("endpoints", "id")[0].state == "gone"
    ear.answer = 200
    with hooks.app.app_context():
        webhooks.switch(endpoint, hooks.actor, on=True)
    hooks.go()
    assert hooks.states() == ["DELIVERED", "DELIVERED"]


def test_a_test_event_turns_an_endpoint_on_and_a_pause_lets_messages_gather(
    hooks: Hooks, ear: Receiver
) -> None:
    endpoint = hooks.add(ear.url, types=("request.started",))
    hooks.do("UPDATE portal.webhook_endpoints SET state = 'unverified'")
    hooks.ask()
    assert hooks.go() == 0
    with hooks.app.app_context():
        assert figures("")["webhooks_stopped"] == 0
    hooks.do("UPDATE portal.webhook_deliveries SET due_at = now() - interval '31 minutes'")
    with hooks.app.app_context():
        assert figures("")["webhooks_stopped"] == 1  # no silence: it waits for a test event
        with pytest.raises(HookRejected):
            webhooks.switch(endpoint, hooks.actor, on=True)
        assert webhooks.test(endpoint, hooks.actor) == webhooks.test(endpoint, hooks.actor)
    hooks.go()
    assert ear.types() == ["ping", "request.started"]
    with hooks.app.app_context():
        webhooks.switch(endpoint, hooks.actor, on=False)
    hooks.ask(number="CH-1002")
    assert hooks.go() == 0
    with hooks.app.app_context():
        webhooks.switch(endpoint, hooks.actor, on=True)
    assert hooks.go() == 1
    assert len(ear.heard) == 3


def test_after_a_rotation_both_secrets_sign_for_a_while(
    hooks: Hooks, ear: Receiver, at_work: str
) -> None:
    with hooks.app.app_context():
        anew = webhooks.rotate(hooks.rules, at_work, hooks.actor)
        with pytest.raises(HookRejected):
            webhooks.rotate(hooks.rules, at_work, hooks.actor)
        webhooks.test(at_work, hooks.actor)
    hooks.go()
    message = ear.heard[-1]
    assert message.signatures == message.signed_with(anew, hooks.secrets[at_work])
    with hooks.app.app_context():
        webhooks.end_old(at_work, hooks.actor)
        webhooks.test(at_work, hooks.actor)
    hooks.go()
    message = ear.heard[-1]
    assert message.signatures == message.signed_with(anew)
    kept = json.dumps([list(map(str, row)) for row in hooks.rows("endpoints", "id")])
    assert anew not in kept
    assert hooks.secrets[at_work] not in kept


def test_all_since_a_moment_are_delivered_again_and_a_removed_endpoint_hears_nothing(
    hooks: Hooks, ear: Receiver, at_work: str
) -> None:
    first = hooks.ask()
    second = hooks.ask(number="CH-1002")
    assert first.submitted_at is not None
    assert second.submitted_at is not None
    hooks.go()
    with hooks.app.app_context():
        count = webhooks.deliver_all_again(
            at_work, second.submitted_at, hooks.actor, only_failed=False
        )
        assert count == 2
    hooks.go()
    assert len(ear.heard) == 6
    hooks.ask(number="CH-1003")
    with hooks.app.app_context():
        webhooks.remove(at_work, hooks.actor)
    hooks.ask(number="CH-1004")
    assert hooks.go() == 0
    assert sorted(set(hooks.states())) == ["DELIVERED", "DROPPED"]
    assert len(hooks.states()) == 6


def test_a_batch_that_was_lost_is_taken_up_again(hooks: Hooks, ear: Receiver, at_work: str) -> None:
    hooks.ask()
    lost = hooks.outbox.next_batch()
    assert lost is not None
    assert hooks.go() == 0
    hooks.hurry()
    assert hooks.go() == 1
    hooks.send(lost)
    assert len(ear.heard) == 2


def test_settings_without_named_hosts_let_nothing_inside(
    settings: Settings, hooks: Hooks, ear: Receiver
) -> None:
    for url in ("http://localhost/x", "https://localhost/x", "http://example.org/x", "ftp://x/"):
        with hooks.app.app_context(), pytest.raises(HookRejected):
            hooks.add(url)
    assert settings.webhooks.allowed_hosts == ("127.0.0.1",)
