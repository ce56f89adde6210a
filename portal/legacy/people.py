"""Whom a step of the old engine asks, as of the move: nobody is guessed, nobody is dropped."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.domain.legacy_choices import Question
from portal.legacy.directory import OldDirectory
from portal.legacy.records import Definition, Finding, Step, person_in
from portal.legacy.values import text


@dataclass(frozen=True)
class Asked:
    """The people a step asks (profile ids in a stable order), and a sentence for each.

    `is_replaced`: nobody of those whom the step names can be asked; any of these decides instead.
    """

    people: tuple[str, ...] = ()
    why: str = ""
    is_replaced: bool = False


@dataclass(frozen=True)
class People:
    """Finds the people of one instance's steps.

    `requester` is treated like an inactive person wherever they would be asked.
    """

    directory: OldDirectory
    definition: Definition
    requester: str | None

    def of_step(self, step: Step, finding: Finding) -> Asked:
        """Whom an approval step asks; without anybody, why is added to the finding's reasons."""
        where = f"The step “{step.name}”"
        if step.config.get("requiredRole") or step.config.get("requiredPosition"):
            finding.remark(f"{where} has a requiredRole or requiredPosition; these name nobody.")
        assignee = self._owner(step, finding) or person_in(step.config.get("assigneeId"))
        if assignee is not None:
            return self._checked(where, self._person(assignee), finding)
        role, position = (text(step.config.get(n)) for n in ("assigneeRole", "assigneePosition"))
        if role is not None:
            return self._of_role(where, role, finding)
        if position is not None:
            return self._of_position(where, position, finding)
        finding.needs(f"{where} has no assignee and no rule that names one.", Question.PEOPLE)
        return Asked()

    def above(self, people: Iterable[str]) -> tuple[str, ...]:
        """The active holders of the positions above these people: who an escalation goes to."""
        asked = set(people)
        found = self._chain([post for each in asked for post in self.directory.posts_of(each)])
        return tuple(person for person in found if person not in asked)

    def can_be_asked(self, person: str) -> bool:
        """Whether the person is active, and somebody else than who asks."""
        return self.directory.is_active(person) and person != self.requester

    def _owner(self, step: Step, finding: Finding) -> str | None:
        """The assignee, or who gave the work to them if that is over or of no use."""
        assignee = step.assignee
        links = [each for each in step.delegations if each.to_id == assignee and each.from_id]
        if assignee is None or not links:
            return assignee
        link = max(links, key=lambda each: (each.at is not None, each.at, each.id))
        if link.is_in_force(self.directory.now) and self.can_be_asked(assignee):
            return assignee
        back = self.directory.name(link.from_id)
        finding.remark(
            f"The delegation of “{step.name}” to {self.directory.name(assignee)} is over or cannot"
            f" be used; the work is {back}'s again."
        )
        return link.from_id

    def _person(self, person: str) -> Asked:
        name = self.directory.name(person)
        if self.can_be_asked(person):
            return Asked((person,), "The old engine had assigned this to you.")
        state = "asked for this" if person == self.requester else "is not active any more"
        return self._instead(self.directory.posts_of(person), f"{name} {state}")

    def _of_role(self, where: str, code: str, finding: Finding) -> Asked:
        holders = self.directory.role_holders.get(code)
        if holders is None:
            finding.needs(f"{where} asks the role {code}, which does not exist.", Question.PEOPLE)
            return Asked()
        able = tuple(person for person in holders if self.can_be_asked(person))
        if able:
            return Asked(able, f"You hold the role {code}.")
        posts = [post for person in holders for post in self.directory.posts_of(person)]
        asked = self._instead(posts, f"nobody who holds the role {code} can be asked")
        return self._checked(where, asked, finding)

    def _of_position(self, where: str, code: str, finding: Finding) -> Asked:
        position = self.directory.position_codes.get(code)
        if position is None:
            reason = f"{where} asks the position {code}, which does not exist."
            finding.needs(reason, Question.PEOPLE)
            return Asked()
        holders = self.directory.holders_of(position)
        able = tuple(person for person in holders if self.can_be_asked(person))
        if able:
            return Asked(able, f"You hold the position {code}.")
        posts = [post for person in holders for post in self.directory.posts_of(person)]
        asked = self._instead(posts or [position], f"nobody in the position {code} can be asked")
        return self._checked(where, asked, finding)

    def _instead(self, posts: list[str], because: str) -> Asked:
        """The holders of the nearest position above, then who made the definition, then nobody."""
        above = self._chain(posts)
        if above:
            return Asked(above, f"You are above in the organisation: {because}.", True)
        maker = self.definition.created_by
        if maker is not None and self.can_be_asked(maker):
            return Asked((maker,), f"You made this kind of request: {because}.", True)
        return Asked(why=because, is_replaced=True)

    def _chain(self, posts: Iterable[str]) -> tuple[str, ...]:
        """From each post up to the first position with somebody who can be asked."""
        found: dict[str, None] = {}
        for post in posts:
            for position in self.directory.above(post):
                holders = self.directory.holders_of(position)
                able = [person for person in holders if self.can_be_asked(person)]
                if able:
                    found.update(dict.fromkeys(able))
                    break
        return tuple(found)

    def _checked(self, where: str, asked: Asked, finding: Finding) -> Asked:
        if not asked.people:
            reason = f"{where} has nobody to ask: {asked.why}, and nobody is above."
            finding.needs(reason, Question.PEOPLE)
        elif asked.is_replaced:
            names = ", ".join(self.directory.name(each) for each in asked.people)
            finding.remark(f"{where} now asks {names}. {asked.why}")
        return asked
