"""The fields of a request type's form as data: kept with the type, drawn and checked by pages."""

from dataclasses import dataclass
from enum import StrEnum

# In place of a field's name: what lies in the past or in the future by its nature.
TODAY = "today"


class FieldKind(StrEnum):
    """What a form field holds. MONEY is kept as integer minor units; DATE as ISO 8601 text."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    MONEY = "money"
    INTEGER = "integer"
    DATE = "date"
    CHOICE = "choice"
    PERSON = "person"
    ATTACHMENTS = "attachments"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One option of a CHOICE field: the stored value and what people read."""

    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field. `is_amount` marks the MONEY field that is the request's amount.

    `min_value` and `max_value` bound INTEGER and MONEY (minor units) fields. `not_before` names
    the DATE field this one may not precede, `not_after` the one it may not follow; `TODAY` in
    their place is the day on which the request is submitted.
    """

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = True
    hint: str = ""
    max_length: int = 200
    choices: tuple[Choice, ...] = ()
    currency: str | None = None
    is_amount: bool = False
    min_value: int | None = None
    max_value: int | None = None
    not_before: str | None = None
    not_after: str | None = None
