"""What was said about a request, with what it was said with."""

from collections.abc import Iterable

from portal.domain.request.catalogue import ABOUT, DECIDED
from portal.presentation.labels import words_of
from portal.presentation.parts import Remark
from portal.queries.comments import Said
from portal.translation import _


def remarks(said: Iterable[Said]) -> tuple[Remark, ...]:
    """The conversation; the comments of decisions stand beside the decisions."""
    return tuple(_remark(each) for each in said if each.about not in DECIDED)


def _remark(said: Said) -> Remark:
    label = ABOUT.get(said.about)
    words = words_of(said.about).lower() if label is None else label and _(label)
    return Remark(said.name or _("The system"), said.at, said.text, label=words)
