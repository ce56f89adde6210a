"""What people write when they decide, comment, or give a reason."""

from typing import Any

from wtforms import Form

from portal.forms.building import unbound
from portal.forms.fields import LinesField
from portal.forms.rules import AtMost, Required

LONGEST = 10_000


class CommentForm(Form):
    """A comment beside a decision; whether it is compulsory is the policy's to say."""

    comment: Any = unbound(LinesField, "Comment", [AtMost(LONGEST)])


class RemarkForm(Form):
    """A comment by itself."""

    # An id of its own: the page may hold a decision's comment as well.
    comment: Any = unbound(
        LinesField,
        "Your comment",
        [Required("write what you want to say"), AtMost(LONGEST)],
        "Everybody who may see the request reads it.",
        id="remark",
    )


class ReasonForm(Form):
    """Why a request is held or cancelled."""

    reason: Any = unbound(
        LinesField,
        "Reason",
        [Required("say why, the requester reads it"), AtMost(LONGEST)],
        "Everybody who may see the request reads this.",
    )


class NoteForm(Form):
    """A reason that may be left out."""

    reason: Any = unbound(
        LinesField, "Comment", [AtMost(LONGEST)], "Optional. Everybody who may see it reads it."
    )
