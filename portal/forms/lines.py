"""A table of lines in a form: each line is a small form of its columns.

A line keeps its number for as long as the form is filled in, whatever other lines are removed, so
that its files stay with it. A hidden input lists the numbers in their order: a line without a
single answer is sent as well. Adding and removing are submit buttons, which any browser has.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wtforms import Field
from wtforms.form import BaseForm

from portal.domain.policy.forms import MOST_LINES, FieldKind, FormField, with_total
from portal.domain.request.files import KeptFile
from portal.forms.fields import FilesField
from portal.translation import _

# The numbers of lines in a form; more digits than any person makes.
_LONGEST = 6


def line_keys(text: str) -> list[int]:
    """The numbers that a form's hidden input lists, each once; one more than may be stand there,
    so that too many are noticed."""
    parts = [each for each in text.split() if each.isascii() and each.isdigit()]
    keys = dict.fromkeys(int(each) for each in parts if len(each) <= _LONGEST)
    return list(keys)[: MOST_LINES + 1]


@dataclass(frozen=True)
class Line:
    """One line: its number in the form, and its fields."""

    key: int
    form: BaseForm

    @property
    def is_blank(self) -> bool:
        """Whether nothing was given in it."""
        return not any(_is_given(each) for each in self.form)


def _is_given(drawn: Any) -> bool:
    return (
        bool(getattr(drawn, "typed", None))
        or drawn.data not in (None, "", [], ())
        or bool(drawn.process_errors)
    )


class LinesTable(Field):
    """Lines of a request. `draw` makes the fields of one line; `stored` and `held` turn their
    values into JSON and back."""

    def __init__(
        self,
        *args: Any,
        described: FormField,
        draw: Callable[[], Mapping[str, Any]],
        stored: Callable[[Any], Any],
        held: Callable[[FormField, Any], Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.flags.optional = None if described.required else True
        self.described = described
        self.draw, self.stored, self.held = draw, stored, held
        self.lines: list[Line] = []
        self.own_errors: list[str] = []

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Take the lines of a post, with the files kept for them, or those that a request holds."""
        self.process_errors: list[str] = []
        self.errors: list[str] = []
        given: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        files: Mapping[str, Sequence[KeptFile]] = given.get("files", {})
        rows = given.get("rows", ())
        listed = formdata.get(f"{self.name}-rows") if formdata else None
        if listed is not None:
            self.lines = [self._posted(key, formdata, files) for key in line_keys(listed)]
        else:
            self.lines = [self._kept(key, row) for key, row in enumerate(rows)]
            if not self.lines:
                self.lines = [self._kept(0, {})]

    def _posted(self, key: int, formdata: Any, files: Mapping[str, Sequence[KeptFile]]) -> Line:
        form = self._line_form(key)
        own = {
            each.name: list(files.get(f"{key}-{each.name}", ()))
            for each in self.described.columns
            if each.kind is FieldKind.ATTACHMENTS
        }
        form.process(formdata, data=own)
        return Line(key, form)

    def _kept(self, key: int, row: Mapping[str, Any]) -> Line:
        form = self._line_form(key)
        columns = self.described.columns
        form.process(None, data={e.name: self.held(e, row.get(e.name)) for e in columns})
        return Line(key, form)

    def _line_form(self, key: int) -> BaseForm:
        return BaseForm(dict(self.draw()), prefix=f"{self.name}-{key}")

    @property
    def rows(self) -> str:
        """What the hidden input says."""
        return " ".join(str(each.key) for each in self.lines)

    @property
    def filled(self) -> list[Line]:
        """The lines in which something was given; blank ones are left out."""
        return [each for each in self.lines if not each.is_blank]

    @property
    def value(self) -> dict[str, Any] | None:
        """The lines as a request keeps them."""
        names = [each.name for each in self.described.columns]
        rows = [{n: self.stored(line.form[n]) for n in names} for line in self.filled]
        return with_total(self.described, rows)

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        """Judge each line that is not blank, and their number."""
        self.own_errors = []
        if self.flags.unasked:
            return True
        if not self.filled and self.described.required:
            self.own_errors.append(_("%(label)s: enter at least one line.", label=self.label.text))
        if len(self.filled) > MOST_LINES:
            words = _("%(label)s can have at most %(most)s lines.", label=self.label.text,
                      most=MOST_LINES)  # fmt: skip
            self.own_errors.append(words)
        wrong = [
            _("Line %(number)s: %(problem)s", number=number, problem=" ".join(each.errors))
            for number, line in enumerate(self.lines, start=1)
            if not line.is_blank and not line.form.validate()
            for each in line.form
            if each.errors
        ]
        self.errors = [*self.own_errors, *wrong]
        return not self.errors

    def file_widgets(self) -> Iterator[tuple[str, FilesField]]:
        """The fields of files in the lines, by the places in which their files are kept."""
        for line in self.lines:
            for each in line.form:
                if isinstance(each, FilesField):
                    yield f"{self.described.name}-{line.key}-{each.short_name}", each


def pressed(post: Mapping[str, str], table: str) -> tuple[str, int]:
    """Which of a table's buttons sent the form: ("add", 0), ("remove", the line's number), or
    ("", 0) for none."""
    if f"{table}-add" in post:
        return "add", 0
    found = line_keys(post.get(f"{table}-remove", ""))
    return ("remove", found[0]) if found else ("", 0)


def rows_after(listed: str, act: str, key: int) -> str:
    """What the hidden input says once a button had its effect."""
    keys = line_keys(listed)
    if act == "add" and len(keys) < MOST_LINES:
        keys.append(max(keys, default=-1) + 1)
    if act == "remove":
        keys = [each for each in keys if each != key]
    return " ".join(map(str, keys))


def files_of(value: Any, described: FormField) -> dict[str, list[KeptFile]]:
    """The files in a request's lines, by the places that a form drawn from them has."""
    rows = value.get("rows", ()) if isinstance(value, Mapping) else ()
    names = [each.name for each in described.columns if each.kind is FieldKind.ATTACHMENTS]
    return {
        f"{described.name}-{key}-{name}": [
            KeptFile.from_value(file) for file in row.get(name) or ()
        ]
        for key, row in enumerate(rows)
        for name in names
    }
