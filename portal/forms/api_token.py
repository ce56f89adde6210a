"""A new token of the JSON API: its name, what it may do, where, and for how long."""

from collections.abc import Iterable
from typing import Any

from wtforms import Form, HiddenField, SelectMultipleField
from wtforms.validators import UUID, InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from portal.domain.people.tokens import (
    LONGEST_LIFE,
    NAME_LENGTH,
    SENTENCES,
    USUAL_DAYS,
    Scope,
    TokenWish,
)
from portal.forms.building import unbound
from portal.forms.fields import Allowed, AtMost, Between, LineField, Required, WholeNumberField
from portal.translation import _, lazy


class NewTokenForm(Form):
    """A new token. Its id is drawn with the form: sent twice, it is one token."""

    token_id: Any = HiddenField(validators=[InputRequired(), UUID()])
    name: Any = unbound(
        LineField,
        lazy("Name"),
        [Required(lazy("enter a name")), AtMost(NAME_LENGTH)],
        lazy("Which program uses it, such as “ERP, purchasing”."),
    )
    scopes: Any = unbound(
        SelectMultipleField,
        lazy("What it may do"),
        [Required(lazy("choose at least one"))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    modules: Any = unbound(
        LineField,
        lazy("Modules"),
        [Allowed(), AtMost(1000)],
        lazy("Only requests of these modules, with commas between. Leave empty for all."),
    )
    days: Any = unbound(
        WholeNumberField,
        lazy("Days until it expires"),
        [Required(lazy("enter a whole number")), Between(1, LONGEST_LIFE.days)],
        lazy("Rotate or replace it before then. At most a year."),
        default=USUAL_DAYS,
    )

    def offer(self, scopes: Iterable[Scope]) -> "NewTokenForm":
        """Let these be chosen."""
        self.scopes.choices = [
            (scope.value, f"{scope.value}: {_(SENTENCES[scope])}") for scope in scopes
        ]
        return self

    def wish(self) -> TokenWish:
        """What a valid form asks for."""
        named = (each.strip() for each in (self.modules.data or "").split(","))
        return TokenWish(
            name=self.name.data,
            scopes=frozenset(Scope(each) for each in self.scopes.data),
            days=self.days.data,
            modules=tuple(dict.fromkeys(each for each in named if each)),
        )
