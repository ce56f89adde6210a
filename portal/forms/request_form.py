"""The form of a request: its title and the fields of its type, and what they add up to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field
from wtforms.fields.core import UnboundField
from wtforms.form import BaseForm

from portal.domain.policy.conditions import shown_names
from portal.domain.policy.forms import (
    NO,
    YES,
    FieldKind,
    FormField,
    answerable,
)
from portal.domain.request.files import KeptFile
from portal.domain.request.state import Content
from portal.forms import building
from portal.forms.day_range import PARTS, DayRangeField
from portal.forms.fields import (
    AtMost,
    FilesField,
    HeadingField,
    LineField,
    Required,
    SeveralField,
)
from portal.forms.lines import LinesTable, files_of, line_keys, pressed, rows_after
from portal.translation import _, lazy

TITLE_LENGTH = 150
TITLE_HINT = lazy("Shown in lists. Say in a few words what it is.")
# Names that the page itself uses; a type's field of such a name gets a prefix in the HTML.
RESERVED = frozenset(
    {"title", "on_behalf_of", "priority", "due_at", "comment", "command_id", "draft_id",
     "content_version", "csrf_token", "next", "remove", "seen"}
)  # fmt: skip
# The files kept already, by the name of the type's field.
Kept = Mapping[str, Sequence[KeptFile]]


def html_name(name: str) -> str:
    """The name under which a type's field stands in the HTML form."""
    return f"field_{name}" if name in RESERVED else name


@dataclass(frozen=True)
class ShownWords:
    """When a part of a form is shown: the other field's name, its values, and the sentence; `more`:
    the sentence of a whole condition, of which the browser knows nothing."""

    name: str
    values: tuple[str, ...]
    words: str
    more: str = ""


@dataclass(frozen=True)
class FormPart:
    """One field as it is drawn, and when it is shown, if not always."""

    field: Field
    shown_if: ShownWords | None


@dataclass(frozen=True)
class FormSection:
    """A heading with its fields. `shown_if`: as for a field."""

    heading: Field | None
    shown_if: ShownWords | None = None
    fields: list[FormPart] = dataclass_field(default_factory=list)


class RequestForm(BaseForm):
    """A title and the fields of a request type. After `validate()` is true, `content()` is what
    goes into the command."""

    def __init__(
        self,
        fields: Sequence[FormField],
        around: building.Surroundings,
        more: "Mapping[str, UnboundField[Any]] | None" = None,
    ) -> None:
        rules = [Required(_("enter a short title")), AtMost(TITLE_LENGTH)]
        title = building.unbound(LineField, _("Title"), rules, TITLE_HINT)
        drawn = {
            html_name(each.name): building.field_for(each, around, html_name) for each in fields
        }
        super().__init__({"title": title, **drawn, **(more or {})})
        self.form_fields = answerable(fields)
        self.whole = tuple(fields)

    def read(self, typed: Mapping[str, str], kept: Kept) -> "RequestForm":
        """Take what was typed, by HTML name, and the files kept."""
        self.process(MultiDict(typed), data=self._files(kept))
        return self._marked()

    def fill(self, content: Content) -> "RequestForm":
        """Show what a request holds."""
        values = {html_name(each.name): kept_value(each, content) for each in self.form_fields}
        self.process(None, data={**values, "title": content.title})
        return self._marked()

    def _marked(self) -> "RequestForm":
        """Mark what is not asked, given the rest: it is not judged, and holds nothing."""
        given = {each.name: building.stored(drawn) for each, drawn in self._drawn()}
        shown = shown_names(self.whole, given)
        for each in self.whole:
            drawn = self[html_name(each.name)]
            drawn.flags.unasked = each.name not in shown
            if drawn.flags.unasked:
                drawn.validators, drawn.process_errors = (), []
        return self

    def unasked_files(self) -> list[str]:
        """The ids of files in fields that are not asked any more."""
        places = self._file_widgets()
        fields = {name: self[html_name(name.partition("-")[0])] for name in places}
        unasked = (each for name, each in places.items() if fields[name].flags.unasked)
        return [file.id for each in unasked for file in each.data or ()]

    def sections(self) -> "list[FormSection]":
        """What is drawn, in its order: each section with its fields, and without a heading what
        comes before the first one and, at the end, what every request has."""
        own = {html_name(each.name): each for each in self.whole}
        found = [FormSection(None)]
        for drawn in self:
            described = own.get(drawn.name)
            if described is not None and described.kind is FieldKind.SECTION:
                found.append(FormSection(drawn, self._condition(described)))
                continue
            if described is None and found[-1].heading is not None:
                found.append(FormSection(None))
            on = self._condition(described) if described is not None else None
            found[-1].fields.append(FormPart(drawn, on))
        return [each for each in found if each.heading is not None or each.fields]

    def _condition(self, each: FormField) -> "ShownWords | None":
        on, more = each.shown_if, ""
        if each.shown_when is not None and not each.shown_when.is_empty:
            more = _(
                "Only if %(condition)s.", condition=each.shown_text or _("a condition is true")
            )
        other = next((o for o in self.form_fields if on and o.name == on.field), None)
        if on is None or other is None:
            return ShownWords("", (), "", more) if more else None
        labels = {YES: _("Yes"), NO: _("No")} if other.kind is FieldKind.YES_NO else {}
        labels |= {option.value: option.label for option in other.choices}
        words = _(" or ").join(labels.get(value, value) for value in on.values)
        said = _("Only if “%(field)s” is %(value)s.", field=other.label, value=words)
        return ShownWords(html_name(on.field), on.values, said, more)

    def posted(self, post: "MultiDict[str, str]") -> dict[str, str]:
        """What a form post says about these fields, as it is; everything else is ignored. Lines
        are added and removed as the button that was pressed says."""
        parted = FilesField | LinesTable | HeadingField | DayRangeField
        plain = [e for e in self if not isinstance(e, parted)]
        several = {each.name for each in plain if isinstance(each, SeveralField)}
        typed = {each.name: post[each.name] for each in plain if each.name in post}
        # No tick is sent at all: what was ticked before has to go as well.
        typed |= {name: "\n".join(post.getlist(name)) for name in several}
        ranges = (each for each in self if isinstance(each, DayRangeField))
        parts = [f"{each.name}-{part}" for each in ranges for part in PARTS]
        typed |= {name: post[name] for name in parts if name in post}
        for table in self.tables():
            listed = f"{table.name}-rows"
            if listed in post:
                typed[listed] = rows_after(post[listed], *pressed(post, table.name))
                lines = {f"{table.name}-{key}-" for key in line_keys(typed[listed])}
                typed |= {n: t for n, t in post.items() if any(map(n.startswith, lines))}
        return typed

    def tables(self) -> list[LinesTable]:
        """The tables of lines."""
        return [each for each in self if isinstance(each, LinesTable)]

    def pressed(self, post: Mapping[str, str]) -> str:
        """The id of the table of which a button sent the form: nothing is judged yet; or ""."""
        found = (table.id for table in self.tables() if pressed(post, table.name)[0])
        return next(found, "")

    def content(self) -> Content:
        """The content of a valid form. The type's amount field is also the request's amount."""
        values = {
            each.name: _nothing(each) if drawn.flags.unasked else building.stored(drawn)
            for each, drawn in self._drawn()
        }
        amount = next((each for each in self.form_fields if each.is_amount), None)
        minor = values[amount.name] if amount else None
        minor = minor.get("total") if isinstance(minor, Mapping) else minor
        currency = (amount.currency or "EUR") if amount and minor is not None else None
        return Content(title=self["title"].data, fields=values, amount=minor, currency=currency)

    def file_places(self, typed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Where files are kept, and the HTML name under which they are sent. `typed` says which
        lines there are."""
        for each in self.form_fields:
            if each.kind is FieldKind.ATTACHMENTS:
                yield each.name, html_name(each.name)
            names = [c.name for c in each.columns if c.kind is FieldKind.ATTACHMENTS]
            for key in line_keys(typed.get(f"{html_name(each.name)}-rows", "0")) if names else ():
                for name in names:
                    yield f"{each.name}-{key}-{name}", f"{html_name(each.name)}-{key}-{name}"

    @property
    def takes_files(self) -> bool:
        """Whether any field or column takes files."""
        kinds = (e.kind for each in self.form_fields for e in (each, *each.columns))
        return any(kind is FieldKind.ATTACHMENTS for kind in kinds)

    def file_widgets(self) -> list[Field]:
        """The fields that take files, as they are drawn."""
        return list(self._file_widgets().values())

    def _file_widgets(self) -> dict[str, Field]:
        plain = [each for each in self.form_fields if each.kind is FieldKind.ATTACHMENTS]
        found: dict[str, Field] = {each.name: self[html_name(each.name)] for each in plain}
        for table in self.tables():
            found |= table.file_widgets()
        return found

    def type_fields(self) -> Iterator[tuple[FormField, Any]]:
        """Each of the type's fields that is asked, with its drawn one."""
        return ((each, drawn) for each, drawn in self._drawn() if not drawn.flags.unasked)

    def _drawn(self) -> Iterator[tuple[FormField, Any]]:
        return ((each, self[html_name(each.name)]) for each in self.form_fields)

    def changed_from(self, content: Content) -> frozenset[str]:
        """HTML names of the fields that say something else than the content does."""
        pairs = {
            drawn.name: (
                None if drawn.flags.unasked else building.stored(drawn),
                _normal(each, content.fields.get(each.name)),
            )
            for each, drawn in self._drawn()
        }
        pairs["title"] = (self["title"].data, content.title)
        return frozenset(name for name, (now, was) in pairs.items() if building.given(now) != was)

    def complain(self, problems: Iterable[tuple[str, str]]) -> None:
        """Add what was wrong with uploads: pairs of a field's name and a sentence."""
        widgets = self._file_widgets()
        for name, sentence in problems:
            drawn = widgets[name]
            drawn.process_errors = [*drawn.process_errors, sentence]

    def _files(self, kept: Kept) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for each in self.form_fields:
            name = html_name(each.name)
            if each.kind is FieldKind.ATTACHMENTS:
                found[name] = list(kept.get(each.name, ()))
            elif each.kind is FieldKind.LINES:
                begin = f"{each.name}-"
                files = {n.removeprefix(begin): v for n, v in kept.items() if n.startswith(begin)}
                found[name] = {"files": files}
        return found


def _normal(each: FormField, value: Any) -> Any:
    """A kept value as the form would keep it today."""
    if each.kind is FieldKind.ATTACHMENTS:
        value = [KeptFile.from_value(entry).as_value() for entry in value or ()]
    return building.given(value)


def kept_value(each: FormField, content: Content) -> Any:
    """A field's value in a request's content, as its WTForms field holds it."""
    return building.held(each, content.fields.get(each.name))


def own_files(form: Iterable[FormField], content: Content) -> dict[str, list[KeptFile]]:
    """The files of a request, by the places that a form drawn from it has."""
    found: dict[str, list[KeptFile]] = {}
    for each in form:
        if each.kind is FieldKind.ATTACHMENTS:
            found[each.name] = kept_value(each, content)
        elif each.kind is FieldKind.LINES:
            found |= files_of(content.fields.get(each.name), each)
    return found


def _nothing(each: FormField) -> Any:
    """What a field that is not asked holds."""
    return [] if each.kind is FieldKind.ATTACHMENTS else None
