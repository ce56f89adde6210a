"""What was so from when until when: each change is kept, in ranges that meet and never overlap."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from sqlalchemy import (
    Connection,
    Engine,
    Row,
    create_engine,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, ProgrammingError

from portal.config import Settings
from portal.models import (
    Group,
    GroupHistory,
    GroupMember,
    GroupMemberHistory,
    RequestType,
    TypeHistory,
    User,
    UserHistory,
)
from portal.models.columns import new_id

NAMES = st.lists(st.sampled_from(["Ana", "Ben", "Cleo"]), min_size=1, max_size=3)
# Transactions that each call a person something, once or more; in one of them nothing else counts.
LIVES = st.lists(NAMES, min_size=1, max_size=6)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """As the portal itself, which may not write the histories."""
    made = create_engine(settings.sqlalchemy_url)
    yield made
    made.dispose()


def kept(connection: Connection, history: Any, **key: str) -> list[Row[Any]]:
    """The rows of one thing, the oldest first."""
    mine = [getattr(history, name) == value for name, value in key.items()]
    order = func.lower(history.during)
    return list(connection.execute(select(*history.__table__.c).where(*mine).order_by(order)))


def called(connection: Connection, person: str, at: datetime) -> str | None:
    mine = select(UserHistory.name).where(UserHistory.id == person, UserHistory.held())
    return connection.scalar(mine, {"at": at})


@trying(
    max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(LIVES)
def test_each_committed_change_has_its_range(engine: Engine, life: list[list[str]]) -> None:
    person, seen = new_id(), []
    for number, names in enumerate(life):
        with engine.begin() as connection:
            if not number:
                connection.execute(insert(User).values(id=person, name="Nobody yet"))
            for name in names:
                connection.execute(update(User).where(User.id == person).values(name=name))
        with engine.connect() as connection:
            seen.append((connection.scalar(select(func.clock_timestamp())), names[-1]))
    with engine.connect() as connection:
        rows = kept(connection, UserHistory, id=person)
        assert [called(connection, person, at) for at, _ in seen] == [name for _, name in seen]
        assert called(connection, person, datetime(2000, 1, 1, tzinfo=UTC)) is None
    assert all(earlier.during.upper == later.during.lower for earlier, later in pairwise(rows))
    assert rows[0].during.lower is not None
    assert rows[-1].during.upper is None
    # Whoever is called the same again, in another transaction, has changed nothing.
    assert len(rows) <= len(life)


def test_a_membership_ends_and_begins_again(engine: Engine) -> None:
    person, group = new_id(), new_id()
    with engine.begin() as connection:
        connection.execute(insert(User).values(id=person, name="Ana"))
        connection.execute(insert(Group).values(id=group, code=group, name="Finance"))
        values = {"group_id": group, "user_id": person}
    for statement in (
        insert(GroupMember).values(values),
        delete(GroupMember).where(GroupMember.group_id == group),
        insert(GroupMember).values(values),
    ):
        with engine.begin() as connection:
            connection.execute(statement)
    with engine.begin() as connection:  # there and gone again within one act is nothing
        connection.execute(delete(GroupMember).where(GroupMember.group_id == group))
        connection.execute(insert(GroupMember).values(values))
        connection.execute(delete(GroupMember).where(GroupMember.group_id == group))
        rows = kept(connection, GroupMemberHistory, group_id=group, user_id=person)
        assert kept(connection, GroupHistory, id=group)[0].name == "Finance"
    first, second = rows
    assert first.during.upper <= second.during.lower
    assert second.during.upper is not None


def test_a_change_that_waited_comes_after_the_one_it_waited_for(engine: Engine) -> None:
    person = new_id()
    with engine.begin() as connection:
        connection.execute(insert(User).values(id=person, name="Ana"))
    with engine.connect() as early, engine.connect() as late:
        early.execute(select(func.now()))  # its transaction begins here
        late.execute(update(User).where(User.id == person).values(name="Ben"))
        late.commit()
        early.execute(update(User).where(User.id == person).values(name="Cleo"))
        early.commit()
        rows = kept(early, UserHistory, id=person)
    assert [row.name for row in rows] == ["Ana", "Ben", "Cleo"]


def test_nobody_but_the_triggers_writes_it_and_nothing_overlaps(
    engine: Engine, settings: Settings
) -> None:
    person = new_id()
    with engine.begin() as connection:
        connection.execute(insert(User).values(id=person, name="Ana"))
    overlapping = text(
        "INSERT INTO portal.user_history (id, name, time_zone, locale, roles, is_active, during) "
        "VALUES (:id, 'Eve', 'UTC', '', '{}', true, tstzrange(now() + interval '1 day', NULL))"
    )
    with engine.connect() as connection, pytest.raises(ProgrammingError):
        connection.execute(overlapping, {"id": person})
    owner = create_engine(settings.owner_sqlalchemy_url)
    with owner.connect() as connection, pytest.raises(IntegrityError, match="ex_user_history"):
        connection.execute(overlapping, {"id": person})
    owner.dispose()


def test_a_password_and_a_number_given_out_are_no_change(engine: Engine) -> None:
    person, kind = new_id(), new_id()
    with engine.begin() as connection:
        connection.execute(insert(User).values(id=person, name="Ana"))
        of_type = {"id": kind, "code": kind, "name": "Leave", "prefix": kind}
        connection.execute(insert(RequestType).values(of_type))
    with engine.begin() as connection:
        connection.execute(update(User).where(User.id == person).values(password_hash="x"))
        connection.execute(update(RequestType).values(next_number=RequestType.next_number + 1))
        assert len(kept(connection, UserHistory, id=person)) == 1
        assert len(kept(connection, TypeHistory, id=kind)) == 1


@pytest.mark.plans
def test_no_table_is_scanned_for_a_row_even_if_it_was_vacuumed_while_empty(
    database_url: str,
) -> None:
    many = text("INSERT INTO portal.users (id, name, email) SELECT gen_random_uuid(), 'P' || n,"
        " 'p' || n || '@example.org' FROM generate_series(1, 50) n")  # fmt: skip
    scans = text("SELECT pg_stat_get_numscans('portal.user_history'::regclass)")
    url = database_url.replace("postgresql:", "postgresql+psycopg:", 1)
    owner = create_engine(url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text("VACUUM ANALYZE portal.user_history"))
        before = connection.scalar(scans)
        connection.execute(many)
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        assert connection.scalar(scans) == before
    owner.dispose()
