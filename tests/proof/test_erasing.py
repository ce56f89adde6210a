"""Texts and files of a closed request are erased with all that was made of them; the rest proves
as before."""

import io
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from portal.domain.proof.retention import Kept as Part
from portal.models.columns import new_id
from portal.models.states import kept_state
from portal.proof import erasing, pack
from portal.proof.erasing import Erased, ErasedBy, NotErasable
from tests.domain.story import REQUEST
from tests.proof.conftest import Kept

BY = ErasedBy("system", "asked", "The person asked for it.")
BOTH = frozenset(Part)
CLOSE = "UPDATE portal.requests SET closed_at = now() - interval '2 days'"
# Where words of people could be left, as one text.
EVERYWHERE = text("""
SELECT string_agg(words, ' ') FROM (
    SELECT to_jsonb(r)::text AS words FROM portal.requests r UNION ALL
    SELECT to_jsonb(s)::text FROM portal.request_states s UNION ALL
    SELECT to_jsonb(t)::text FROM portal.tasks t UNION ALL
    SELECT to_jsonb(c)::text FROM portal.comments c UNION ALL
    SELECT to_jsonb(c)::text FROM portal.commands c UNION ALL
    SELECT to_jsonb(n)::text FROM portal.notifications n UNION ALL
    SELECT to_jsonb(a)::text FROM portal.attachments a UNION ALL
    SELECT to_jsonb(t)::text FROM portal.audit_texts t UNION ALL
    SELECT to_jsonb(e)::text FROM portal.audit_events e
) all_of_it
""")


def said(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(EVERYWHERE))


def attach(kept: Kept) -> tuple[str, str]:
    """Close the request, with a file; its title, and the file's id."""
    add = text(
        "INSERT INTO portal.attachments"
        " (id, form_id, owner_id, request_id, field, name, content_type, size, sha256)"
        " SELECT :id, :id, requester_id, id, 'f', 'Quote of Größe.pdf', 'application/pdf', 1,"
        " repeat('0', 64) FROM portal.requests"
    )
    file_id = new_id()
    with kept.engine.begin() as connection:
        connection.execute(text(CLOSE))
        connection.execute(add, {"id": file_id})
        return str(connection.scalar(text("SELECT title FROM portal.requests"))), file_id


def test_words_go_and_the_record_stays_whole(kept: Kept, as_portal: Engine, tmp_path: Path) -> None:
    title, file_id = attach(kept)
    before = said(kept.engine)
    assert title in before
    assert "Größe" in before
    with as_portal.begin() as connection:
        found = erasing.erase(connection, REQUEST, BOTH, BY)
        assert found.texts >= 2
        assert found.files == (file_id,)
    after = said(kept.engine)
    assert title not in after
    assert "Größe" not in after
    with as_portal.begin() as connection:
        assert erasing.erase(connection, REQUEST, BOTH, BY) == Erased()
        assert kept_state(connection, REQUEST).content.title == "(erased)"
        salts = connection.scalars(text("SELECT salt FROM portal.audit_texts")).all()
        assert set(salts) == {""}
    kept.seal()
    # The row's own time was turned back above.
    problems = [str(each) for each in kept.verify().problems if "closed_at" not in str(each)]
    assert problems == []
    _packed(kept, tmp_path)


def _packed(kept: Kept, folder: Path) -> None:
    """A pack of it holds, and says what was erased and why."""
    with kept.engine.connect() as connection:
        body = pack.pack(connection, kept.log, REQUEST)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        archive.extractall(folder / "pack")
        assert b"The person asked for it." in archive.read("acts.json")
        assert b'"text": null' in archive.read("texts.json")
    done = subprocess.run(
        [sys.executable, str(folder / "pack" / "verify.py")],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_nothing_open_or_held_is_erased(kept: Kept, as_portal: Engine) -> None:
    hold = text(
        "INSERT INTO portal.legal_holds (id, scope, subject, label, reason, placed_by)"
        " SELECT :id, 'person', user_id::text, 'x', 'y', user_id FROM portal.participants LIMIT 1"
    )
    retention = text("UPDATE portal.request_types SET texts_days = 1")
    with kept.engine.begin() as connection:
        connection.execute(text("UPDATE portal.requests SET closed_at = NULL"))
        connection.execute(retention)
    refused(as_portal)
    with kept.engine.begin() as connection:
        connection.execute(text(CLOSE))
        connection.execute(hold, {"id": new_id()})
    refused(as_portal)
    with as_portal.begin() as connection:
        assert erasing.erase_due(connection, REQUEST, BY) == Erased()


HOLD = text(
    "INSERT INTO portal.legal_holds (id, scope, subject, label, reason, placed_by)"
    " SELECT :id, 'request', id::text, 'x', 'y', requester_id FROM portal.requests"
)


def test_a_hold_placed_while_texts_go_keeps_them(kept: Kept, as_portal: Engine) -> None:
    """Whoever placed it first keeps the texts, however the erasure was begun; one that comes later
    waits until they are gone."""
    attach(kept)
    title = kept_title(kept.engine)
    with kept.engine.begin() as placing, as_portal.connect() as erasing_by:
        placing.execute(HOLD, {"id": new_id()})  # not committed: nobody else can see it
        pid = erasing_by.scalar(text("SELECT pg_backend_pid()"))
        erasing_by.execute(text(SAID), {"id": str(ACT), "texts": said_texts(kept.engine)})
        with ThreadPoolExecutor(1) as other:
            gone = other.submit(erasing_by.execute, erasing.ERASE, {"id": REQUEST, "act": ACT})
            wait_for_lock(kept.engine, int(pid or 0))
            placing.commit()
            with pytest.raises(DBAPIError, match="legal hold"):
                gone.result(60)
    assert kept_title(kept.engine) == title


SAID = """
INSERT INTO portal.audit_acts (id, at, kind, actor, data, salt, hash)
VALUES (:id, now(), 'text_erased', 'system', jsonb_build_object('texts', CAST(:texts AS jsonb)), '',
    '')
"""
ACT = UUID(int=1)
ALL_TEXTS = text(
    "SELECT jsonb_agg(jsonb_build_object('request', request_id, 'seq', seq, 'name', name))::text"
    " FROM portal.audit_texts"
)
WAITS = text("SELECT EXISTS (SELECT FROM pg_locks WHERE pid = :pid AND NOT granted)")


def said_texts(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(ALL_TEXTS))


def kept_title(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return connection.scalar(text("SELECT string_agg(text, ' ') FROM portal.audit_texts"))


def wait_for_lock(engine: Engine, pid: int) -> None:
    for _try in range(6000):
        with engine.connect() as connection:
            if connection.scalar(WAITS, {"pid": pid}):
                return
        threading.Event().wait(0.01)
    raise AssertionError("it does not wait for the hold")


def refused(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(NotErasable):
        erasing.erase(connection, REQUEST, BOTH, BY)
