"""What one version of a policy says otherwise than another, stage by stage."""

from dataclasses import dataclass, fields

from portal.domain.policy.policy import Policy, Stage


@dataclass(frozen=True, kw_only=True)
class ChangedStage:
    """A stage that both versions have; `parts` are the names of its fields that differ."""

    before: Stage
    after: Stage
    parts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PolicyDifference:
    """Stages by what became of them. `same`: keys of those that say the same in both versions."""

    added: tuple[Stage, ...]
    gone: tuple[Stage, ...]
    changed: tuple[ChangedStage, ...]
    same: tuple[str, ...]


def difference(before: Policy, after: Policy) -> PolicyDifference:
    """Compare two versions by the keys of their stages. A stage that only moved is the same."""
    old = {stage.key: stage for stage in before.stages}
    new = {stage.key: stage for stage in after.stages}
    both = [key for key in new if key in old]
    return PolicyDifference(
        added=tuple(stage for key, stage in new.items() if key not in old),
        gone=tuple(stage for key, stage in old.items() if key not in new),
        changed=tuple(_changed(old[key], new[key]) for key in both if old[key] != new[key]),
        same=tuple(key for key in both if old[key] == new[key]),
    )


def _changed(before: Stage, after: Stage) -> ChangedStage:
    names = (each.name for each in fields(Stage))
    parts = tuple(name for name in names if getattr(before, name) != getattr(after, name))
    return ChangedStage(before=before, after=after, parts=parts)
