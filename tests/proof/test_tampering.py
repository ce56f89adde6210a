"""Whatever is done to the record by somebody with every right is found, and named."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from portal.domain.proof.acts import ActKind, ActRecord
from portal.models import chain
from portal.models.acts import record_act
from portal.models.columns import new_id
from portal.proof.sealing import NotSealed
from tests.domain.story import REQUEST
from tests.proof.conftest import Kept

Tamper = Callable[..., None]
MEND = """
UPDATE portal.requests r SET last_seq = e.seq, last_hash = e.hash FROM portal.audit_events e
WHERE e.request_id = r.id
    AND e.seq = (SELECT max(seq) FROM portal.audit_events x WHERE x.request_id = r.id)
"""
CUT = "DELETE FROM portal.audit_events WHERE seq >= 6"


def test_a_whole_record_is_whole(kept: Kept) -> None:
    found = kept.verify()
    assert found.problems == []
    assert found.counts["anchored"] > 5
    assert found.counts["projections"] == 1
    assert found.counts["acts"] == 1


def test_1_a_changed_row(kept: Kept, tamper: Tamper) -> None:
    tamper("UPDATE portal.audit_events SET actor = 'x' WHERE seq = 3")
    named = [str(each) for each in kept.verify().problems if each.kind == "changed"]
    assert named == ["PR-1, event 3: it was changed after it was recorded."]


def test_2_a_deleted_row(kept: Kept, tamper: Tamper) -> None:
    tamper("DELETE FROM portal.audit_events WHERE seq = 3")
    assert {"missing", "event_gone"} <= kept.kinds()


def test_3_a_cut_tail_with_the_row_mended(kept: Kept, tamper: Tamper) -> None:
    tamper(CUT, "DELETE FROM portal.audit_texts WHERE seq >= 6", MEND)
    gone = [each.seq for each in kept.verify().problems if each.kind == "event_gone"]
    assert gone == [6, 7][: len(gone)]
    assert gone


def test_4_a_chain_that_was_computed_anew(kept: Kept, tamper: Tamper) -> None:
    with kept.engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        rows = connection.execute(text("SELECT * FROM portal.audit_events ORDER BY seq"))
        previous = ""
        for row in rows.mappings().all():
            columns = {name: row[name] for name in chain.ChainLink.__slots__}
            columns["request_id"] = str(columns["request_id"])
            columns["command_id"] = columns["command_id"] and str(columns["command_id"])
            if row["seq"] == 3:
                columns["data"] = {**columns["data"], "why": "else"}
            digest = chain.next_hash(previous, chain.ChainLink(**columns))
            change = text(
                "UPDATE portal.audit_events SET prev_hash = :previous, hash = :hash,"
                " data = CAST(:data AS jsonb) WHERE seq = :seq"
            )
            values = {"previous": previous, "hash": digest, "seq": row["seq"]}
            connection.execute(change, values | {"data": chain.canonical(columns["data"])})
            previous = digest
    tamper(MEND)
    found = kept.verify().problems
    assert {each.seq for each in found if each.kind == "resealed"} >= {3, 4, 5}
    assert not {each.kind for each in found} & {"changed", "missing", "wrong_end"}


def test_4_a_chain_and_its_leaves_computed_anew(kept: Kept, tamper: Tamper) -> None:
    tamper("UPDATE portal.audit_leaves SET hash = repeat('0', 64) WHERE seq = 3")
    assert {"leaf_changed", "rewritten"} <= kept.kinds()


def test_5_a_request_that_was_deleted_completely(kept: Kept, tamper: Tamper) -> None:
    with kept.engine.connect() as connection:
        where = text(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'portal'"
            " AND column_name = 'request_id' AND table_name !~ 'workflow_history|audit_events_'"
        )
        tables = list(connection.scalars(where))
    everything = [f"DELETE FROM portal.{name} WHERE request_id = '{REQUEST}'" for name in tables]
    tamper(*everything, "DELETE FROM portal.requests")
    found = kept.verify().problems
    assert {each.kind for each in found} == {"event_gone"}
    assert {each.request_id for each in found} == {REQUEST}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("UPDATE portal.requests SET status = 'REJECTED'", "status"),
        ("UPDATE portal.requests SET title = 'Else'", "title"),
        ("UPDATE portal.requests SET amount = 1, currency = 'EUR'", "amount"),
        ("UPDATE portal.tasks SET decision = 'reject' WHERE decision = 'approve'", "decision"),
        ("UPDATE portal.tasks SET decided_by = assignee_id WHERE decision IS NULL", "decided_by"),
        ("UPDATE portal.comments SET text = 'Yes.'", "comment"),
        ("DELETE FROM portal.comments", "comment"),
        ("DELETE FROM portal.tasks WHERE decision = 'approve'", "task"),
        (
            "UPDATE portal.request_states SET state = jsonb_set(state, '{priority}', '\"LOW\"')",
            "kept state",
        ),
    ],
)
def test_6_a_flipped_status_or_decision(kept: Kept, tamper: Tamper, change: str, word: str) -> None:
    tamper(change)
    named = [str(each) for each in kept.verify().problems]
    assert named
    assert all(each.startswith("PR-1") for each in named)
    assert any(word in each for each in named)


def test_7_a_text_erased_without_its_act(kept: Kept, tamper: Tamper) -> None:
    tamper("UPDATE portal.audit_texts SET text = NULL, salt = '', erased_at = now()")
    assert "erased" in kept.kinds()


def test_a_text_erased_with_its_act_and_its_salt(kept: Kept) -> None:
    act_id = new_id()
    with kept.engine.begin() as connection:
        comment = text("SELECT seq, name FROM portal.audit_texts WHERE name = 'comment'")
        seq, name = connection.execute(comment).one()
        said = {"texts": [{"request": REQUEST, "seq": seq, "name": name}], "reason": "asked"}
        now = datetime.now(UTC)
        act = ActRecord(id=act_id, at=now, kind=ActKind.TEXT_ERASED, actor="system", data=said)
        record_act(connection, act)
        erase = text("SELECT portal.erase_text(:request, :seq, :name, :act)")
        given = {"request": REQUEST, "seq": seq, "name": name, "act": act_id}
        assert connection.scalar(erase, given) is True
        left = connection.execute(
            text("SELECT salt, text FROM portal.audit_texts WHERE name = 'comment'")
        ).one()
        assert tuple(left) == ("", None)
    assert kept.verify().problems == []


def test_8_an_event_slipped_in(kept: Kept, tamper: Tamper) -> None:
    tamper(
        "INSERT INTO portal.audit_events SELECT request_id, seq + 1, at, kind, tag, actor,"
        " on_behalf_of, command_id, data, hash, repeat('a', 64) FROM portal.audit_events"
        " WHERE seq = (SELECT max(seq) FROM portal.audit_events)"
    )
    assert {"unsealed", "wrong_end"} <= kept.kinds()


def test_9_a_queue_row_removed(kept: Kept, tamper: Tamper) -> None:
    with kept.engine.begin() as connection:
        act = ActRecord(id=new_id(), at=datetime.now(UTC), kind="held", actor="system")
        record_act(connection, act)
    assert kept.kinds() == set()
    tamper("DELETE FROM portal.audit_queue")
    assert kept.kinds() == {"unsealed"}
    kept.seal()
    assert kept.kinds() == {"unsealed"}


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("ALTER TABLE portal.audit_events DISABLE TRIGGER append_only", "trigger"),
        ("DROP TRIGGER queue_acts ON portal.audit_acts", "trigger"),
        ("ALTER TABLE portal.audit_events_default DISABLE TRIGGER ALL", "trigger"),
        (
            """CREATE OR REPLACE FUNCTION portal.append_only() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN RETURN NULL; END'""",
            "function",
        ),
        ("GRANT UPDATE ON portal.audit_events TO gloria_app", "right"),
    ],
)
def test_10_a_trigger_switched_off(kept: Kept, tamper: Tamper, change: str, kind: str) -> None:
    tamper(change)
    assert kept.kinds() == {kind}


def test_11_an_older_backup_put_back(kept: Kept, tamper: Tamper) -> None:
    tamper(
        "DELETE FROM portal.audit_leaves WHERE number >= 4",
        "DELETE FROM portal.audit_checkpoints",
        "DELETE FROM portal.audit_acts",
        CUT,
        MEND,
    )
    named = [str(each) for each in kept.verify().problems if each.kind == "older"]
    assert "an older backup was restored" in named[0]
    with pytest.raises(NotSealed, match="put back to an older state"):
        kept.seal()


def test_11_an_older_backup_that_grew_past_the_checkpoint(kept: Kept, tamper: Tamper) -> None:
    tamper("UPDATE portal.audit_leaves SET hash = repeat('1', 64) WHERE number = 5")
    with pytest.raises(NotSealed, match="not the one that was signed"):
        kept.seal()


def test_an_act_that_was_changed_or_is_gone(kept: Kept, tamper: Tamper) -> None:
    tamper("UPDATE portal.audit_acts SET actor = 'x'")
    assert kept.kinds() == {"act_changed"}
    tamper("DELETE FROM portal.audit_acts")
    assert kept.kinds() == {"act_gone"}


def test_a_checkpoint_that_nobody_signed(kept: Kept) -> None:
    note = kept.log.note()
    assert note is not None
    wrong = note.replace("\n\n", "\n\n", 1)[:-8] + "AAAAAA=\n"
    named = [each.kind for each in kept.verify(("a file", wrong)).problems]
    assert named == ["checkpoint"]
