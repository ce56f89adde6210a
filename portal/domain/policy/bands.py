"""Approval by amount: a table of amounts and approvers, kept as stages with conditions.

Each band begins where the one before it ends, so that every amount is in exactly one; a request
without an amount is in the first. With `adding`, a larger amount also goes through the stages of
the bands below its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from portal.domain.policy.conditions import Comparison, Condition, Join, Row, expression
from portal.domain.policy.forms import FormField
from portal.domain.policy.policy import ApproverRule, Mode, Stage
from portal.domain.policy.types import TypeContent

KEY = "band_"


@dataclass(frozen=True, kw_only=True)
class Band:
    """Amounts from `least` on (minor units): who is asked, and how many have to approve."""

    least: int
    name: str
    rules: tuple[ApproverRule, ...]
    votes: int = 1


@dataclass(frozen=True, kw_only=True)
class Bands:
    """The table, from the smallest amount on."""

    bands: tuple[Band, ...] = ()
    adding: bool = True


def amount_field(content: TypeContent) -> FormField | None:
    """The field whose amount counts."""
    return next((each for each in content.form if each.is_amount), None)


def bands_in(content: TypeContent) -> Bands:
    """The table that the stages of a route were made from; an empty one where there are none."""
    stages = [each for each in content.policy.stages if each.key.startswith(KEY)]
    bands = tuple(
        Band(least=_least(each), name=each.name, rules=each.rules, votes=each.quorum or 1)
        for each in stages
    )
    adding = not any(
        row.comparison is Comparison.LESS_THAN
        for each in stages if each.when for row in each.when.all_rows()
    )  # fmt: skip
    return Bands(bands=bands, adding=adding)


def _least(stage: Stage) -> int:
    rows = stage.when.all_rows() if stage.when else ()
    return next((int(r.value or 0) for r in rows if r.comparison is Comparison.AT_LEAST), 0)


def with_bands(content: TypeContent, table: Bands) -> TypeContent:
    """The content with the stages of this table in place of those of the one before; what else such
    a stage had (clocks, fallback) stays. They follow the other stages where there were none."""
    field = amount_field(content)
    if field is None:
        return content
    old = {each.key: each for each in content.policy.stages if each.key.startswith(KEY)}
    made = list(_stages(table, field, content, old))
    stages: list[Stage] = []
    for each in content.policy.stages:
        if each.key not in old:
            stages.append(each)
        elif each.key == next(iter(old)):
            stages += made
    if not old:
        stages += made
    return replace(content, policy=replace(content.policy, stages=tuple(stages)))


def _stages(
    table: Bands, field: FormField, content: TypeContent, old: dict[str, Stage]
) -> Iterator[Stage]:
    bands = sorted(table.bands, key=lambda each: each.least)
    for number, band in enumerate(bands, start=1):
        key = f"{KEY}{number}"
        above = bands[number].least if number < len(bands) and not table.adding else None
        when = _condition(field.name, band.least if number > 1 else None, above)
        several = band.votes > 1
        yield replace(
            old.get(key) or Stage(key=key, name=band.name),
            name=band.name,
            rules=band.rules,
            mode=Mode.QUORUM if several else Mode.ANY,
            quorum=band.votes if several else None,
            quorum_percent=None,
            when=when,
            condition=expression(when, content.form) if when else None,
            condition_text="",
        )


def _condition(name: str, least: int | None, above: int | None) -> Condition | None:
    """From `least` on and below `above`; the first band also takes what has no amount."""
    rows: Sequence[Row] = [
        Row(field=name, comparison=comparison, value=value)
        for comparison, value in ((Comparison.AT_LEAST, least), (Comparison.LESS_THAN, above))
        if value is not None
    ]
    if least is None and above is not None:
        rows = (*rows, Row(field=name, comparison=Comparison.EMPTY))
        return Condition(join=Join.ANY, rows=tuple(rows))
    return Condition(rows=tuple(rows)) if rows else None
