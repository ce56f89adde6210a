"""A chat channel: its name and its address."""

from typing import Any

from wtforms import Form, HiddenField
from wtforms.validators import UUID, InputRequired

from portal.domain.notices.chat import LONGEST
from portal.forms.building import unbound
from portal.forms.fields import Allowed, AtMost, LineField, Required
from portal.translation import lazy

LONGEST_NAME = 60


class ChannelForm(Form):
    """The name of a channel, and a new address; empty leaves the present one."""

    name: Any = unbound(
        LineField,
        lazy("Name"),
        [Required(lazy("enter a name")), AtMost(LONGEST_NAME)],
        lazy("Shown to administrators."),
    )
    # Whatever holds "secret" in its name is not kept when a session ends meanwhile.
    secret_address: Any = unbound(
        LineField,
        lazy("New address"),
        [Allowed(), AtMost(LONGEST)],
        lazy(
            "It contains the service's token and is not shown again. Leave empty to keep the"
            " current address."
        ),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class NewChannelForm(ChannelForm):
    """A new channel. Its id is drawn with the form: sent twice, it is one channel."""

    channel_id: Any = HiddenField(validators=[InputRequired(), UUID()])
    secret_address: Any = unbound(
        LineField,
        lazy("Address"),
        [Required(lazy("copy an example and fill in your token and host")), AtMost(LONGEST)],
        lazy("It contains the service's token and is not shown again."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
