"""What to ask routing about the stages that a request still has before it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from portal.domain.routing.plan import EarlierApproval, RouteQuestion, StagePlan
from portal.queries.audit import EventRecord
from portal.queries.request import RequestRecord


@dataclass
class _Passed:
    """The approvals that stand, read from the events like `portal.domain.evolve` does."""

    round: int = 1
    next_index: int = 0
    carried: tuple[str, ...] = ()
    stages: dict[str, EarlierApproval] = field(default_factory=dict)

    def read(self, event: EventRecord) -> None:
        data = event.data
        if event.kind == "RequestResubmitted":
            self.round, self.next_index = int(data["round"]), 0
            self.carried = tuple(data.get("carried", ()))
            self._keep_carried()
        elif event.kind == "RequestAmended":
            self.next_index, self.carried = 0, tuple(data.get("carried", ()))
            self._keep_carried()
        elif event.kind == "RequestMovedToPolicy":
            self.next_index, self.carried = 0, tuple(data.get("carried", ()))
            self._keep_carried()
            places = list(data["stages"])
            self.stages = {
                key: replace(stage, index=places.index(key)) for key, stage in self.stages.items()
            }
        elif event.kind == "StageSkipped":
            self.next_index = int(data["index"]) + 1
        elif event.kind == "StagePassed":
            self.next_index = int(data["index"]) + 1
            self.stages[data["key"]] = EarlierApproval(
                index=int(data["index"]),
                key=data["key"],
                round=self.round,
                deciders=tuple(data.get("deciders", ())),
                acted_for=tuple(data.get("acted_for", ())),
                overridden_by=data.get("overridden_by"),
            )

    def _keep_carried(self) -> None:
        self.stages = {key: self.stages[key] for key in self.carried if key in self.stages}


def route_question(
    record: RequestRecord, events: Iterable[EventRecord], plan: StagePlan | None, now: datetime
) -> RouteQuestion:
    """What would follow if the stage under way (`plan`) were approved; else what follows next."""
    passed = _Passed()
    for event in events:
        passed.read(event)
    earlier = tuple(passed.stages.values())
    decided = (who for each in earlier for who in (*each.deciders, *each.acted_for))
    deciders = tuple(dict.fromkeys(decided))
    return RouteQuestion(
        request_id=record.id,
        policy_version_id=record.policy_version_id,
        from_index=passed.next_index if plan is None else plan.index + 1,
        requester_id=record.requester_id,
        on_behalf_of=record.on_behalf_of,
        title=record.title,
        fields=record.fields,
        amount=record.amount,
        currency=record.currency,
        priority=record.priority,
        round=record.round,
        carried=passed.carried,
        deciders=deciders,
        approved_once=plan is not None or bool(deciders),
        earlier=earlier,
        type_code=record.type_code,
        now=now,
    )
