"""The form that gives a task to somebody: whom, and why."""

from collections.abc import Sequence
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from portal.forms.building import unbound
from portal.forms.fields import Allowed, AtMost, LinesField, PersonField, Required
from portal.forms.people import FoundPerson, PeopleSource
from portal.translation import _, lazy

LONGEST = 10_000
HINT = lazy("Start typing a name or an email address.")


class SomebodyField(PersonField):
    """Somebody by name or mail address. What is not clear comes back with `matches` to pick from:
    they are sent under the same name, behind the text."""

    matches: Sequence[FoundPerson] = ()
    picked: frozenset[str] = frozenset()

    def process_formdata(self, valuelist: list[Any]) -> None:
        """The text comes first, then what was picked of earlier matches."""
        self.picked = frozenset(str(value) for value in valuelist[1:])
        super().process_formdata(valuelist[:1])

    def read(self, text: str) -> str:
        """The id of the one person meant."""
        named = self.people.called(text)
        if len(named) == 1:
            return named[0].id
        matches = named or self.people.like(text)
        for person in matches:
            if person.id in self.picked:
                self.typed = person.label
                return person.id
        self.matches = matches
        if not matches:
            raise ValueError(_("%(label)s: no colleague with that name."))
        if len(matches) == 1:
            raise ValueError(_("%(label)s: this is not the full name. Choose the person below."))
        raise ValueError(_("%(label)s: several people match. Choose one below."))


def handing_form(
    label: str,
    people: PeopleSource,
    names: Sequence[str],
    typed: "MultiDict[str, str] | None",
    *,
    must_say_why: bool,
    note: str = "",
) -> BaseForm:
    """A person and a reason, with what was typed; `names`: whom the form suggests; `note`: who else
    could be chosen. The reason is for everybody who may see the request."""
    why = Required(_("enter a reason; the people involved read it")) if must_say_why else Allowed()
    person = unbound(
        SomebodyField,
        label,
        [Required(_("enter a name or email"))],
        f"{HINT} {note}".strip(),
        people=people,
        names=names,
    )
    hint = _("Everyone who can see the request can read this.")
    if not (must_say_why or note):
        hint = _("Optional. Everyone who can see the request can read it.")
    reason = unbound(LinesField, _("Reason"), [why, AtMost(LONGEST)], hint)
    form = BaseForm({"person": person, "reason": reason})
    form.process(typed)
    return form
