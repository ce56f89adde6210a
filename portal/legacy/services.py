"""Answering where an old request cannot move by itself; the mover's next run follows the answer."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from portal.domain import codec
from portal.extensions import db
from portal.legacy.choices import PersonsChoice, ReasonQuestion, courses_for, unanswered
from portal.legacy.models import LegacyChoice, LegacyMove

MOST_ALIKE = 10_000


class UnknownInstance(Exception):
    """The mover has not met an instance of that key."""


class Settled(Exception):
    """The instance does not need a person any more: it has moved meanwhile."""


@dataclass
class Incomplete(Exception):
    """The reasons changed meanwhile: the choice leaves these questions open."""

    questions: tuple[ReasonQuestion, ...]


def choose(
    instance_id: str, choice: PersonsChoice, key: str, actor_id: str, *, alike: bool = False
) -> int:
    """Record an answer, who gave it and when; returns for how many instances.

    `key`: the form's one-time key: the same form sent twice is one answer. `alike`: it holds for
    others of the definition with the same reasons too, `MOST_ALIKE` of them at a time, unless they
    have an answer of their own. Raises UnknownInstance, Settled or Incomplete.
    """
    before = db.session.scalar(select(LegacyChoice.moves).where(LegacyChoice.id == key))
    if before is not None:
        return before
    move = db.session.execute(
        select(LegacyMove.result, LegacyMove.workflow_code, LegacyMove.reasons,
               LegacyMove.questions)
        .where(LegacyMove.instance_id == instance_id, LegacyMove.rolled_back_at.is_(None))
        .with_for_update()
    ).one_or_none()  # fmt: skip
    if move is None:
        raise UnknownInstance
    if move.result != "needs_person":
        raise Settled
    _check(choice, move.questions)
    answer = {"choice": codec.encode(choice), "chosen_by": actor_id}
    number = _answer(instance_id, move, answer, alike=alike)
    kept = {"id": key, "instance_id": instance_id, "reasons": move.reasons, "alike": alike}
    db.session.execute(
        insert_or_not(LegacyChoice).values(**kept, **answer, moves=number).on_conflict_do_nothing()
    )
    db.session.commit()
    return number


def _check(choice: PersonsChoice, questions: list[str]) -> None:
    if choice.kind not in courses_for(questions):
        raise Incomplete((ReasonQuestion.OUTCOME,))
    missing = unanswered(choice, questions)
    if missing:
        raise Incomplete(missing)


def _answer(
    instance_id: str, move: "Row[*tuple[Any, ...]]",
    answer: dict[str, object], *, alike: bool,
) -> int:  # fmt: skip
    change = update(LegacyMove).values(**answer, chosen_at=func.now())
    db.session.execute(change.where(LegacyMove.instance_id == instance_id))
    if not alike:
        return 1
    others = (
        select(LegacyMove.instance_id)
        .where(
            LegacyMove.result == "needs_person",
            LegacyMove.rolled_back_at.is_(None),
            LegacyMove.workflow_code == move.workflow_code,
            LegacyMove.reasons == move.reasons,
            LegacyMove.choice.is_(None),
        )
        .order_by(LegacyMove.instance_id)
        .limit(MOST_ALIKE)
        .with_for_update(skip_locked=True)
    )
    found = db.session.execute(change.where(LegacyMove.instance_id.in_(others)))
    return 1 + int(getattr(found, "rowcount", 0))
