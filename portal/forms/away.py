"""The form of an absence: who decides meanwhile, from when to when, about what."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from portal.forms.building import options, unbound
from portal.forms.fields import (
    Allowed,
    AtMost,
    Between,
    DayField,
    LineField,
    MoneyField,
    NotBefore,
    NotPast,
    OptionsField,
    Required,
    SeveralField,
)
from portal.forms.handing import HINT, SomebodyField
from portal.forms.people import PeopleSource
from portal.translation import _

LONGEST_REASON = 200
LARGEST = 10**15


def away_form(
    whose: str,
    people: PeopleSource,
    names: Sequence[str],
    types: Mapping[str, str],
    currencies: Sequence[str],
    today: date,
    typed: "MultiDict[str, str] | None",
) -> BaseForm:
    """The form with what was typed. `whose`: "you", or the name of who is away. `types`: names by
    code; `currencies`: of their amounts, the most usual first. `today` is the person's own."""
    given = "" if typed is None else typed.get("currency", "")
    currency = given if given in currencies else next(iter(currencies), "EUR")
    fields = _who_and_when(whose, people, names, today) | _about_what(types, currency)
    if len(currencies) > 1:
        offered = options([(each, each) for each in currencies], first="")
        fields["currency"] = unbound(
            OptionsField, _("Currency of the amount"), [Allowed()], **offered
        )
    form = BaseForm(fields)
    form.process(typed)
    return form


def _about_what(types: Mapping[str, str], currency: str) -> dict[str, Any]:
    return {
        "types": unbound(
            SeveralField,
            _("Only for these requests"),
            [Allowed()],
            _("Leave all unselected to include every type."),
            choices=dict(types),
            validate_choice=False,
        ),
        "amount": unbound(
            MoneyField,
            _("Only up to this amount"),
            [Allowed(), Between(1, LARGEST)],
            _("Requests without an amount are always included."),
            currency=currency,
        ),
        "reason": unbound(
            LineField,
            _("Reason"),
            [Allowed(), AtMost(LONGEST_REASON)],
            _("For example “Holiday”. Your delegate and administrators can read it."),
        ),
    }


def _who_and_when(
    whose: str, people: PeopleSource, names: Sequence[str], today: date
) -> dict[str, Any]:
    return {
        "person": unbound(
            SomebodyField,
            _("Who decides for %(whose)s", whose=whose),
            [Required(_("enter a name or email"))],
            HINT,
            people=people,
            names=names,
        ),
        "first": unbound(
            DayField,
            _("First day"),
            [Required(_("enter a date")), NotPast(today)],
            _("Today means starting now."),
        ),
        "last": unbound(
            DayField,
            _("Last day"),
            [Required(_("enter a date")), NotBefore("first")],
            _("Until the end of that day."),
        ),
    }
