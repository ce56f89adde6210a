"""Why the portal did something, in the reader's language."""

from typing import Any

from portal.domain.request.reasons import read, sentence
from portal.translation import _


def said(kept: Any) -> str:
    """The words of a reason in any form in which it is kept; nothing for none."""
    return sentence(read(kept), _)
