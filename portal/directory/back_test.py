"""A back-test: the newest requests of a type, by the version in force and by a draft, both by
today's directory; and the rows in which pages ask for one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from portal.directory import conditions
from portal.directory.past import history_of
from portal.directory.whole import Span, everybody, newest_in
from portal.domain.codec import decode, encode
from portal.domain.people.directory import Directory
from portal.domain.policy.forms import FormField, plain
from portal.domain.policy.policy import Policy, WorkflowKind
from portal.domain.policy.types import TypeContent
from portal.domain.routing.backtest import BackTest, PastRequest, Tally
from portal.domain.routing.outline import Outliner, compared, judged
from portal.domain.routing.plan import RouteQuestion, StageOutline
from portal.domain.time.expected_finish import Past
from portal.models import PolicyVersion, RequestType, TypeBackTest

MOST = 10_000

Told = Callable[[int], None]


@dataclass
class Side:
    """One of the two versions, with what its conditions read."""

    content: TypeContent
    fields: tuple[FormField, ...]
    outliner: Outliner

    @classmethod
    def of(cls, content: TypeContent, directory: Directory, *, is_simple: bool) -> "Side":
        """The version, by this directory."""
        return cls(content, compared(content), Outliner(content.policy, directory, is_simple))

    def route(self, question: RouteQuestion, beside: Mapping[str, Any]) -> tuple[StageOutline, ...]:
        """Who would be asked. A field that the request does not have is empty."""
        names = [each.name for each in (*self.content.form, *self.fields)]
        values = {**dict.fromkeys(names), **plain(question.fields), **beside}
        stages = self.content.policy.stages
        found = judged(stages, self.fields, values, conditions.evaluate)
        return self.outliner.route(question, found)


def run(connection: Connection, test_id: str, told: Told) -> BackTest:
    """Do what a row asks for; `told` hears how many requests are done, after each few hundred.

    Raises LookupError where the row is gone, InvalidPolicy where a version cannot be read.
    """
    asked = _asked(connection, test_id)
    directory, now = everybody(connection), datetime.now(UTC)
    is_simple = asked.workflow == WorkflowKind.SIMPLE
    live = Side.of(_live(asked), directory, is_simple=is_simple)
    draft = Side.of(decode(TypeContent, asked.content), directory, is_simple=is_simple)
    past = history_of(connection, asked.code, asked.live_version_id, now).past
    names = {each.id: each.name for each in directory.people.values()}
    tally = Tally(names, {key: _middle(each) for key, each in past.items() if each.minutes},
                  _usual(past), asked.target_minutes)  # fmt: skip
    codes = {each.id: each.code for each in directory.departments.values()}
    span = Span(type_code=asked.code, since=asked.since, until=asked.until)
    for rows in newest_in(connection, span, MOST):
        for row in rows:
            question = _question(row, asked.code, now)
            person = directory.people.get(row.requester_id)
            beside = {
                "title": row.title,
                "amount": row.amount,
                "currency": row.currency,
                "priority": row.priority,
                "round": 1,
                "department": codes.get(person.department_id or "") if person else None,
            }
            tally.add(_past(row), live.route(question, beside), draft.route(question, beside))
        told(tally.done)
    return tally.result()


def _asked(connection: Connection, test_id: str) -> Row[Any]:
    row = connection.execute(
        select(
            TypeBackTest.content, TypeBackTest.since, TypeBackTest.until,
            TypeBackTest.live_version_id, RequestType.code, RequestType.workflow,
            RequestType.target_minutes, PolicyVersion.form, PolicyVersion.definition,
        )
        .join(RequestType, RequestType.id == TypeBackTest.request_type_id)
        .join(PolicyVersion, PolicyVersion.id == TypeBackTest.live_version_id)
        .where(TypeBackTest.id == test_id)
    ).one_or_none()  # fmt: skip
    if row is None:
        raise LookupError(test_id)
    return row


def _live(asked: Row[Any]) -> TypeContent:
    form = tuple(decode(FormField, entry) for entry in asked.form)
    return TypeContent(name="", form=form, policy=decode(Policy, asked.definition))


def _question(row: Row[Any], code: str, now: datetime) -> RouteQuestion:
    return RouteQuestion(
        request_id=row.id,
        policy_version_id="",
        from_index=0,
        requester_id=row.requester_id,
        on_behalf_of=row.on_behalf_of,
        fields=row.fields,
        amount=row.amount,
        currency=row.currency,
        priority=row.priority,
        type_code=code,
        now=now,
    )


def _past(row: Row[Any]) -> PastRequest:
    return PastRequest(
        number=row.number,
        title=row.title,
        requester=row.requester_name,
        amount=row.amount,
        currency=row.currency,
    )


def _middle(past: Past) -> int:
    return past.minutes[len(past.minutes) // 2]


def _usual(past: Mapping[str, Past]) -> int | None:
    """How long any stage takes, for those that never were."""
    minutes = sorted(each for stage in past.values() for each in stage.minutes)
    return minutes[len(minutes) // 2] if minutes else None


def finish(
    connection: Connection, test_id: str, result: BackTest | None, trouble: str = ""
) -> None:
    """Keep what was found, or why nothing could be."""
    row = update(TypeBackTest).where(TypeBackTest.id == test_id)
    values: dict[str, Any] = {"finished_at": func.now(), "trouble": trouble or None}
    if result is not None:
        values |= {"result": encode(result), "done": result.total, "total": result.total}
    connection.execute(row.values(**values))


def tell(connection: Connection, test_id: str, done: int) -> None:
    """Keep how far it is, as a sign of life."""
    row = update(TypeBackTest).where(TypeBackTest.id == test_id)
    connection.execute(row.values(done=done, seen_at=func.now()))
