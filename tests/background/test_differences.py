"""How a request and what runs for it differ: every combination has one answer."""

from hypothesis import given
from hypothesis import strategies as st

from portal.background.differences import (
    REPAIRED,
    Kind,
    RecordedRow,
    Report,
    WorkflowFinding,
    difference,
)
from portal.domain.request.state import OPEN, Status
from portal.temporal.running import Running

QUEUE = "ours"

rows = st.builds(
    RecordedRow,
    id=st.just("00000000-0000-7000-8000-000000000001"),
    number=st.just("PR-1"),
    workflow=st.just("approval"),
    status=st.sampled_from([each.value for each in Status]),
    seq=st.integers(1, 5),
    is_given_back=st.booleans(),
    is_late=st.booleans(),
)
runs = st.builds(
    Running,
    workflow_id=st.just("approval-00000000-0000-7000-8000-000000000001"),
    run_id=st.just("run"),
    queue=st.sampled_from([QUEUE, "theirs"]),
    place=st.none() | st.integers(1, 5),
    problems=st.sampled_from([(), ("category=WorkflowTaskFailed",)]),
)


@given(st.none() | rows, st.none() | runs)
def test_nothing_is_put_right_that_does_not_contradict_the_record(
    row: RecordedRow | None, run: Running | None
) -> None:
    kind = difference(row, run, QUEUE)
    if row is None:
        assert kind is (Kind.UNKNOWN if run else None)
    elif row.is_given_back:
        assert kind is None
    else:
        is_open = row.status in {each.value for each in OPEN}
        tells_another = run is not None and run.place not in (None, row.seq)
        contradicts = (run is None) is is_open or (is_open and tells_another)
        assert (kind in REPAIRED) is contradicts


@given(rows, runs)
def test_a_workflow_that_is_where_the_record_is_and_well_is_no_difference(
    row: RecordedRow, run: Running
) -> None:
    is_well = run.queue == QUEUE and not run.problems and run.place in (None, row.seq)
    if row.is_open and is_well:
        assert difference(row, run, QUEUE) is None


@given(st.sampled_from(Kind), rows, st.none() | runs)
def test_every_finding_has_its_sentence_and_counts_as_left_until_it_is_put_right(
    kind: Kind, row: RecordedRow, run: Running | None
) -> None:
    found = WorkflowFinding(kind, "w", row, run, detail="100 % of it")
    assert found.sentence.endswith((".", "100 % of it"))
    data = Report(findings=[found, found.became("started")]).as_data()
    assert (data["found"], data["left"]) == (2, 1)
