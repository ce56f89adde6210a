"""Each view of one's own requests is read from an index, whatever the size of the table."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from portal.extensions import db
from portal.models.columns import new_id
from portal.queries import my_requests, request_types
from portal.queries.my_requests import MyRequestsView
from tests.queries.conftest import take_your_time
from tests.web import People

pytestmark = pytest.mark.plans

FILL = text("""
INSERT INTO portal.requests (id, number, type_code, type_name, policy_version_id, requester_id,
    requester_name, title, fields, meta, priority, status, round, content_version, content_hash,
    last_seq, last_hash, submitted_at, updated_at, closed_at)
SELECT gen_random_uuid(), 'X-' || n, CASE WHEN n % 4 = 0 THEN 'chairs' ELSE 'desks' END, 'Any',
    CAST(:version AS uuid), CAST(CASE WHEN n % 50 = 0 THEN :ana ELSE :eve END AS uuid), 'Any',
    'Chair', '{}', '{}', 'MEDIUM',
    CASE WHEN n % 3 = 0 THEN 'PENDING' ELSE 'APPROVED' END, 1, 1, '0', 1, '0',
    now() - n * interval '1 minute', now(), CASE WHEN n % 3 = 0 THEN NULL ELSE now() END
FROM generate_series(1, 15000) AS n
""")


@pytest.fixture
def crowd(app: Flask, people: People, kind: dict[str, str]) -> Iterator[People]:
    """Fifteen thousand requests, of which three hundred are Ana's."""
    with app.app_context():
        values = {"version": kind["policy_version"], "ana": people.ana, "eve": people.eve}
        take_your_time(db.session.connection())
        db.session.execute(FILL, values)
        db.session.commit()
        db.session.execute(text("ANALYZE portal.requests"))
        yield people


def plan(statement: Any, **values: Any) -> str:
    inline = statement.params(**values).compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )
    return "\n".join(row[0] for row in db.session.execute(text(f"EXPLAIN {inline}")))


def test_no_view_reads_the_table(crowd: People) -> None:
    for view in (MyRequestsView.OPEN, MyRequestsView.CLOSED, MyRequestsView.ALL):
        for values in ({}, {"before": new_id()}):
            statement = my_requests._statement(view, bool(values))
            found = plan(statement, person=crowd.ana, **values)
            assert "Seq Scan on requests" not in found, found
            index = (
                "open_of_requester" if view is MyRequestsView.OPEN else "requester_id_submitted_at"
            )
            assert f"ix_requests_{index}" in found, found


def test_the_first_page_is_the_newest(crowd: People) -> None:
    rows, following = my_requests.page(crowd.ana, MyRequestsView.OPEN)
    assert len(rows) == my_requests.PAGE == 50
    assert following == rows[-1].id
    assert [row.submitted_at for row in rows] == sorted(
        (row.submitted_at for row in rows), reverse=True
    )


def test_the_usual_duration_is_the_median_of_the_newest(crowd: People) -> None:
    found = plan(request_types._choices())
    assert "ix_requests_type_code_submitted_at" in found, found
    (choice,) = request_types.choices()
    assert choice.typical is not None
    assert choice.typical.total_seconds() > 0
