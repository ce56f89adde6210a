"""Whole requests go with their month, once they are due, nothing holds them, and an anchor has the
act: verification accepts exactly that, and finds whatever is missing beside it."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, insert, text
from sqlalchemy.exc import DBAPIError

from portal.domain.proof.acts import ActKind, ActRecord
from portal.domain.proof.removal import Month, MonthBar
from portal.models import AuditAnchor
from portal.models.acts import record_act
from portal.models.columns import new_id
from portal.models.removals import removals_numbered
from portal.proof import erasing, pack, removing
from portal.proof.erasing import ErasedBy
from portal.proof.packed import PackedPeriod
from portal.proof.removing import Gone, NoPack, NotRemovable
from portal.queries import audit_chain
from tests.domain.story import REQUEST
from tests.proof.conftest import OTHER, Kept, close, tell

Tamper = Callable[..., None]
JANUARY, FEBRUARY = (Month(date(2026, number, 1)) for number in (1, 2))
LATER = "0192aaaa-0000-7000-8000-00000000000c"
BY = ErasedBy("system", "asked", "It is over.")
# What stays of a request that was removed: leaves, the index, hashes of erased texts.
STAYING = {"audit_texts", "audit_events", "audit_events_2026_02"}
HOLD_PEOPLE = """
INSERT INTO portal.legal_holds (id, scope, subject, label, reason, placed_by)
SELECT DISTINCT ON (p.user_id) gen_random_uuid(), 'person', p.user_id::text, 'x', 'y', p.user_id
FROM portal.participants p
"""
ACT = text("SELECT id::text FROM portal.audit_acts WHERE kind = 'records_dropped'")
STATE = f"""
INSERT INTO portal.request_states (request_id, seq, shape, state)
SELECT '{REQUEST}', seq, shape, state FROM portal.request_states LIMIT 1
"""
DUE = "UPDATE portal.request_types SET requests_days = 30"


@pytest.fixture
def three(kept: Kept) -> Kept:
    """One request of January, one from January into February, and one of February."""
    with kept.engine.begin() as connection:
        close(connection)
        tell(connection, OTHER, "PR-2", waits=35)
        close(connection, OTHER, "PR-2", waits=35)
        tell(connection, LATER, "PR-3", begins=35)
        close(connection, LATER, "PR-3", begins=35)
        connection.execute(text(DUE))
    kept.seal()
    return kept


def take_pack(kept: Kept, month: Month) -> bytes:
    """As an administrator does: the pack of the month, and the act of it."""
    with kept.engine.connect() as connection:
        period = PackedPeriod(month.begins, month.ends)
        body, found = pack.pack_period(connection, kept.log, period)
        connection.rollback()
        with connection.begin():
            record_act(connection, ActRecord(
                id=new_id(), at=datetime.now(UTC), kind=ActKind.EXPORTED, actor="system",
                data=pack.told(found, body),
            ))  # fmt: skip
    return body


def anchor(kept: Kept) -> None:
    """Seal what waits, and keep the checkpoint outside."""
    kept.seal()
    point = kept.log.checkpoint()
    assert point is not None
    row = {"id": new_id(), "kind": "folder", "size": point.size, "anchored_at": datetime.now(UTC)}
    with kept.engine.begin() as connection:
        connection.execute(insert(AuditAnchor), row)


def begin(engine: Engine, month: Month = JANUARY) -> int:
    with engine.begin() as connection:
        return removing.begin(connection, month, BY, datetime.now(UTC))


def go_on(engine: Engine) -> Gone:
    return removing.go_on(engine, BY, lambda: 0, lambda: None)


def drop(kept: Kept, as_portal: Engine) -> None:
    """All of it."""
    anchor(kept)
    take_pack(kept, JANUARY)
    begin(as_portal)
    anchor(kept)
    assert go_on(as_portal) == Gone(2, 1, 0)


def left_of(connection: Connection, request_id: str) -> set[str]:
    """Tables that name a request."""
    where = text(
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'portal'"
        " AND column_name = 'request_id'"
    )
    rows = "SELECT EXISTS (SELECT FROM portal.{} WHERE CAST(request_id AS text) = :id)"
    return {
        name for name in connection.scalars(where).all()
        if connection.scalar(text(rows.format(name)), {"id": request_id})
    }  # fmt: skip


def test_a_month_goes_step_by_step_and_everything_else_verifies(
    three: Kept, as_portal: Engine, tmp_path: Path
) -> None:
    with pytest.raises(NotRemovable, match="no_anchor"):
        begin(as_portal)
    anchor(three)
    with pytest.raises(NoPack):
        begin(as_portal)
    before = take_pack(three, JANUARY)
    assert begin(as_portal) == 2
    assert go_on(as_portal) == Gone()  # no anchor has the act yet
    assert three.verify().problems == []
    anchor(three)
    _breaks_off(three, as_portal)
    assert go_on(as_portal) == Gone(1, 1, 0)
    assert go_on(as_portal) == Gone()
    _is_gone(as_portal)
    three.seal()
    found = three.verify()
    assert found.problems == []
    assert found.counts["removed"] >= 8
    _packs_hold(three, before, tmp_path)
    # The rest of the request that reached into February goes with February.
    begin(as_portal, FEBRUARY)
    anchor(three)
    assert go_on(as_portal) == Gone(1, 1, 0)
    assert three.verify().problems == []


def _breaks_off(three: Kept, as_portal: Engine) -> None:
    """Behind the first request."""
    with as_portal.begin() as connection:
        erasing.erase_due(connection, REQUEST, BY)
    with as_portal.begin() as connection:
        act = connection.scalar(ACT)
        assert connection.scalar(removing.REMOVE, {"id": REQUEST, "act": act})
    assert three.verify().problems == []


def _is_gone(as_portal: Engine) -> None:
    """January, with the two requests that had events in it, and nothing else."""
    with as_portal.connect() as connection:
        assert JANUARY not in removing.months(connection)
        assert left_of(connection, REQUEST) <= STAYING
        assert left_of(connection, OTHER) <= STAYING
        assert "tasks" in left_of(connection, LATER)
        assert audit_chain.verify(connection) == []
        (said,) = removals_numbered(connection, "PR-2")
    assert (said.type_code, said.days, said.is_dropped) == ("purchase", 30, True)


def _packs_hold(three: Kept, before: bytes, folder: Path) -> None:
    """The one taken before, that of the request that is left, and that of the month of the gap."""
    with three.engine.connect() as connection:
        of_one = pack.pack(connection, three.log, LATER)
    after = take_pack(three, FEBRUARY)
    for name, body in {"before": before, "one": of_one, "after": after}.items():
        unpacked(body, folder / name)


def unpacked(body: bytes, folder: Path) -> None:
    """The pack holds by itself."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        archive.extractall(folder)
    done = subprocess.run(
        [sys.executable, str(folder / "verify.py")],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        # The first is of a request that was removed: what it has in February must be there.
        (f"DELETE FROM portal.audit_events WHERE request_id = '{OTHER}'", {"event_gone"}),
        (
            f"DELETE FROM portal.audit_events WHERE request_id = '{LATER}' AND seq = 3",
            {"event_gone", "missing", "unreadable"},
        ),
        ("DELETE FROM portal.audit_acts WHERE kind = 'records_dropped'", {"act_gone"}),
        (
            STATE,
            {"row_added"},
        ),
    ],
)
def test_what_is_missing_beside_a_dropped_month_is_found(
    three: Kept, as_portal: Engine, tamper: Tamper, change: str, kinds: set[str]
) -> None:
    drop(three, as_portal)
    assert three.kinds() == set()
    tamper(change)
    assert kinds <= three.kinds()


def test_events_of_a_month_that_is_to_go_must_be_there_until_it_does(
    three: Kept, as_portal: Engine, tamper: Tamper
) -> None:
    anchor(three)
    take_pack(three, JANUARY)
    begin(as_portal)
    anchor(three)
    tamper(f"DELETE FROM portal.audit_events WHERE request_id = '{REQUEST}' AND seq = 3")
    assert "event_gone" in three.kinds()


def test_the_owners_functions_look_for_themselves(three: Kept, as_portal: Engine) -> None:
    anchor(three)
    take_pack(three, JANUARY)
    begin(as_portal)
    with as_portal.connect() as connection:
        act = connection.scalar(ACT)
    refused(as_portal, f"SELECT portal.remove_request('{REQUEST}', '{act}')", "anchor has the act")
    refused(as_portal, "SELECT portal.drop_audit_month('2026-01-01')", "not to be dropped")
    anchor(three)
    refused(as_portal, f"SELECT portal.remove_request('{LATER}', '{act}')", "anchor has the act")
    refused(as_portal, f"SELECT portal.remove_request('{REQUEST}', '{act}')", "are still there")
    with three.engine.begin() as connection:
        connection.execute(text(HOLD_PEOPLE))
    # The hold on each of the two keeps them, and so the month.
    assert go_on(as_portal).months == 0
    refused(as_portal, f"SELECT portal.remove_request('{REQUEST}', '{act}')", "legal hold")
    refused(as_portal, "SELECT portal.drop_audit_month('2026-01-01')", "not to be dropped")
    with as_portal.connect() as connection:
        kept = removing.examine(connection, JANUARY)
    assert kept.bars(datetime.now(UTC)) == (MonthBar.HELD,)
    with three.engine.begin() as connection:
        connection.execute(text("UPDATE portal.legal_holds SET lifted_at = now(),"
                                " lifted_by = placed_by"))  # fmt: skip
        connection.execute(text("UPDATE portal.request_types SET requests_days = NULL"))
    refused(as_portal, f"SELECT portal.remove_request('{REQUEST}', '{act}')", "has not ended")
    with three.engine.begin() as connection:
        connection.execute(text(DUE))
    assert go_on(as_portal) == Gone(2, 1, 0)


def refused(engine: Engine, statement: str, why: str) -> None:
    with engine.begin() as connection, pytest.raises(DBAPIError, match=why):
        connection.execute(text(statement))
