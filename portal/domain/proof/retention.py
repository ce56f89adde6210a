"""What of a closed request is kept no longer, and what a legal hold keeps all the same."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

# After its outcome a request may still be settling, and late commands are answered.
SETTLED = timedelta(hours=1)
LONGEST_DAYS = 36_500
LONGEST_REASON = 500


class HoldScope(StrEnum):
    """What a legal hold is on: a request, everything somebody takes part in, or a type."""

    REQUEST = "request"
    PERSON = "person"
    TYPE = "type"


class Kept(StrEnum):
    """What of a request goes after its retention."""

    TEXTS = "texts"
    FILES = "files"


class Bar(StrEnum):
    """Why somebody's personal data are not erased."""

    ACTIVE = "active"
    OPEN = "open"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class KeptPerson:
    """Somebody as erasure sees them. `left_at` None: it is not known, or they did not leave;
    `has_open`: they asked for something that is open, or have a task; `is_held`: a legal hold is on
    them, or on something that they took part in."""

    is_active: bool
    left_at: datetime | None
    has_open: bool
    is_held: bool

    def bars(self) -> tuple[Bar, ...]:
        """Everything that stands against it; empty where nothing does."""
        said = {Bar.ACTIVE: self.is_active, Bar.OPEN: self.has_open, Bar.HELD: self.is_held}
        return tuple(bar for bar, stands in said.items() if stands)

    def is_due(self, days: int | None, now: datetime) -> bool:
        """Whether they left so many days ago, and nothing stands against it."""
        if days is None or self.left_at is None or self.bars():
            return False
        return self.left_at + timedelta(days=days) <= now


@dataclass(frozen=True, slots=True)
class StandingHold:
    """A legal hold. `subject`: the id of a request or person, or a type's code."""

    scope: HoldScope
    subject: str
    until: datetime | None = None
    lifted_at: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        """Whether it keeps anything now."""
        return self.lifted_at is None and (self.until is None or now < self.until)

    def is_on(self, request: "KeptRequest") -> bool:
        """Whether it means this request."""
        named = {
            HoldScope.REQUEST: {request.id},
            HoldScope.PERSON: request.people,
            HoldScope.TYPE: {request.type_code},
        }
        return self.subject in named[self.scope]


@dataclass(frozen=True, slots=True)
class Retention:
    """For how many days after the outcome texts, files and the whole request are kept; None: for
    ever."""

    texts_days: int | None = None
    files_days: int | None = None
    requests_days: int | None = None

    @property
    def texts_shown(self) -> int | None:
        """For how many days texts are kept."""
        return self.days(Kept.TEXTS)

    @property
    def files_shown(self) -> int | None:
        """For how many days files are kept."""
        return self.days(Kept.FILES)

    def days(self, what: Kept) -> int | None:
        """Texts go with the whole request at the latest, and files with the texts: these hold
        their names."""
        lengths = [self.texts_days, self.requests_days]
        if what is Kept.FILES:
            lengths.append(self.files_days)
        return min((days for days in lengths if days is not None), default=None)


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """A request as retention sees it. `people`: everybody who takes part in it; `closed_at` None:
    it is open; `there`: what of it is not erased yet."""

    id: str
    type_code: str
    people: Collection[str]
    closed_at: datetime | None
    there: frozenset[Kept] = field(default_factory=lambda: frozenset(Kept))


def holds_on(
    request: KeptRequest, holds: Iterable[StandingHold], now: datetime
) -> tuple[StandingHold, ...]:
    """The holds that keep a request now."""
    return tuple(each for each in holds if each.is_active(now) and each.is_on(request))


def kept_until(request: KeptRequest, what: Kept, retention: Retention) -> datetime | None:
    """When the retention of a part ends, whatever is held; None: never, or not known yet."""
    days = retention.days(what)
    if days is None or request.closed_at is None:
        return None
    return request.closed_at + timedelta(days=days)


def due(
    request: KeptRequest, retention: Retention, holds: Iterable[StandingHold], now: datetime
) -> frozenset[Kept]:
    """What of a request is to be erased now by its type's retention."""
    if not may_erase(request, holds, now):
        return frozenset()
    ends = {what: kept_until(request, what, retention) for what in request.there}
    return frozenset(what for what, end in ends.items() if end is not None and end <= now)


def may_erase(request: KeptRequest, holds: Iterable[StandingHold], now: datetime) -> bool:
    """Whether anything of it may be erased at all: it is closed and settled, and nothing holds."""
    is_settled = request.closed_at is not None and request.closed_at + SETTLED <= now
    return is_settled and not holds_on(request, holds, now)
