"""Past requests by two versions of a type: which would have gone otherwise, and at what cost."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from portal.domain.routing.plan import StageOutline

Route = Sequence[StageOutline]
# So many differences are kept to be looked at; all of them are counted.
MOST_LISTED = 1000
MOST_NAMED = 5


class Fate(StrEnum):
    """How a request would have gone by the draft."""

    SAME = "same"
    MORE = "more"
    FEWER = "fewer"
    OTHER = "other"
    STUCK = "stuck"


def fate(live: Route, draft: Route) -> Fate:
    """The draft's route beside the live one. Who is only told does not count; where nobody could
    be asked by either version, it is no difference."""
    before, after = _asked(live), _asked(draft)
    stuck = {each.key for each in after if each.is_stuck}
    if stuck - {each.key for each in before if each.is_stuck}:
        return Fate.STUCK
    if len(before) != len(after):
        return Fate.MORE if len(after) > len(before) else Fate.FEWER
    same = all(
        (one.key, one.needed, set(one.people)) == (two.key, two.needed, set(two.people))
        for one, two in zip(before, after, strict=True)
    )
    return Fate.SAME if same else Fate.OTHER


def _asked(route: Route) -> list[StageOutline]:
    return [each for each in route if not each.is_notice]


@dataclass(frozen=True, kw_only=True)
class PastRequest:
    """A request that was sent, as the list of differences names it."""

    number: str
    title: str
    requester: str
    amount: int | None = None
    currency: str | None = None


@dataclass(frozen=True, kw_only=True)
class StageThen:
    """A stage of a listed route. `people`: names of the first of `count`; `change`: "", "added",
    "gone" or "other" beside the other version's route; `lacks` as in `StageOutline`."""

    name: str
    people: tuple[str, ...] = ()
    count: int = 0
    needed: int = 1
    is_notice: bool = False
    change: str = ""
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A request that would have gone otherwise. `by`: by how many stages."""

    request: PastRequest
    fate: Fate
    by: int
    live: tuple[StageThen, ...]
    draft: tuple[StageThen, ...]


@dataclass(frozen=True, kw_only=True)
class Load:
    """How often a person would have had to decide: hundredths of decisions over the whole time, a
    stage's votes shared evenly among those whom it asks."""

    person_id: str
    name: str
    live: int
    draft: int


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Expected working minutes of requests by one version: in the middle, and of nine in ten.
    `within`: how many in a hundred end within the target. None where no stage's past says anything,
    and where the type has no target."""

    middle: int | None = None
    most: int | None = None
    within: int | None = None


@dataclass(frozen=True, kw_only=True)
class BackTest:
    """What a back-test found. `fates`: requests by fate. `added` and `gone`: how often a stage
    would have come in addition, or not at all, by its name. `loads`: the largest changes first."""

    total: int = 0
    fates: dict[Fate, int] = field(default_factory=dict)
    added: dict[str, int] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    loads: tuple[Load, ...] = ()
    live: Waiting = Waiting()
    draft: Waiting = Waiting()
    differences: tuple[Difference, ...] = ()
    target: int | None = None

    def count(self, kind: str) -> int:
        """How many requests had that fate."""
        return self.fates.get(Fate(kind), 0)

    @property
    def changed(self) -> int:
        """How many would have gone otherwise."""
        return self.total - self.count(Fate.SAME)


@dataclass
class Tally:
    """Adds up routes one request at a time; what it holds does not grow with their number.

    `names`: of people by id; `minutes`: how long each stage usually takes, by its key; `usual`: how
    long any stage does; `target`: within how many working minutes requests of the type should end.
    """

    names: Mapping[str, str]
    minutes: Mapping[str, int]
    usual: int | None
    target: int | None = None
    _fates: Counter[Fate] = field(default_factory=Counter)
    _added: Counter[str] = field(default_factory=Counter)
    _gone: Counter[str] = field(default_factory=Counter)
    _loads: tuple[Counter[str], Counter[str]] = field(
        default_factory=lambda: (Counter(), Counter())
    )
    _waits: tuple[Counter[int], Counter[int]] = field(
        default_factory=lambda: (Counter(), Counter())
    )
    _listed: list[Difference] = field(default_factory=list)

    def add(self, request: PastRequest, live: Route, draft: Route) -> None:
        """One more request, by both versions."""
        found = fate(live, draft)
        self._fates[found] += 1
        for side, route in enumerate((live, draft)):
            self._count(side, route)
        if found is not Fate.SAME:
            old, new = {each.key for each in _asked(live)}, {each.key for each in _asked(draft)}
            self._added.update(each.name for each in _asked(draft) if each.key not in old)
            self._gone.update(each.name for each in _asked(live) if each.key not in new)
            if len(self._listed) < MOST_LISTED:
                self._listed.append(self._difference(request, found, live, draft))

    @property
    def done(self) -> int:
        """How many were added."""
        return self._fates.total()

    def result(self) -> BackTest:
        """What all of them come to."""
        people = {*self._loads[0], *self._loads[1]}
        loads = [
            Load(
                person_id=each,
                name=self.names.get(each, each),
                live=self._loads[0][each],
                draft=self._loads[1][each],
            )
            for each in people
        ]
        loads.sort(key=lambda load: (-abs(load.draft - load.live), -load.draft, load.name))
        return BackTest(
            total=self.done,
            fates=dict(self._fates),
            added=dict(self._added),
            gone=dict(self._gone),
            loads=tuple(loads[:MOST_LISTED]),
            live=_waiting(self._waits[0], self.target),
            draft=_waiting(self._waits[1], self.target),
            differences=tuple(self._listed),
            target=self.target,
        )

    def _count(self, side: int, route: Route) -> None:
        minutes: list[int | None] = []
        for stage in _asked(route):
            if stage.people:
                share = round(100 * stage.needed / len(stage.people))
                for person in stage.people:
                    self._loads[side][person] += share
            minutes.append(self.minutes.get(stage.key, self.usual))
        known = [each for each in minutes if each is not None]
        if known and len(known) == len(minutes):
            self._waits[side][sum(known)] += 1

    def _difference(
        self, request: PastRequest, found: Fate, live: Route, draft: Route
    ) -> Difference:
        return Difference(
            request=request,
            fate=found,
            by=abs(len(_asked(draft)) - len(_asked(live))),
            live=tuple(self._then(each, draft, "gone") for each in live),
            draft=tuple(self._then(each, live, "added") for each in draft),
        )

    def _then(self, stage: StageOutline, beside: Route, alone: str) -> StageThen:
        twin = next((each for each in beside if each.key == stage.key), None)
        change = alone if twin is None else ""
        if twin is not None and (set(twin.people), twin.needed) != (
            set(stage.people),
            stage.needed,
        ):
            change = "other"
        return StageThen(
            name=stage.name,
            people=tuple(self.names.get(each, each) for each in stage.people[:MOST_NAMED]),
            count=len(stage.people),
            needed=stage.needed,
            is_notice=stage.is_notice,
            change=change,
            lacks=stage.lacks,
        )


def _waiting(waits: Counter[int], target: int | None) -> Waiting:
    """The middle and the ninth tenth of values with their counts, and the share within a target."""
    if not waits:
        return Waiting()
    met = sum(count for value, count in waits.items() if target is not None and value <= target)
    within = None if target is None else round(100 * met / waits.total())
    return Waiting(middle=_at(waits, 50), most=_at(waits, 90), within=within)


def _at(waits: Mapping[int, int], percent: int) -> int | None:
    wanted, seen = sum(waits.values()) * percent, 0
    for value in sorted(waits):
        seen += waits[value]
        if seen * 100 >= wanted:
            return value
    return None
