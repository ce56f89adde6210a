"""What people write when they decide, comment, or give a reason."""

from typing import Any

from wtforms import Form

from portal.forms.building import unbound
from portal.forms.fields import AtMost, LinesField, Required
from portal.translation import lazy

LONGEST = 10_000


class CommentForm(Form):
    """A comment beside a decision; whether it is compulsory is the policy's to say."""

    comment: Any = unbound(LinesField, lazy("Comment"), [AtMost(LONGEST)])


class RemarkForm(Form):
    """A comment by itself."""

    # An id of its own: the page may hold a decision's comment as well.
    comment: Any = unbound(
        LinesField,
        lazy("Your comment"),
        [Required(lazy("enter a comment")), AtMost(LONGEST)],
        lazy("Everyone who can see the request can read it."),
        id="remark",
    )


class ReasonForm(Form):
    """Why a request is held or cancelled."""

    reason: Any = unbound(
        LinesField,
        lazy("Reason"),
        [Required(lazy("enter a reason; the requester reads it")), AtMost(LONGEST)],
        lazy("Everyone who can see the request can read this."),
    )


class NoteForm(Form):
    """A reason that may be left out."""

    reason: Any = unbound(
        LinesField,
        lazy("Comment"),
        [AtMost(LONGEST)],
        lazy("Optional. Everyone who can see the request can read it."),
    )
