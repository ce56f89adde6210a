"""People in forms: found by name, suggested by the browser's own list."""

from collections.abc import Sequence
from typing import Any, Protocol

from markupsafe import Markup
from wtforms.widgets import TextInput


class FoundPerson(Protocol):
    """Somebody; `label` is the name, made unlike those of namesakes."""

    @property
    def id(self) -> str:
        """The person's id."""

    @property
    def label(self) -> str:
        """The name with the department."""


class PeopleSource(Protocol):
    """Where people are found; `portal.queries.people` is one."""

    def called(self, text: str) -> Sequence[FoundPerson]:
        """Everybody active whom a typed text names: one is right, none or several an error."""

    def find(self, person_id: str) -> FoundPerson | None:
        """The person of that id."""

    def like(self, text: str) -> Sequence[FoundPerson]:
        """A few active people whose names or mail addresses begin like the text's words."""


class Suggestions(TextInput):
    """A text field with a list of names to pick from, which works without scripts."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = names

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        """Draw the input and its list."""
        name = f"{field.id}-names"
        options = Markup("").join(Markup('<option value="{}">').format(n) for n in self.names)
        box: Markup = super().__call__(field, list=name, **kwargs)
        return box + Markup('<datalist id="{}">{}</datalist>').format(name, options)
