"""People who decide and ask, through the portal's own services; a real worker does the rest."""

import random
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from flask import Flask

from portal.app import create_app
from portal.config import Settings
from portal.domain.policy.policy import Decision
from portal.domain.request.state import Click, Content, Priority
from portal.models.columns import new_id
from portal.services import drafts
from portal.services.errors import Refused
from portal.services.requests import NewRequest, comment, hold, submit, withdraw
from portal.services.tasks import Vote, decide
from scripts.drill.site import Site

DECISIONS = [Decision.APPROVE] * 7 + [Decision.REJECT] * 2 + [Decision.SEND_BACK]

# One open task of each request, whoever has it; the oldest first.
OPEN = """
SELECT DISTINCT ON (r.id) t.id::text, t.assignee_id::text, r.content_version, r.number,
    r.requester_id::text
FROM portal.tasks t JOIN portal.requests r ON r.id = t.request_id
JOIN portal.users u ON u.id = t.assignee_id
WHERE t.status = 'OPEN' AND r.status = 'PENDING' AND r.settles_at IS NULL AND u.is_active
    AND t.assignee_id <> r.requester_id
ORDER BY r.id, t.id
"""
TYPES = """
SELECT t.code, t.module, t.policy_version_id::text, t.workflow FROM portal.request_types t
JOIN portal.legacy_types l ON l.request_type_id = t.id WHERE t.is_active ORDER BY 1
"""
ACTIVE = """
SELECT id::text FROM portal.users WHERE is_active AND legacy_profile_id IS NOT NULL ORDER BY 1
"""
# One of those who came along may hold requests.
MAKE_ADMIN = """
UPDATE portal.users SET roles = array_append(roles, 'admin') WHERE NOT roles @> '{admin}' AND id = (
    SELECT id FROM portal.users WHERE is_active AND legacy_profile_id IS NOT NULL
    ORDER BY id LIMIT 1)
"""
ADMIN = """
SELECT id::text FROM portal.users WHERE is_active AND roles @> '{admin}' ORDER BY 1 LIMIT 1
"""
SETTLED = """
SELECT count(*) FROM portal.commands WHERE applied_at IS NULL
UNION ALL SELECT count(*) FROM portal.requests
    WHERE settles_at IS NOT NULL AND status = 'PENDING' ORDER BY 1 DESC LIMIT 1
"""


@dataclass
class People:
    """Everybody, within an application of the site's own."""

    site: Site
    seed: int

    def __enter__(self) -> "People":
        self._chance = random.Random(self.seed)  # noqa: S311 - a drill, no secret
        settings = Settings.from_environment(self.site.environment)
        self._app: Flask = create_app(settings)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        from portal.extensions import db
        from portal.temporal import gateway

        with self._app.app_context():
            db.engine.dispose()
        gateway.current().close()

    def decide(self, most: int) -> None:
        """So many decisions, in rounds, since each may open the next stage."""
        left = most
        while left > 0:
            waiting = self.site.rows(OPEN)
            if not waiting:
                break
            self._chance.shuffle(waiting)
            for row in waiting[:left]:
                with self._app.app_context():
                    self._decide(row)
            left -= len(waiting)
            self.site.wait_for(SETTLED, "every decision settles", lambda number: number == 0)

    def submit(self, number: int) -> None:
        """So many new requests, of the types that the old definitions became."""
        types, people = self.site.rows(TYPES), self.site.rows(ACTIVE)
        for place in range(number):
            with self._app.app_context():
                self._submit(types[place % len(types)], self._chance.choice(people)[0], place)
        self.site.wait_for(SETTLED, "the new requests begin", lambda number: number == 0)

    def _decide(self, row: tuple[Any, ...]) -> None:
        task, person, version, number, requester = row
        decision = self._chance.choice(DECISIONS)
        said = "" if decision is Decision.APPROVE and self._chance.random() < 0.5 else "As agreed."
        vote = Vote(
            command_id=new_id(), task_id=task, decision=decision, content_version=version,
            comment=said,
        )  # fmt: skip
        try:
            match self._chance.randrange(20):
                case 0:
                    withdraw(number, new_id(), "Not needed any more.", requester, Click())
                case 1:
                    hold(number, "Let us wait for the budget.", new_id(), self._admin(), Click())
                case 2:
                    comment(number, "How far is it?", new_id(), requester, Click())
                case _:
                    decide(vote, person, Click())
        except Refused as refused:
            print(f"    {number}: {refused.sentence}", flush=True)

    def _admin(self) -> str:
        """Somebody who may hold a request."""
        self.site.change(MAKE_ADMIN)
        ((admin,),) = self.site.rows(ADMIN)
        return str(admin)

    def _submit(self, kind: tuple[Any, ...], person: str, place: int) -> None:
        code, module, policy, workflow = kind
        draft = new_id()
        drafts.keep(draft, person, code, {})
        ((version,),) = self.site.rows("SELECT updated_at FROM portal.drafts WHERE id = %s", draft)
        content = Content(title=f"New in the portal {place}", fields={"amount": 100 + place})
        wish = NewRequest(
            draft_id=draft, draft_version=version, type_code=code, workflow=workflow,
            module=module, policy_version_id=policy, requester_id=person, on_behalf_of=None,
            content=content, has_files=False, priority=Priority.HIGH, due_at=None,
        )  # fmt: skip
        submit(wish, Click())
