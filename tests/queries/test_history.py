"""The list of all requests that somebody may see."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.domain.request.state import Status
from portal.queries import history
from portal.queries.history import Filters, HistoryCursor, HistoryRow
from portal.queries.request import Reader
from tests.queries.conftest import REQUESTERS, REQUESTS, Crowd

NOW = datetime.now(UTC)


def everything(crowd: Crowd) -> Reader:
    return Reader(crowd.people.olga, reads_all=True)


def older(reader: Reader, filters: Filters, limit: int = 1000) -> list[HistoryRow]:
    """Page after page, up to so many rows."""
    found: list[HistoryRow] = []
    before: HistoryCursor | None = None
    while len(found) < limit:
        page = history.page(reader, filters, before=before)
        found += page.rows
        before = page.older
        if before is None:
            break
    return found


def test_pages_neither_skip_nor_repeat(crowd: Crowd) -> None:
    rows = older(everything(crowd), Filters(), REQUESTS + 1)
    assert len({row.id for row in rows}) == len(rows) == REQUESTS
    assert [row.submitted_at for row in rows] == sorted(
        (row.submitted_at for row in rows), reverse=True
    )


def test_going_back_shows_the_same_pages(crowd: Crowd) -> None:
    reader = everything(crowd)
    first = history.page(reader, Filters())
    second = history.page(reader, Filters(), before=first.older)
    back = history.page(reader, Filters(), after=second.newer)
    assert back.rows == first.rows
    assert back.newer is None
    assert history.page(reader, Filters(), before=back.older).rows == second.rows


def test_everybody_else_sees_only_what_they_take_part_in(crowd: Crowd) -> None:
    ana = older(Reader(crowd.people.ana), Filters(), REQUESTS)
    assert len(ana) == REQUESTS // REQUESTERS
    assert {row.requester_name for row in ana} == {"Person 0"}
    assert older(Reader(crowd.people.eve), Filters()) == []


@pytest.mark.parametrize("reads_all", [True, False])
def test_filters_narrow_together(crowd: Crowd, reads_all: bool) -> None:
    reader = Reader(crowd.people.ana, reads_all)
    since = NOW - timedelta(days=9)
    filters = Filters(
        status=Status.APPROVED, type_code="tables", requesters=(crowd.people.ana,), since=since,
        until=NOW - timedelta(days=1), text="beech pie",
    )  # fmt: skip
    rows = older(reader, filters)
    assert rows
    for row in rows:
        assert (row.status, row.type_name) == ("APPROVED", "Tables")
        assert since <= row.submitted_at < NOW - timedelta(days=1)


@pytest.mark.parametrize("text", ["MA-4711", "ma-4711", "4711", "ma 4711", "piece 4711"])
def test_a_number_is_found_however_it_is_written(crowd: Crowd, text: str) -> None:
    rows = older(everything(crowd), Filters(text=text))
    assert [row.number for row in rows] == ["MA-4711"]


def test_a_number_may_be_its_beginning(crowd: Crowd) -> None:
    rows = older(everything(crowd), Filters(text="MA-47"))
    assert {row.number[:5] for row in rows} == {"MA-47"}
    assert len(rows) == 111


@pytest.mark.parametrize("text", ["'", '"', ";", "--", "a", "<>", "& | !", ":*", "\\"])
def test_signs_are_no_failure(crowd: Crowd, text: str) -> None:
    assert older(everything(crowd), Filters(text=text)) == []
    older(everything(crowd), Filters(text=f"oak {text}"))


def test_people_are_found_by_a_part_of_their_name(crowd: Crowd) -> None:
    assert history.people_named("cleo") == (crowd.people.cleo,)
    assert history.people_named("%") == ()


def test_the_export_ends_somewhere(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "EXPORT_LIMIT", 70)
    assert len(history.export(everything(crowd), Filters())) == 70
