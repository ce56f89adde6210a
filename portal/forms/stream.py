"""A stream of the log, and the leaf that it goes on with."""

from collections.abc import Mapping
from typing import Any

from wtforms import Form, HiddenField
from wtforms.validators import UUID, InputRequired

from portal.domain.proof.streams import LONGEST_CERTIFICATE, StreamProtocol, StreamShape
from portal.domain.webhooks import LONGEST_NAME, LONGEST_URL
from portal.forms.building import unbound
from portal.forms.fields import (
    Allowed,
    AtMost,
    Between,
    LineField,
    LinesField,
    OptionsField,
    Required,
    WholeNumberField,
)
from portal.translation import lazy

PROTOCOLS = {
    StreamProtocol.HTTPS.value: lazy("HTTPS, signed"),
    StreamProtocol.SYSLOG.value: lazy("Syslog over TLS (RFC 5424)"),
}
SHAPES = {
    StreamShape.JSON.value: lazy("JSON, as in the NDJSON file of the audit log"),
    StreamShape.OCSF.value: lazy("OCSF 1.3"),
}
NEXT, FIRST = "next", "first"
BEGINNINGS = {
    NEXT: lazy("The next entry"),
    FIRST: lazy("The first entry of the log"),
}
LARGEST_LEAF = 10**15 - 1


def _one_of(words: Mapping[str, Any]) -> dict[str, Any]:
    """What a list field of a class needs: the words are those of the reader of each form."""
    return {
        "choices": lambda: {value: str(each) for value, each in words.items()},
        "validate_choice": False,
    }


class StreamForm(Form):
    """Where entries go, and in which shape."""

    name: Any = unbound(
        LineField,
        lazy("Name"),
        [Required(lazy("enter a name")), AtMost(LONGEST_NAME)],
        lazy("Which system listens there, such as “SIEM”."),
    )
    protocol: Any = unbound(
        OptionsField,
        lazy("Protocol"),
        [Required(lazy("choose one"))],
        **_one_of(PROTOCOLS),
    )
    address: Any = unbound(
        LineField,
        lazy("Address"),
        [Required(lazy("enter an address")), AtMost(LONGEST_URL)],
        lazy(
            "For HTTPS, such as https://siem.example.org/gloria. For syslog a host and a port,"
            " such as siem.example.org:6514."
        ),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    shape: Any = unbound(
        OptionsField,
        lazy("Format"),
        [Required(lazy("choose one"))],
        **_one_of(SHAPES),
    )
    certificate: Any = unbound(
        LinesField,
        lazy("Certificate of your own authority"),
        [Allowed(), AtMost(LONGEST_CERTIFICATE)],
        lazy("In PEM. Leave empty where the receiver's certificate is known everywhere."),
        render_kw={"autocomplete": "off", "spellcheck": "false", "rows": 4},
    )


class NewStreamForm(StreamForm):
    """A new stream. Its id is drawn with the form: sent twice, it is one stream."""

    stream_id: Any = HiddenField(validators=[InputRequired(), UUID()])
    begin: Any = unbound(
        OptionsField,
        lazy("Begin with"),
        [Required(lazy("choose one"))],
        **_one_of(BEGINNINGS),
    )


class LeafForm(Form):
    """The leaf that a stream goes on with."""

    leaf: Any = unbound(
        WholeNumberField,
        lazy("Next leaf"),
        [Required(lazy("enter a number")), Between(0, LARGEST_LEAF)],
    )
