"""The old organisation at one moment: profiles, roles, positions, and who is above whom."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from portal.legacy.values import moment


@dataclass(frozen=True)
class Profile:
    """A row of user_profiles, with name and mail from the employee register."""

    id: str
    nip: str | None
    name: str
    mail: str | None
    is_active: bool


@dataclass(frozen=True)
class Post:
    """A row of user_positions: a person in a position, for a time. Acting holders count too."""

    person: str
    position: str
    start: datetime | None
    end: datetime | None
    is_active: bool

    def is_in_force(self, now: datetime) -> bool:
        """Whether the person holds it now."""
        return self.is_active and within(self.start, self.end, now)


@dataclass(frozen=True)
class Position:
    """A position; `above` is the one it reports to."""

    id: str
    code: str | None
    name: str
    is_active: bool
    above: str | None


def within(start: datetime | None, end: datetime | None, now: datetime) -> bool:
    """start <= now < end, where a missing end never comes."""
    return (start is None or start <= now) and (end is None or now < end)


@dataclass
class OldDirectory:
    """The organisation at `now`. `role_holders`: profile ids in force, by the role's code."""

    now: datetime
    profiles: dict[str, Profile] = field(default_factory=dict)
    role_holders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    position_codes: dict[str, str] = field(default_factory=dict)
    posts: dict[str, list[Post]] = field(default_factory=dict)
    holders: dict[str, list[str]] = field(default_factory=dict)

    def add_posts(self, posts: Iterable[Post]) -> None:
        """Take in who holds or held which position."""
        for post in posts:
            self.posts.setdefault(post.person, []).append(post)
            if post.is_in_force(self.now):
                held = self.holders.setdefault(post.position, [])
                if post.person not in held:
                    held.append(post.person)

    def is_active(self, person: str) -> bool:
        """Whether there is such a profile, and it is active."""
        profile = self.profiles.get(person)
        return profile is not None and profile.is_active

    def name(self, person: str | None) -> str:
        """A person's name, or what can be said without one."""
        if person is None:
            return "nobody"
        profile = self.profiles.get(person)
        return f"a person without a profile ({person})" if profile is None else profile.name

    def posts_of(self, person: str) -> list[str]:
        """The positions a person holds in force, else the one they held last."""
        posts = self.posts.get(person, [])
        in_force = [post.position for post in posts if post.is_in_force(self.now)]
        if in_force:
            return list(dict.fromkeys(in_force))
        # Posts that are still to begin were never held.
        past = [post for post in posts if post.start is None or post.start <= self.now]
        return [max(past, key=_last).position] if past else []

    def holders_of(self, position_id: str) -> list[str]:
        """Who holds an active position in force, active or not; nobody for an inactive one."""
        position = self.positions.get(position_id)
        if position is None or not position.is_active:
            return []
        return self.holders.get(position_id, [])

    def above(self, position_id: str) -> Iterator[str]:
        """The positions above one, nearest first, each once."""
        seen = {position_id}
        position = self.positions.get(position_id)
        while position is not None and position.above is not None and position.above not in seen:
            seen.add(position.above)
            yield position.above
            position = self.positions.get(position.above)


def _last(post: Post) -> tuple[datetime, datetime]:
    distant, never = moment("9999-01-01"), moment("0001-01-02")
    assert distant is not None
    assert never is not None
    return (post.end or distant, post.start or never)
