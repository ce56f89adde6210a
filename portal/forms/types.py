"""The forms of a request type as a whole: a new one, one of the gallery, a version's name."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import Form
from wtforms.form import BaseForm

from portal.forms.building import options, unbound
from portal.forms.fields import (
    Allowed,
    AtMost,
    DayField,
    LineField,
    OptionsField,
    Required,
    SeveralField,
)
from portal.translation import _, lazy

LONGEST_NAME = 60
LONGEST_TEXT = 300


class PrefixField(LineField):
    """What numbers begin with: two to five capitals."""

    def read(self, text: str) -> str:
        """The letters as capitals."""
        if not re.fullmatch(r"[A-Za-z]{2,5}", text):
            raise ValueError(_("%(label)s must be 2 to 5 letters, such as PR."))
        return text.upper()


class ScheduleForm(Form):
    """From which day on a draft is in force."""

    day: Any = unbound(
        DayField,
        lazy("First day"),
        [Required(lazy("enter a day"))],
        lazy("It goes live at the beginning of that day, on your clock."),
    )


class NewTypeForm(Form):
    """A type from scratch."""

    name: Any = unbound(
        LineField,
        lazy("Name"),
        [Required(lazy("enter a name, such as Purchase")), AtMost(LONGEST_NAME)],
        lazy("What people choose when they make a request."),
    )
    prefix: Any = unbound(
        PrefixField,
        lazy("Numbers begin with"),
        [Required(lazy("enter 2 to 5 letters, such as PR"))],
        lazy("Two to five letters, such as PR for PR-1001. It cannot be changed later."),
    )
    description: Any = unbound(
        LineField,
        lazy("Description"),
        [AtMost(LONGEST_TEXT)],
        lazy("One sentence below the name."),
    )


def gallery_form(
    groups: Sequence[str], own: Mapping[str, str], languages: Mapping[str, str]
) -> BaseForm:
    """What a type of the gallery is called here, which group takes the place of each, and which of
    its `languages` (names by code) it keeps."""
    offered = options(list(own.items()), _("Choose a group"))
    wanted = {
        f"group_{code}": unbound(
            OptionsField, _("Who is “%(code)s” here", code=code),
            [Required(_("choose one of your groups"))], **offered,
        )
        for code in groups
    }  # fmt: skip
    name = [Required(_("enter a name")), AtMost(LONGEST_NAME)]
    prefix = [Required(_("enter 2 to 5 letters, such as PR"))]
    hint = _("What you change later is to be translated, too. Leave out what nobody here reads.")
    said = unbound(
        SeveralField, _("Translations to keep"), [Allowed()], hint, choices=dict(languages)
    )
    return BaseForm({
        "name": unbound(LineField, _("Name"), name),
        "prefix": unbound(PrefixField, _("Numbers begin with"), prefix),
        **wanted,
        **({"languages": said} if languages else {}),
    })  # fmt: skip


class TextsForm(Form):
    """What a version is called."""

    name: Any = unbound(
        LineField, lazy("Name"), [Required(lazy("enter a name")), AtMost(LONGEST_NAME)]
    )
    description: Any = unbound(LineField, lazy("Description"), [AtMost(LONGEST_TEXT)])
