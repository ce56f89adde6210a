"""How and when a person wants to be told: one row for each topic, one column for each channel."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, SelectField, TimeField, ValidationError
from wtforms.validators import Optional

from portal.domain.notices.kinds import TOPICS, Channel, Topic
from portal.domain.notices.preferences import (
    MORNING,
    OFFERED,
    DeliveryMode,
    NotificationPreferences,
)
from portal.translation import _, current, lazy

BOTH = lazy("Enter both the start and the end of the quiet hours, or neither.")
LABELS = {
    Channel.PORTAL: lazy("In the portal"),
    Channel.MAIL: lazy("Email"),
    Channel.CHAT: lazy("Chat"),
}
HOWS = {
    DeliveryMode.AT_ONCE: lazy("At once"),
    DeliveryMode.HOURLY: lazy("Hourly"),
    DeliveryMode.DAILY: lazy("Daily"),
    DeliveryMode.NOT: lazy("Off"),
}


class PreferencesForm(FlaskForm):
    """The times. `form_for` adds a field for each topic and channel."""

    daily_at = TimeField(lazy("Daily summary at"), default=MORNING)
    quiet_from = TimeField(lazy("Quiet from"), validators=[Optional()])
    quiet_until = TimeField(lazy("Quiet until"), validators=[Optional()])
    monthly = BooleanField(lazy("Email me the figures of each month"))

    def validate_quiet_from(self, field: Any) -> None:
        """Both ends or none."""
        if field.data is not None and self.quiet_until.data is None:
            raise ValidationError(BOTH)

    def validate_quiet_until(self, field: Any) -> None:
        """Both ends or none, and not the same."""
        if field.data is not None and self.quiet_from.data is None:
            raise ValidationError(BOTH)
        if field.data is not None and field.data == self.quiet_from.data:
            raise ValidationError(_("Quiet hours must end at a different time than they start."))

    def rows(self) -> list[tuple[Topic, list[Field]]]:
        """Each topic with its fields, in the order of the channels."""
        return [
            (topic, [self[_name(channel, topic)] for channel in Channel if self.has(channel)])
            for topic in TOPICS
        ]

    def has(self, channel: Channel) -> bool:
        """Whether that channel can be chosen here."""
        return _name(channel, TOPICS[0]) in self

    def wishes(self, before: NotificationPreferences, now: datetime) -> NotificationPreferences:
        """What was chosen; what cannot be chosen here stays as it was, and so does since when
        something is wanted that was wanted already."""
        chosen: dict[Channel, dict[str, DeliveryMode]] = {}
        for channel in Channel:
            if self.has(channel):
                chosen[channel] = {topic.code: self._how(channel, topic) for topic in TOPICS}
            else:
                chosen[channel] = dict(before.chosen.get(channel, {}))
        return NotificationPreferences(
            chosen=chosen,
            daily_at=self.daily_at.data,
            quiet_from=self.quiet_from.data,
            quiet_until=self.quiet_until.data,
            monthly_since=(before.monthly_since or now) if self.monthly.data else None,
        )

    def _how(self, channel: Channel, topic: Topic) -> DeliveryMode:
        data = self[_name(channel, topic)].data
        if isinstance(data, bool):
            return DeliveryMode.AT_ONCE if data else DeliveryMode.NOT
        return DeliveryMode(data)


def form_for(
    channels: Sequence[Channel], wishes: NotificationPreferences | None = None
) -> PreferencesForm:
    """The form for the channels that can be chosen: as posted, or with these wishes."""
    kind = _class_for(tuple(channels), current().code)
    if wishes is None:
        return kind()
    how = {
        _name(channel, topic): _data(channel, wishes.of_topic(topic.code, channel))
        for channel in channels
        for topic in TOPICS
    }
    times = {name: getattr(wishes, name) for name in ("daily_at", "quiet_from", "quiet_until")}
    return kind(formdata=None, monthly=wishes.monthly_since is not None, **how, **times)


@cache
def _class_for(channels: tuple[Channel, ...], _language: str) -> type[PreferencesForm]:
    fields = {_name(channel, topic): _field(channel) for channel in channels for topic in TOPICS}
    return type("PreferencesForm", (PreferencesForm,), fields)


def _field(channel: Channel) -> Any:
    offered = OFFERED[channel]
    if channel is Channel.PORTAL:
        return BooleanField(LABELS[channel])
    named = {how.value: str(HOWS[how]) for how in offered}
    return SelectField(LABELS[channel], choices=named, default=offered[0].value)


def _data(channel: Channel, how: DeliveryMode) -> bool | str:
    return how is not DeliveryMode.NOT if channel is Channel.PORTAL else how.value


def _name(channel: Channel, topic: Topic) -> str:
    return f"{channel}_{topic.code}"
