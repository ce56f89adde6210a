"""The personal data of somebody who left go; what they decided stays, and proves as before."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from portal.domain.proof.acts import ActKind, ActRecord
from portal.domain.proof.retention import Bar
from portal.models.acts import record_act
from portal.models.columns import new_id
from portal.proof import forgetting, pack
from portal.proof.erasing import ErasedBy
from portal.proof.forgetting import NotForgettable
from tests.activities.retold import KNOWN
from tests.domain.story import REQUEST
from tests.proof.conftest import Kept

ANA = KNOWN["ana"]
NAME, ADDRESS, MAIL = "Ana Größe-Ruiz", "203.0.113.77", "ana.ruiz@example.net"
BY = ErasedBy("system", "asked", "The person asked for it.")
TABLES = text("""
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'portal' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
""")
LEAVES = f"""
UPDATE portal.users SET name = '{NAME}', email = '{MAIL}', employee_no = 'E-77', is_active = false,
    job_title = 'Buyer {NAME}' WHERE id = '{ANA}';
UPDATE portal.requests SET closed_at = now() - interval '2 days';
UPDATE portal.commands SET ip = '{ADDRESS}' WHERE actor_id = '{ANA}';
UPDATE portal.tasks SET why = jsonb_build_object('who', '{NAME}') WHERE assignee_id = '{ANA}';
UPDATE portal.requests SET requester_name = '{NAME}' WHERE requester_id = '{ANA}';
UPDATE portal.notifications SET text = '{NAME} approved. ' || text,
    said = jsonb_build_object('actor', '{NAME}');
INSERT INTO portal.sign_ins (id, user_id, how, went, ip, user_agent)
    VALUES (gen_random_uuid(), '{ANA}', 'password', 'in', '{ADDRESS}', 'Browser of Ana');
INSERT INTO portal.people_changes (id, person_id, kind, data, note)
    VALUES (gen_random_uuid(), '{ANA}', 'details', jsonb_build_object('name', '{NAME}'), '{NAME}');
INSERT INTO portal.sessions (id, token_hash, user_id, ip, last_seen_at, confirmed_at)
    VALUES (gen_random_uuid(), 'x', '{ANA}', '{ADDRESS}', now(), now());
"""
HOLD = f"""
INSERT INTO portal.legal_holds (id, scope, subject, label, reason, placed_by)
    VALUES (gen_random_uuid(), 'request', '{REQUEST}', 'x', 'y', '{ANA}')
"""


@pytest.fixture
def left(kept: Kept) -> Kept:
    """Ana left; much is kept about her, and sealed."""
    with kept.engine.begin() as connection:
        connection.execute(text(LEAVES))
        for kind, actor, subject in (
            (ActKind.SIGNED_IN, ANA, ANA),
            (ActKind.PERSON_CHANGED, "system", ANA),
        ):
            record_act(connection, act_of(kind, actor, subject))
    kept.seal()
    return kept


def act_of(kind: ActKind, actor: str, subject: str) -> ActRecord:
    return ActRecord(
        id=new_id(), at=datetime.now(UTC), kind=kind, actor=actor, address=ADDRESS,
        subject=subject, data={"before": {"name": NAME}, "after": {"email": MAIL}},
    )  # fmt: skip


def everything(engine: Engine) -> str:
    """Every row of every table, as one text."""
    with engine.connect() as connection:
        rows = (
            connection.scalars(text(f"SELECT to_jsonb(t)::text FROM portal.{name} t")).all()
            for name in connection.scalars(TABLES).all()
        )
        return " ".join(each for some in rows for each in some)


def forget(engine: Engine, act_id: str = "") -> forgetting.Forgotten | None:
    with engine.begin() as connection:
        return forgetting.forget(connection, ANA, act_id or new_id(), BY, ("en",))


def problems(kept: Kept) -> list[str]:
    # The requests' own times were turned back above, and words put into tasks.
    return [str(each) for each in kept.verify().problems if "closed_at" not in str(each)]


def test_a_person_goes_and_the_record_stays_whole(
    left: Kept, as_portal: Engine, tmp_path: Path
) -> None:
    before = everything(left.engine)
    for word in (NAME, MAIL, "E-77", ADDRESS, "Browser of Ana"):
        assert word in before
    found = forget(as_portal)
    assert found is not None
    assert found.label == "Former member 1"
    after = everything(left.engine)
    for word in (NAME, MAIL, "E-77", ADDRESS, "Browser of Ana"):
        assert word not in after
    assert "Former member 1 approved." in after
    assert forget(as_portal) is None  # once is enough
    left.seal()
    assert problems(left) == []
    _packed(left, tmp_path)
    with left.engine.connect() as connection:
        acts = text("SELECT data::text FROM portal.audit_acts WHERE kind = 'person_erased'")
        (said,) = connection.scalars(acts).all()
    assert NAME not in said
    assert json.loads(said)["after"]["label"] == "Former member 1"


def _packed(kept: Kept, folder: Path) -> None:
    """A pack that is made later holds, and names nobody."""
    with kept.engine.connect() as connection:
        body = pack.pack(connection, kept.log, REQUEST)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        archive.extractall(folder / "pack")
        assert all(b"Ruiz" not in archive.read(name) for name in archive.namelist())
        assert b"Former member 1" in archive.read("decisions.json")
    done = subprocess.run(
        [sys.executable, str(folder / "pack" / "verify.py")],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("statement", "bar"),
    [
        (f"UPDATE portal.users SET is_active = true WHERE id = '{ANA}'", Bar.ACTIVE),
        (HOLD, Bar.HELD),
        ("UPDATE portal.tasks SET status = 'OPEN'", Bar.OPEN),
    ],
)
def test_nobody_active_open_or_held_is_erased(
    left: Kept, as_portal: Engine, statement: str, bar: Bar
) -> None:
    with left.engine.begin() as connection:
        connection.execute(text(statement))
    with pytest.raises(NotForgettable) as caught:
        forget(as_portal)
    assert bar in caught.value.bars
    assert NAME in everything(left.engine)
    direct = text("SELECT portal.erase_person(CAST(:id AS uuid), gen_random_uuid())")
    with as_portal.begin() as connection, pytest.raises(DBAPIError, match="only of who left"):
        connection.execute(direct, {"id": ANA})


def test_an_act_that_was_emptied_without_one_that_says_so_is_named(
    left: Kept, tamper: Callable[..., None]
) -> None:
    tamper("UPDATE portal.audit_acts SET data = '{}', address = NULL, salt = '' "
           "WHERE kind = 'signed_in'")  # fmt: skip
    assert "act_erased" in left.kinds()
