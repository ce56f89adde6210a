"""The form of a request: its title and the fields of its type, and what they add up to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field
from wtforms.fields.core import UnboundField
from wtforms.form import BaseForm

from portal.domain.policy.forms import FieldKind, FormField
from portal.domain.request.files import KeptFile
from portal.domain.request.state import Content
from portal.forms import building
from portal.forms.fields import AtMost, FilesField, LineField, Required
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
        self.form_fields = tuple(fields)

    def read(self, typed: Mapping[str, str], kept: Kept) -> "RequestForm":
        """Take what was typed, by HTML name, and the files kept."""
        self.process(MultiDict(typed), data=self._files(kept))
        return self

    def fill(self, content: Content) -> "RequestForm":
        """Show what a request holds."""
        values = {html_name(each.name): held(each, content) for each in self.form_fields}
        self.process(None, data={**values, "title": content.title})
        return self

    def posted(self, post: Mapping[str, str]) -> dict[str, str]:
        """What a form post says about these fields, as it is; everything else is ignored."""
        plain = [each.name for each in self if not isinstance(each, FilesField)]
        return {name: post[name] for name in plain if name in post}

    def content(self) -> Content:
        """The content of a valid form. The type's amount field is also the request's amount."""
        values = {each.name: _stored(drawn) for each, drawn in self.type_fields()}
        amount = next((each for each in self.form_fields if each.is_amount), None)
        minor = values[amount.name] if amount else None
        currency = (amount.currency or "EUR") if amount and minor is not None else None
        return Content(title=self["title"].data, fields=values, amount=minor, currency=currency)

    def file_fields(self) -> Iterator[FormField]:
        """The fields that take files."""
        return (each for each in self.form_fields if each.kind is FieldKind.ATTACHMENTS)

    def file_widgets(self) -> list[Field]:
        """The same, as they are drawn."""
        return [self[html_name(each.name)] for each in self.file_fields()]

    def type_fields(self) -> Iterator[tuple[FormField, Any]]:
        """Each of the type's fields with its drawn one."""
        return ((each, self[html_name(each.name)]) for each in self.form_fields)

    def changed_from(self, content: Content) -> frozenset[str]:
        """HTML names of the fields that say something else than the content does."""
        pairs = {
            drawn.name: (drawn.data, held(each, content)) for each, drawn in self.type_fields()
        }
        pairs["title"] = (self["title"].data, content.title)
        return frozenset(
            name for name, (now, was) in pairs.items() if (now or None) != (was or None)
        )

    def complain(self, problems: Iterable[tuple[str, str]]) -> None:
        """Add what was wrong with uploads: pairs of a field's name and a sentence."""
        for name, sentence in problems:
            drawn = self[html_name(name)]
            drawn.process_errors = [*drawn.process_errors, sentence]

    def _files(self, kept: Kept) -> dict[str, list[KeptFile]]:
        names = [each.name for each in self.file_fields()]
        return {html_name(name): list(kept.get(name, ())) for name in names}


def held(each: FormField, content: Content) -> Any:
    """A field's value in a request's content, as its WTForms field holds it."""
    value = content.fields.get(each.name)
    if each.kind is FieldKind.ATTACHMENTS:
        return [KeptFile.from_value(entry) for entry in value or ()]
    if each.kind is FieldKind.DATE and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value


def _stored(drawn: Field) -> Any:
    """A field's value as JSON; nothing given is None."""
    value = drawn.data
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(drawn, FilesField):
        return [kept.as_value() for kept in value]
    return None if value == "" else value
