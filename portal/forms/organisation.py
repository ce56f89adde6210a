"""The forms of the organisation's settings, of a department and of a group, and that of somebody
who joins or heads one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from portal.domain.branding import read_colour
from portal.domain.notices.mail_texts import (
    LONGEST_BODY,
    LONGEST_SUBJECT,
    MailTopic,
    problems,
)
from portal.domain.people.organisation import (
    CODE_RULE,
    NAME_LIMIT,
    PURPOSE_LIMIT,
    OrganisationPart,
    UnitKind,
)
from portal.forms.building import options, unbound
from portal.forms.fields import (
    Allowed,
    AtMost,
    Between,
    CurrencyField,
    LineField,
    LinesField,
    OptionsField,
    Required,
    WholeNumberField,
)
from portal.forms.handing import HINT, SomebodyField
from portal.forms.people import PeopleSource
from portal.translation import _, tell

MOST_DAYS = 3650


class ColourField(LineField):
    """A colour, as six hexadecimal digits."""

    def read(self, text: str) -> str:
        """The digits, with or without the # before them."""
        colour = read_colour(text)
        if colour is None:
            raise ValueError(_("%(label)s must be six digits from 0 to F, such as #1F5FBF."))
        return colour

    def write(self, value: Any) -> str:
        """With the # before it."""
        return f"#{value}" if value else ""


@dataclass(frozen=True, kw_only=True)
class SettingChoices:
    """What the defaults may be: names by value. `spoken`: the texts that are translated, by their
    setting; `usual`: the language that they are written in."""

    places: Mapping[str, str]
    zones: Sequence[str]
    languages: Mapping[str, str]
    currencies: Collection[str]
    spoken: Mapping[str, str]
    usual: str


class _KnownCurrency:
    """A currency that exists."""

    def __init__(self, known: Collection[str]) -> None:
        self.known = known

    def __call__(self, form: Any, field: Any) -> None:
        """Raise for a code that stands for none."""
        if field.data not in self.known:
            raise ValidationError(_("%(code)s is no currency. Enter its code, such as EUR or IDR.",
                                    code=field.data))  # fmt: skip


def setting_form(
    part: OrganisationPart,
    choices: SettingChoices,
    typed: "MultiDict[str, str] | None",
    values: Mapping[str, Any],
) -> BaseForm:
    """What one part of the organisation is set to."""
    made = {
        OrganisationPart.NAME: _name_fields,
        OrganisationPart.COLOUR: _colour_fields,
        OrganisationPart.DEFAULTS: lambda: _default_fields(choices),
        OrganisationPart.MAIL: _mail_fields,
        OrganisationPart.LANGUAGES: lambda: _language_fields(choices),
        OrganisationPart.RETENTION: _retention_fields,
    }
    form = BaseForm(made[part]())
    form.process(typed, data=dict(values))
    return form


def _name_fields() -> dict[str, Any]:
    rules = [Required(_("enter a name")), AtMost(60)]
    return {"name": unbound(LineField, _("Name of the organisation"), rules)}


def _colour_fields() -> dict[str, Any]:
    hint = _("Six digits from 0 to F, such as #1F5FBF. Leave empty for the product's blue.")
    return {"accent": unbound(ColourField, _("Accent colour"), [Allowed()], hint)}


def _default_fields(choices: SettingChoices) -> dict[str, Any]:
    zones = [(each, each.replace("_", " ")) for each in choices.zones]
    places, languages = list(choices.places.items()), list(choices.languages.items())
    return {
        "currency": unbound(
            CurrencyField, _("Currency"), [Allowed(), _KnownCurrency(choices.currencies)],
            _("For new amounts in forms, such as EUR. Those that are there stay as they are."),
        ),
        "calendar_id": unbound(
            OptionsField, _("Location"), [Allowed()],
            _("Of a new person. Its working hours and holidays count for them, and its time zone."),
            **options(places, first=_("No location")),
        ),
        "time_zone": unbound(
            OptionsField, _("Time zone"), [Allowed()], _("Of a new person without a location."),
            **options(zones, first="UTC"),
        ),
        "locale": unbound(
            OptionsField, _("Language"), [Allowed()],
            _("Of pages and emails, for whoever chose none; on pages their browser comes first."),
            **options(languages, first=_("The first language of the installation")),
        ),
    }  # fmt: skip


def _mail_fields() -> dict[str, Any]:
    footer = _("Below every email, such as who runs the portal and whom to ask.")
    return {
        "sender_name": unbound(LineField, _("Sender name"), [Allowed(), AtMost(60), _NoAddress()]),
        "mail_footer": unbound(LinesField, _("Footer"), [Allowed(), AtMost(600)], footer),
    }


def _language_fields(choices: SettingChoices) -> dict[str, Any]:
    """Each text that is set in each other language."""
    made = _mail_fields()
    fields = {}
    for code, language in choices.languages.items():
        for name, text in choices.spoken.items():
            if code == choices.usual or not text:
                continue
            kind, rules = made[name].field_class, made[name].kwargs["validators"]
            label = made[name].args[0]
            fields[f"{name}_{code}"] = unbound(
                kind, _("%(text)s in %(language)s", text=label, language=language), rules, text
            )
    return fields


def translated(
    form: BaseForm, spoken: Mapping[str, str], languages: Iterable[str]
) -> dict[str, dict[str, str]]:
    """What a form of languages says, by the original and the language."""
    found: dict[str, dict[str, str]] = {}
    for code in languages:
        for name, text in spoken.items():
            field = f"{name}_{code}"
            if field in form and form[field].data:
                found.setdefault(text, {})[code] = form[field].data
    return found


class _NoAddress:
    """A name that nobody takes for an address."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise where it holds a sign of one."""
        if set("<>@") & set(field.data or ""):
            raise ValidationError(_("The sender name must not contain <, > or @."))


def _retention_fields() -> dict[str, Any]:
    days = {
        "drafts_days": (
            _("Drafts"), 7, _("Days after the last change of a request that was not submitted."),
        ),
        "sessions_days": (
            _("Sessions"), 1, _("Days after somebody signed out or the session ran out."),
        ),
        "notifications_days": (
            _("Notifications"), 30, _("Days after they were sent, of requests that are closed."),
        ),
        "former_days": (
            _("People who left"), 30,
            _("Days after they were deactivated. A label then replaces their name for good."),
        ),
    }  # fmt: skip
    return {
        name: unbound(WholeNumberField, label, [Allowed(), Between(least, MOST_DAYS)], hint)
        for name, (label, least, hint) in days.items()
    }


class _Fillable:
    """A text of which every variable is one of the topic's."""

    def __init__(self, topic: MailTopic, *, is_subject: bool) -> None:
        self.topic, self.is_subject = topic, is_subject

    def __call__(self, form: Any, field: Any) -> None:
        """Raise with everything that is wrong."""
        found = problems(field.data or "", self.topic, is_subject=self.is_subject)
        if said := [tell(each) for each in found]:
            raise ValidationError(" ".join(dict.fromkeys(said)))


def mail_text_form(
    topic: MailTopic, typed: "MultiDict[str, str] | None", **values: object
) -> BaseForm:
    """Subject and first words of a mail."""
    fields = {
        "subject": unbound(
            LineField, _("Subject"),
            [Required(_("enter a subject")), AtMost(LONGEST_SUBJECT),
             _Fillable(topic, is_subject=True)],
        ),
        "body": unbound(
            LinesField, _("Text"),
            [Required(_("enter a text")), AtMost(LONGEST_BODY), _Fillable(topic, is_subject=False)],
        ),
    }  # fmt: skip
    form = BaseForm(fields)
    form.process(typed, data=values)
    return form


def unit_form(
    kind: UnitKind,
    parents: Mapping[str, str],
    typed: "MultiDict[str, str] | None",
    *,
    is_new: bool,
    **values: object,
) -> BaseForm:
    """What is written about a department or group. Rules and files know it by its code, which is
    given once. `parents`: departments that it may be part of, names by id."""
    fields: dict[str, Any] = {
        "name": unbound(LineField, _("Name"), [Required(_("enter a name")), AtMost(NAME_LIMIT)])
    }
    if is_new:
        advice = Required(_("enter a code"))
        hint = _("%(rule)s It cannot be changed later.", rule=_(CODE_RULE))
        fields["code"] = unbound(LineField, _("Code"), [advice, AtMost(40)], hint)
    if kind is UnitKind.GROUP:
        hint = _("What this group is asked to approve. Shown to administrators.")
        limits = [Allowed(), AtMost(PURPOSE_LIMIT)]
        fields["purpose"] = unbound(LinesField, _("Purpose"), limits, hint)
    else:
        offered = options(list(parents.items()), first=_("No other department"))
        fields["parent_id"] = unbound(OptionsField, _("Part of"), [Allowed()], **offered)
    form = BaseForm(fields)
    form.process(typed, data=values)
    return form


def successors_form(
    parts: Mapping[str, str],
    people: PeopleSource,
    names: Sequence[str],
    typed: "MultiDict[str, str] | None",
) -> BaseForm:
    """Who takes over: `person` everything that has nobody of its own in `parts`, labels by name."""
    hint = _("%(hint)s Takes over whatever has no successor of its own.", hint=HINT)
    somebody: dict[str, Any] = {"people": people, "names": names}
    fields = {"person": unbound(SomebodyField, _("Successor"), [Allowed()], hint, **somebody)}
    fields |= {
        name: unbound(SomebodyField, label, [Allowed()], **somebody)
        for name, label in parts.items()
    }
    form = BaseForm(fields)
    form.process(typed)
    return form


def somebody_form(
    label: str, people: PeopleSource, names: Sequence[str], typed: "MultiDict[str, str] | None"
) -> BaseForm:
    """One person by name or address."""
    rules = [Required(_("enter a name or email"))]
    field = unbound(SomebodyField, label, rules, HINT, people=people, names=names)
    form = BaseForm({"person": field})
    form.process(typed)
    return form
