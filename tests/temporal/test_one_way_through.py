"""The whole way: a click, a command row, a signal, the workflow, the record, and its answer."""

import pytest

from tests.temporal.office import Desk

pytestmark = pytest.mark.temporal


def test_submit_and_two_approvals(desk: Desk, worker: None) -> None:
    assert desk.issue(desk.submit()).outcome == "applied"
    assert desk.issue(desk.decide(desk.office.ana)).outcome == "applied"
    assert desk.status() == "PENDING"
    assert desk.issue(desk.decide(desk.office.ben, opening=2)).outcome == "applied"
    assert desk.status() == "APPROVED"
