"""What one version of a request type says: texts, form, policy and translations; a draft's edits.

Edits never refuse: a draft may be incomplete while it is made. What blocks its publication is for
`portal.domain.policy.check`.
"""

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from hashlib import sha256

from portal.domain.codec import encode
from portal.domain.policy.difference import difference
from portal.domain.policy.forms import FieldKind, FormField
from portal.domain.policy.policy import Policy, Stage
from portal.domain.policy.translations import (
    OwnText,
    field_in,
    kept,
    own_texts,
    policy_in,
    words_in,
)

LONGEST_NAME = 40
# Names that conditions use for something else, and words of their language.
RESERVED = frozenset({
    "title", "currency", "priority", "round", "department", "as", "break", "const", "continue",
    "else", "false", "for", "function", "if", "import", "in", "let", "loop", "namespace", "null",
    "package", "return", "true", "var", "void", "while",
})  # fmt: skip
# Codes of types that would stand at the addresses of other pages.
PAGES = frozenset({"new", "import", "gallery"})
# "order": a field of that name would stand at the address where fields are put in order.
TAKEN = RESERVED | PAGES | {"order"}


class TypeChangeKind(StrEnum):
    """What was done to a type; kept for ever in `portal.type_changes`."""

    MADE = "made"
    DRAFTED = "drafted"
    IMPORTED = "imported"
    EDITED = "edited"
    ACCEPTED = "accepted"
    DISCARDED = "discarded"
    SENT = "sent"
    APPROVED = "approved"
    RETURNED = "returned"
    SCHEDULED = "scheduled"
    UNSCHEDULED = "unscheduled"
    PUBLISHED = "published"
    RETIRED = "retired"
    RESTORED = "restored"
    TARGETED = "targeted"
    READERS = "readers"


@dataclass(frozen=True, kw_only=True)
class TypeContent:
    """The texts, the form and the policy of one version. `translations` of its texts: by the
    original and the language's code."""

    name: str
    description: str = ""
    form: tuple[FormField, ...] = ()
    policy: Policy = field(default_factory=lambda: Policy(stages=()))
    translations: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """A hash of everything it says: a review holds for this mark and no other. One without
        translations has the mark that it had before there were any."""
        said = encode(self)
        if not self.translations:
            del said["translations"]
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()

    @property
    def texts(self) -> tuple[OwnText, ...]:
        """Every text that people read of it, once."""
        return own_texts(self.name, self.description, self.form, self.policy)

    def pruned(self) -> "TypeContent":
        """Without the translations of texts that it does not have any more."""
        return replace(self, translations=kept(self.translations, self.texts))

    def in_language(self, code: str) -> "TypeContent":
        """As whoever reads that language reads it: originals where nothing is translated."""
        words = words_in(self.translations, code)
        if not words:
            return self

        def say(text: str) -> str:
            return words.get(text, text)

        return replace(
            self,
            name=say(self.name),
            description=say(self.description),
            form=tuple(field_in(each, say) for each in self.form),
            policy=policy_in(self.policy, say),
        )

    def written_in(self, code: str, before: str) -> "TypeContent":
        """With its texts as that language's translations say them, and the texts that it has now as
        translations into the language `before`. Without any in that language, as it is."""
        words = words_in(self.translations, code)
        if not words:
            return self
        said: dict[str, dict[str, str]] = {}
        for each in self.texts:
            beside = {**self.translations.get(each.text, {}), before: each.text}
            beside.pop(code, None)
            said.setdefault(words.get(each.text, each.text), beside)
        return replace(self.in_language(code), translations=said).pruned()

    def field(self, name: str) -> FormField | None:
        """The field of that name."""
        return next((each for each in self.form if each.name == name), None)

    def stage(self, key: str) -> Stage | None:
        """The stage of that key."""
        return next((each for each in self.policy.stages if each.key == key), None)


@dataclass(frozen=True, kw_only=True)
class VersionChange:
    """One difference. `what`: "text", "field", "stage" or "policy"; `how`: "added", "gone",
    "changed" or "moved"; `name`: how people call it; `parts`: names of its attributes; `texts`:
    what those of them say now that are texts."""

    what: str
    how: str
    name: str = ""
    parts: tuple[str, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)


def name_for(label: str, taken: Collection[str]) -> str:
    """A name of letters, digits and underscores for a field or stage, made once from its label."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_NAME].strip("_")
    base = words if words and words[0].isalpha() else f"field_{words}".strip("_")
    number, name = 1, base
    while name in taken or name in TAKEN:
        number += 1
        name = f"{base}_{number}"
    return name


def is_id(text: str) -> bool:
    """Whether it is the id of a person, as rules and rows keep it."""
    return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) is not None


def with_field(content: TypeContent, changed: FormField) -> TypeContent:
    """The content with this field, in its place or at the end. Only one field is the amount."""
    others = tuple(
        replace(each, is_amount=False) if changed.is_amount and each.is_amount else each
        for each in content.form
    )
    if content.field(changed.name) is None:
        return replace(content, form=(*others, changed))
    form = tuple(changed if each.name == changed.name else each for each in others)
    return replace(content, form=form)


def with_column(content: TypeContent, name: str, changed: FormField) -> TypeContent:
    """The content with this column in that table of lines, in its place or at the end."""
    table = content.field(name)
    if table is None:
        return content
    if table.column(changed.name) is None:
        return _with_columns(content, table, (*table.columns, changed))
    columns = (changed if each.name == changed.name else each for each in table.columns)
    return _with_columns(content, table, columns)


def without_column(content: TypeContent, name: str, column: str) -> TypeContent:
    """The content without that column of that table of lines."""
    table = content.field(name)
    if table is None:
        return content
    kept = (each for each in table.columns if each.name != column)
    return _with_columns(content, table, kept)


def columns_in_order(content: TypeContent, name: str, numbers: Mapping[str, int]) -> TypeContent:
    """The columns by these numbers; equal or missing ones stay in the order they had."""
    table = content.field(name)
    if table is None:
        return content
    last = len(table.columns) + 1
    columns = sorted(table.columns, key=lambda each: numbers.get(each.name, last))
    return _with_columns(content, table, columns)


def _with_columns(
    content: TypeContent, table: FormField, columns: Iterable[FormField]
) -> TypeContent:
    return with_field(content, summed(replace(table, columns=tuple(columns))))


def summed(table: FormField) -> FormField:
    """The table with the currency of the column that it sums; without one it is no amount."""
    column = table.column(table.total_of)
    if column is None or column.kind is not FieldKind.MONEY:
        return replace(table, total_of=None, currency=None, is_amount=False)
    return replace(table, currency=column.currency)


def without_field(content: TypeContent, name: str) -> TypeContent:
    """The content without that field."""
    return replace(content, form=tuple(each for each in content.form if each.name != name))


def in_order(content: TypeContent, numbers: Mapping[str, int]) -> TypeContent:
    """The fields by these numbers; equal or missing ones stay in the order they had."""
    last = len(content.form) + 1
    form = sorted(content.form, key=lambda each: numbers.get(each.name, last))
    return replace(content, form=tuple(form))


def with_stage(content: TypeContent, changed: Stage, at: int | None = None) -> TypeContent:
    """The content with this stage, in its place, else before index `at` or at the end."""
    stages = list(content.policy.stages)
    index = next((i for i, each in enumerate(stages) if each.key == changed.key), None)
    if index is None:
        stages.insert(len(stages) if at is None else at, changed)
    else:
        stages[index] = changed
    return _with_stages(content, stages)


def place_of(content: TypeContent, key: str) -> int | None:
    """The index of that stage; None where there is none (any more)."""
    keys = [each.key for each in content.policy.stages]
    return keys.index(key) if key in keys else None


def without_stage(content: TypeContent, key: str) -> TypeContent:
    """The content without that stage."""
    return _with_stages(content, (each for each in content.policy.stages if each.key != key))


def moved(content: TypeContent, key: str, by: int) -> TypeContent:
    """The content with that stage so many places further down; what cannot be stays."""
    stages = list(content.policy.stages)
    index = next((i for i, each in enumerate(stages) if each.key == key), None)
    if index is None or not 0 <= index + by < len(stages):
        return content
    stages.insert(index + by, stages.pop(index))
    return _with_stages(content, stages)


def _with_stages(content: TypeContent, stages: Iterable[Stage]) -> TypeContent:
    return replace(content, policy=replace(content.policy, stages=tuple(stages)))


@dataclass(frozen=True, kw_only=True)
class TypeDifference:
    """A change, with what changed as it was before and is after; both are None for what came, went
    or moved."""

    change: VersionChange
    before: TypeContent | FormField | Stage | Policy | None = None
    after: TypeContent | FormField | Stage | Policy | None = None


def changes(before: TypeContent, after: TypeContent) -> tuple[VersionChange, ...]:
    """What the one says otherwise than the other, in the order of a page: texts, form, route."""
    return tuple(each.change for each in compared(before, after))


def compared(before: TypeContent, after: TypeContent) -> tuple[TypeDifference, ...]:
    """The same, with both sides of what changed."""
    parts = ("name", "description", "translations")
    texts = tuple(each for each in parts if getattr(before, each) != getattr(after, each))
    return (
        *([_changed("text", "", before, after, texts)] if texts else ()),
        *_form_changes(before, after),
        *_stage_changes(before.policy, after.policy),
        *_policy_changes(before.policy, after.policy),
    )


def _form_changes(before: TypeContent, after: TypeContent) -> Iterable[TypeDifference]:
    old, new = ({each.name: each for each in side.form} for side in (before, after))
    for name, each in new.items():
        if name not in old:
            yield _told("field", "added", each.label)
        elif parts := _parts(old[name], each):
            yield _changed("field", each.label, old[name], each, parts)
    yield from (_told("field", "gone", each.label) for name, each in old.items() if name not in new)
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield _told("field", "moved")


def _stage_changes(before: Policy, after: Policy) -> Iterable[TypeDifference]:
    found = difference(before, after)
    yield from (_told("stage", "added", each.name) for each in found.added)
    yield from (
        _changed("stage", each.after.name, each.before, each.after, each.parts)
        for each in found.changed
    )
    yield from (_told("stage", "gone", each.name) for each in found.gone)
    old, new = ([stage.key for stage in side.stages] for side in (before, after))
    if [key for key in old if key in new] != [key for key in new if key in old]:
        yield _told("stage", "moved")


def _policy_changes(before: Policy, after: Policy) -> Iterable[TypeDifference]:
    parts = tuple(part for part in _parts(before, after) if part != "stages")
    if parts:
        yield _changed("policy", "", before, after, parts)


def _told(what: str, how: str, name: str = "") -> TypeDifference:
    return TypeDifference(change=VersionChange(what=what, how=how, name=name))


def _changed(
    what: str,
    name: str,
    before: TypeContent | FormField | Stage | Policy,
    after: TypeContent | FormField | Stage | Policy,
    parts: tuple[str, ...],
) -> TypeDifference:
    values = {part: getattr(after, part) for part in parts}
    texts = {part: value for part, value in values.items() if type(value) is str}
    change = VersionChange(what=what, how="changed", name=name, parts=parts, texts=texts)
    return TypeDifference(change=change, before=before, after=after)


def _parts(before: FormField | Policy, after: FormField | Policy) -> tuple[str, ...]:
    names = (each.name for each in fields(before))
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def first_amount(content: TypeContent, kind: FieldKind) -> bool:
    """Whether a new field of that kind is the first that can be the request's amount."""
    return kind is FieldKind.MONEY and not any(each.is_amount for each in content.form)
