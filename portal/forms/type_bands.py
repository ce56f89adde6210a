"""The form of a draft's bands: amounts, who is asked from each on, and how many have to approve."""

from typing import Any

from wtforms import BooleanField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from portal.domain.policy.bands import Band, Bands, amount_field
from portal.domain.policy.types import TypeContent
from portal.forms.building import options, unbound
from portal.forms.fields import (
    Allowed,
    AtMost,
    Between,
    LineField,
    MoneyField,
    OptionsField,
    WholeNumberField,
)
from portal.forms.type_route import Choosable, NamedWhere, PeopleField, rule_of, who_of, who_options
from portal.presentation.money import money
from portal.translation import _

MOST_BANDS = 8


def bands_form(table: Bands, content: TypeContent, choosable: Choosable, typed: Any) -> BaseForm:
    """Rows of bands, two more than there are."""
    currency = _currency(content)
    offered = who_options(content, choosable)
    drawn: dict[str, Any] = {}
    data: dict[str, Any] = {"adding": table.adding}
    for row in range(_rows(table, typed)):
        band = table.bands[row] if row < len(table.bands) else None
        drawn |= _row(row, currency, offered, choosable)
        if band is not None:
            rule = band.rules[0] if band.rules else None
            data |= {
                f"least_{row}": band.least or None,
                f"name_{row}": band.name,
                f"who_{row}": who_of(rule) if rule else "",
                f"people_{row}": rule.people if rule else (),
                f"votes_{row}": band.votes,
            }
    drawn["adding"] = unbound(
        BooleanField, _("Larger amounts also go through the stages of the bands below"), []
    )
    form = BaseForm(drawn)
    form.process(typed, data=data)
    return form


def _rows(table: Bands, typed: Any) -> int:
    posted = [int(name[4:]) for name in typed or () if name[:4] == "who_" and name[4:].isdigit()]
    return min(max(len(table.bands) + 2, max(posted, default=0) + 1, 3), MOST_BANDS)


def _row(
    row: int, currency: str, offered: list[tuple[str, str]], choosable: Choosable
) -> dict[str, Any]:
    n = row + 1
    return {
        f"least_{row}": unbound(
            MoneyField, _("From (%(number)s)", number=n), [Allowed(), Between(0, 10**15)],
            currency=currency,
        ),
        f"name_{row}": unbound(
            LineField, _("Name (%(number)s)", number=n), [_Told(row), AtMost(60)]
        ),
        f"who_{row}": unbound(
            OptionsField, _("Who (%(number)s)", number=n), [], **options(offered, _("No band"))
        ),
        f"people_{row}": unbound(
            PeopleField, _("People (%(number)s)", number=n), [NamedWhere(f"who_{row}")],
            people=choosable.people,
        ),
        f"votes_{row}": unbound(
            WholeNumberField, _("Approvals (%(number)s)", number=n), [Allowed(), Between(1, 100)]
        ),
    }  # fmt: skip


class _Told:
    """A band has a name, and a row without anybody says nothing else."""

    def __init__(self, row: int) -> None:
        self.row = row

    def __call__(self, form: Any, field: Any) -> None:
        """Raise for half a row."""
        who = form[f"who_{self.row}"].data
        if who and not field.data:
            raise ValidationError(_("%(label)s: enter a name.", label=field.label.text))
        if not who and (field.data or form[f"least_{self.row}"].data):
            raise ValidationError(_("%(label)s: choose who is asked.", label=field.label.text))


def read_bands(form: BaseForm, table: Bands, content: TypeContent) -> tuple[Bands, list[str]]:
    """The table of a valid form, and what is wrong with it as a whole: no gaps, no overlaps."""
    bands = []
    for row in range(MOST_BANDS):
        if f"who_{row}" not in form or not (who := form[f"who_{row}"].data):
            continue
        old = table.bands[row].rules if row < len(table.bands) else ()
        people = form[f"people_{row}"].data
        kept = old and who == who_of(old[0]) and tuple(people) == old[0].people
        bands.append(
            Band(
                least=form[f"least_{row}"].data or 0,
                name=form[f"name_{row}"].data,
                rules=old if kept else (rule_of(who, people),),
                votes=form[f"votes_{row}"].data or 1,
            )
        )
    bands.sort(key=lambda each: each.least)
    found = Bands(bands=tuple(bands), adding=form["adding"].data)
    return found, _wrong(found, _currency(content))


def _wrong(table: Bands, currency: str) -> list[str]:
    least = [each.least for each in table.bands]
    twice = [each for each in dict.fromkeys(least) if least.count(each) > 1]
    wrong = [_("Two bands begin at %(amount)s.", amount=money(each, currency)) for each in twice]
    if least and least[0] > 0:
        first = money(least[0], currency)
        wrong.append(
            _("Nobody is asked below %(amount)s: let the first band begin at 0.", amount=first)
        )
    return wrong


def _currency(content: TypeContent) -> str:
    field = amount_field(content)
    return (field.currency if field else None) or "EUR"
