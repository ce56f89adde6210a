"""An endpoint of webhooks, the filter of its messages, and since when to deliver them again."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import BooleanField, Form, HiddenField, SelectMultipleField
from wtforms.form import BaseForm
from wtforms.validators import UUID, InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from portal.domain.webhooks import (
    LONGEST_NAME,
    LONGEST_URL,
    PING,
    SENTENCES,
    DeliveryState,
    HookType,
)
from portal.forms.building import options, unbound
from portal.forms.due_dates import ClockField, RecentDayField
from portal.forms.fields import Allowed, AtMost, LineField, OptionsField, Required
from portal.translation import _, lazy

LONGEST_LIST = 1000
SHORT = 100


class WebhookForm(Form):
    """Where messages go, and which."""

    name: Any = unbound(
        LineField,
        lazy("Name"),
        [Required(lazy("enter a name")), AtMost(LONGEST_NAME)],
        lazy("Which program listens there, such as “ERP, purchasing”."),
    )
    url: Any = unbound(
        LineField,
        lazy("Address"),
        [Required(lazy("enter an address that begins with https://")), AtMost(LONGEST_URL)],
        lazy("Messages are sent there by POST. It has to answer within seconds."),
        render_kw={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"},
    )
    types: Any = unbound(
        SelectMultipleField,
        lazy("Events"),
        [Required(lazy("choose at least one"))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    request_types: Any = unbound(
        SelectMultipleField,
        lazy("Request types"),
        [Allowed()],
        lazy("Choose none to hear of all."),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    modules: Any = unbound(
        LineField,
        lazy("Modules"),
        [Allowed(), AtMost(LONGEST_LIST)],
        lazy("Only requests of these modules, with commas between. Leave empty for all."),
    )
    is_full: Any = BooleanField(
        lazy("Send titles, amounts and names, too"),
        description=lazy("Without them a message says only which request it is about."),
    )

    def offer(self, request_types: Mapping[str, str]) -> "WebhookForm":
        """Let these types be chosen, and every event."""
        self.types.choices = [(each.value, f"{each.value}: {_(SENTENCES[each])}")
                              for each in HookType]  # fmt: skip
        self.request_types.choices = list(request_types.items())
        return self

    @property
    def named_modules(self) -> tuple[str, ...]:
        """The modules, each once."""
        named = (each.strip() for each in (self.modules.data or "").split(","))
        return tuple(dict.fromkeys(each for each in named if each))


class NewWebhookForm(WebhookForm):
    """A new endpoint. Its id is drawn with the form: sent twice, it is one endpoint."""

    endpoint_id: Any = HiddenField(validators=[InputRequired(), UUID()])


class AgainForm(Form):
    """Since when messages are delivered again."""

    day: Any = unbound(RecentDayField, lazy("Since"), [Required(lazy("enter a date"))])
    clock: Any = unbound(ClockField, lazy("Time"), [Allowed()])
    only_failed: Any = BooleanField(lazy("Only those that failed"))

    def since(self, zone: ZoneInfo) -> datetime:
        """The moment, on the clock of whoever asks."""
        return datetime.combine(self.day.data, self.clock.data or time.min, zone)


class DeliveriesForm(BaseForm):
    """The filters of the list of messages. Wrong values have an error and filter nothing."""

    def __init__(self, endpoints: Mapping[str, str], states: Mapping[DeliveryState, str]) -> None:
        types = [(each, each) for each in (*(kind.value for kind in HookType), PING)]
        given = [(key.value, str(words)) for key, words in states.items()]
        super().__init__(
            {
                "webhook": unbound(
                    OptionsField, _("Endpoint"), (),
                    **options(list(endpoints.items()), _("Any endpoint")),
                ),
                "status": unbound(
                    OptionsField, _("Status"), (), **options(given, _("Any status"))
                ),
                "type": unbound(OptionsField, _("Event"), (), **options(types, _("Any event"))),
                "number": unbound(LineField, _("Request number"), [AtMost(SHORT)]),
            }
        )  # fmt: skip

    def given(self, name: str) -> str | None:
        """A field's value, or None where it is empty or wrong."""
        drawn = self[name]
        return None if drawn.errors or not drawn.data else str(drawn.data)
