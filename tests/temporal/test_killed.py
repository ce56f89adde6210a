"""A worker killed between commit and answer, with SIGKILL, and another that takes over."""

import pytest

from tests.temporal.office import Desk, until
from tests.temporal.serving import worker_inside, worker_process

pytestmark = pytest.mark.temporal

DYING = ("-m", "tests.temporal.dying_worker")


@pytest.mark.slow
def test_killed_after_recording_a_decision(desk: Desk) -> None:
    with worker_inside(desk.settings):
        desk.issue(desk.submit())
    approve = desk.decide(desk.office.ana)
    with worker_process(desk.settings, *DYING, DIES_AFTER="TaskAssigned") as dying:
        desk.store(approve)
        dying.wait(120)
    before = desk.events()
    assert before.count("TaskDecided") == 1
    rejection = desk.decide(desk.office.ben, opening=2, approve=False)
    desk.store(rejection)
    with worker_process(desk.settings):
        # The server waits for the dead worker's answer (10 s) before it asks another.
        until(lambda: desk.row(rejection).outcome, 30)
    assert desk.row(rejection).outcome == "applied"
    assert desk.events()[: len(before)] == before
    assert desk.events().count("TaskDecided") == 2
    assert desk.status() == "REJECTED"
