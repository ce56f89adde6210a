"""The one loop behind every approval workflow: commands, routing and clocks in, records out."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from portal.domain import codec
    from portal.domain.request import apply as approval
    from portal.domain.request.events import EVENTS, Event
    from portal.domain.request.reasons import Code, reason
    from portal.domain.request.state import Approval, Status
    from portal.domain.routing.plan import RoutePlan
    from portal.workflows import incoming, names, outgoing
    from portal.workflows.messages import CommandMessage, RecordedEvent, StartApproval

Adapt = Callable[[RoutePlan, datetime], RoutePlan]
# Servers count a timer's length in nanoseconds; old data have deadlines thousands of years away.
LONGEST_SLEEP = timedelta(days=3650)
ASKS_FOR_RIGHTS = "asks-for-rights"


class ApprovalLoop:
    """A request's state in memory, and what was received and not yet applied or recorded.

    `adapt` may change what routing found before it is used.
    """

    def __init__(self, start: StartApproval, adapt: Adapt | None = None) -> None:
        self.state = (
            Approval(request_id=start.request_id)
            if start.state is None
            else codec.decode(Approval, start.state)
        )
        self._start = start
        self._adapt = adapt
        self._recorded = self.state
        self._waiting = deque(start.pending)
        if start.command is not None:
            self._waiting.appendleft(start.command)
        self._applied: list[CommandMessage] = []
        self._events: list[Event] = []

    def receive(self, message: CommandMessage) -> None:
        """Take a command from a signal; `run` applies it."""
        self._waiting.append(message)

    async def run(self) -> str:
        """Go on until the request is closed and everything received has its answer: the outcome."""
        while True:
            await self._settle()
            await self._record()
            if not self._is_quiet():
                continue
            # A submit that was refused began nothing, and nothing can follow.
            if not self.state.is_open or self.state.round == 0:
                return self.state.status.value
            if self._is_long():
                self._continue_as_new()
            await self._wait()

    async def _settle(self) -> None:
        """Apply and route until nothing is left to do now, or the record has to come first."""
        while True:
            if self._wants_route():
                if not await self._route():
                    return
                continue
            await self._look_up()
            if not self._advance():
                return

    async def _look_up(self) -> None:
        """Ask the directory about the person whom the next command names, and about a right that
        nobody asked about yet."""
        person = incoming.person_named(self._waiting[0]) if self._waiting else None
        if person is not None:
            about = incoming.task_named(self._waiting[0])
            answer = await outgoing.introduce(self.state, person, about)
            self._waiting[0] = incoming.introduced(self._waiting[0], answer)
        task_id = incoming.task_decided(self._waiting[0]) if self._waiting else None
        # What the portal recorded brings the answer along: this is for what came another way.
        if task_id is not None and workflow.patched(ASKS_FOR_RIGHTS):
            entitled = await outgoing.was_entitled(self.state, self._waiting[0], task_id)
            self._waiting[0] = incoming.vouched(self._waiting[0], is_entitled=entitled)

    def _advance(self) -> bool:
        """One command or one turn of the clock: whichever came first. False if there is neither.

        A command given before a deadline counts before it, even if the worker was away meanwhile.
        """
        now, due = workflow.now(), approval.next_due(self.state)
        given_at = incoming.given_at(self._waiting[0], now) if self._waiting else now
        if due is not None and due <= min(now, given_at):
            events = approval.tick(self.state, now)
        elif self._waiting:
            message = self._waiting.popleft()
            self._applied.append(message)
            events = incoming.apply(self.state, message, now)
        else:
            return False
        self._happened(events)
        return True

    async def _route(self) -> bool:
        """Ask routing and follow its answer. False: it failed, and events wait for the record."""
        plan = await outgoing.ask_route(self.state, workflow.now())
        if plan is None:
            if self._events:
                return False
            plan = RoutePlan(attention=reason(Code.ROUTING_FAILED))
        now = workflow.now()
        chosen = plan if self._adapt is None else self._adapt(plan, now)
        self._happened(approval.route(self.state, chosen, now))
        return True

    async def _record(self) -> None:
        """Write what happened in one batch; where the record tells otherwise, adopt that."""
        if not self._events:
            self._applied.clear()
            return
        recorded = await outgoing.record(self.state, self._events)
        if recorded:
            self._adopt(recorded)
        self._recorded = self.state
        self._events.clear()
        self._applied.clear()
        outgoing.show(self.state, self._start)

    def _adopt(self, recorded: list[RecordedEvent]) -> None:
        """Follow the record instead of the batch, and apply again what it does not yet know."""
        state = self._recorded
        for each in recorded:
            state = approval.evolve(state, codec.decode(EVENTS[each.kind], each.data))
        known = set(state.handled)
        again = [message for message in self._applied if message.command_id not in known]
        self._waiting.extendleft(reversed(again))
        self.state = state

    def _happened(self, events: list[Event]) -> None:
        for event in events:
            self.state = approval.evolve(self.state, event)
        self._events.extend(events)

    def _wants_route(self) -> bool:
        return self.state.wants_route and self.state.status is Status.PENDING

    def _is_quiet(self) -> bool:
        """Nothing received, nothing to ask, nothing due."""
        if self._waiting or self._wants_route() or not workflow.all_handlers_finished():
            return False
        due = approval.next_due(self.state)
        return due is None or due > workflow.now()

    def _is_long(self) -> bool:
        info, limit = workflow.info(), self._start.continue_after
        if limit:
            return info.get_current_history_length() >= limit
        return info.is_continue_as_new_suggested()

    def _continue_as_new(self) -> NoReturn:
        start = StartApproval(
            request_id=self.state.request_id,
            state=codec.encode(self.state),
            continue_after=self._start.continue_after,
            is_lean=self._start.is_lean,
            tells_place=self._start.tells_place,
        )
        workflow.continue_as_new(start)

    async def _wait(self) -> None:
        """Sleep until a command comes or the next time is due; never early."""
        due = approval.next_due(self.state)
        rest = None if due is None else min(due - workflow.now(), LONGEST_SLEEP)
        try:
            await workflow.wait_condition(
                lambda: bool(self._waiting),
                timeout=rest,
                timeout_summary=names.timer_summary(self.state),
            )
        except TimeoutError:
            return
