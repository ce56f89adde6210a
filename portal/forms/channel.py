"""A chat channel: its name and its address."""

from typing import Any

from wtforms import Form, HiddenField
from wtforms.validators import UUID, InputRequired

from portal.domain.notices.chat import LONGEST
from portal.forms.building import unbound
from portal.forms.fields import LineField
from portal.forms.rules import Allowed, AtMost, Required

LONGEST_NAME = 60


class ChannelForm(Form):
    """The name of a channel, and a new address; empty leaves the present one."""

    name: Any = unbound(
        LineField,
        "Name",
        [Required("give the channel a name"), AtMost(LONGEST_NAME)],
        "Administrators see it, and whoever reads what could not be sent.",
    )
    # Whatever holds "secret" in its name is not kept when a session ends meanwhile.
    secret_address: Any = unbound(
        LineField,
        "New address",
        [Allowed(), AtMost(LONGEST)],
        "It holds the service's token and is not shown again. Leave it empty to keep the present"
        " one.",
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class NewChannelForm(ChannelForm):
    """A new channel. Its id is drawn with the form: sent twice, it is one channel."""

    channel_id: Any = HiddenField(validators=[InputRequired(), UUID()])
    secret_address: Any = unbound(
        LineField,
        "Address",
        [Required("copy an example and put your own token and host in"), AtMost(LONGEST)],
        "It holds the service's token and is not shown again.",
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
