"""Conditions as data: rows "field, comparison, value" under All or Any. What they mean of values,
and in CEL, stands in `conditions`."""

from dataclasses import dataclass
from enum import StrEnum


class Join(StrEnum):
    """Whether all rows have to be true, or any of them is enough."""

    ALL = "all"
    ANY = "any"


class Comparison(StrEnum):
    """How a field's value is compared."""

    IS = "is"
    IS_NOT = "is_not"
    AT_LEAST = "at_least"
    MORE_THAN = "more_than"
    AT_MOST = "at_most"
    LESS_THAN = "less_than"
    CONTAINS = "contains"
    LACKS = "lacks"
    EMPTY = "empty"
    FILLED = "filled"


VALUELESS = frozenset({Comparison.EMPTY, Comparison.FILLED})


@dataclass(frozen=True, kw_only=True)
class Row:
    """One comparison. `value`: minor units, a whole number, the number of files, decimal text, an
    ISO date, "yes" or "no", an option's value, a person's id, a department's code, a request's
    number or a text; None for those that need none."""

    field: str
    comparison: Comparison
    value: int | str | None = None


@dataclass(frozen=True, kw_only=True)
class RowGroup:
    """Rows that are judged together, within a condition."""

    join: Join
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Rows and groups of rows."""

    join: Join = Join.ALL
    rows: tuple[Row, ...] = ()
    groups: tuple[RowGroup, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to judge: the stage is always asked."""
        return not self.rows and not any(each.rows for each in self.groups)

    def all_rows(self) -> tuple[Row, ...]:
        """Every row, those of groups last."""
        return (*self.rows, *(row for group in self.groups for row in group.rows))
