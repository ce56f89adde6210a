"""From one day to another in a form, with half days at both ends."""

from collections.abc import Callable
from datetime import date
from typing import Any

from wtforms import BooleanField, Field
from wtforms.form import BaseForm

from portal.domain.policy.forms import TODAY, FormField, decimal_text
from portal.domain.time.day_ranges import LONGEST, DayRange, Workdays, counted, day_range_of
from portal.forms.fields import DayField
from portal.translation import _

PARTS = ("first", "first_half", "last", "last_half")


class DayRangeField(Field):
    """Two days and two boxes. The days are counted by the calendar of whoever fills it in."""

    def __init__(
        self,
        *args: Any,
        described: FormField,
        draw: Callable[..., Any],
        workdays: Callable[[], Workdays],
        today: date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.described, self.workdays, self.today = described, workdays, today
        self.flags.optional = None if described.required else True
        self.draw = draw
        self.own_errors: list[str] = []

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Take what was typed, or what a request holds."""
        self.process_errors: list[str] = []
        self.errors: list[str] = []
        label = self.label.text
        fields = {
            "first": self.draw(DayField, _("%(label)s: first day", label=label), []),
            "first_half": self.draw(BooleanField, _("Only from midday on"), []),
            "last": self.draw(DayField, _("%(label)s: last day", label=label), []),
            "last_half": self.draw(BooleanField, _("Only until midday"), []),
        }
        self.parts = BaseForm(fields, prefix=self.name)
        held = day_range_of(data)
        kept = {each: getattr(held, each) for each in PARTS} if held else {}
        self.parts.process(formdata, data=kept)

    @property
    def range(self) -> DayRange | None:
        """What was given, where both days were."""
        first, last = self.parts["first"].data, self.parts["last"].data
        if first is None or last is None or last < first:
            return None
        halves = {each: bool(self.parts[each].data) for each in ("first_half", "last_half")}
        return DayRange(first=first, last=last, **halves)

    @property
    def value(self) -> dict[str, Any] | None:
        """The days as a request keeps them, with how many they are by today's calendar."""
        given = self.range
        if given is None:
            return None
        found = counted(given, self.workdays())
        return {
            "first": given.first.isoformat(),
            "last": given.last.isoformat(),
            "first_half": given.first_half,
            "last_half": given.last_half,
            "days": decimal_text(found.days),
            "off": {day.isoformat(): name for day, name in found.off.items()},
        }

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        """Both days or none, in their order, and not too many."""
        self.own_errors = []
        if self.flags.unasked:
            return True
        parts_right = self.parts.validate()
        if parts_right and (problem := self._problem()):
            self.own_errors = [problem]
        self.errors = [*self.own_errors, *(e for each in self.parts for e in each.errors)]
        return not self.errors

    def _problem(self) -> str:
        first, last = self.parts["first"].data, self.parts["last"].data
        label = self.label.text
        if first is None and last is None:
            missing = _("%(label)s is missing: enter the first and the last day.", label=label)
            return missing if self.described.required else ""
        if first is None or last is None:
            return _("%(label)s: enter both days. They may be the same.", label=label)
        if last < first:
            return _("%(label)s: the last day must not be before the first.", label=label)
        if (last - first).days >= LONGEST:
            return _("%(label)s can have at most %(most)s days.", label=label, most=LONGEST)
        if self.range is not None and not self.range.part_of(first) and first == last:
            return _("%(label)s: one day cannot begin and end at midday.", label=label)
        if self.described.not_before == TODAY and first < self.today:
            return _("%(label)s must begin today or later.", label=label)
        return ""
