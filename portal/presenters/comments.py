"""What was said about a request, with what it was said with."""

from collections.abc import Iterable, Sequence

from portal.domain.request.catalogue import ABOUT, DECIDED
from portal.presentation.labels import words_of
from portal.presentation.parts import Remark
from portal.queries.comments import Said
from portal.queries.request import TaskRecord
from portal.translation import _


def remarks(said: Iterable[Said], tasks: Sequence[TaskRecord], me: str) -> tuple[Remark, ...]:
    """The conversation, oldest first; the comments of decisions name their stage."""
    stages = {(task.decided_by, task.decided_at): task for task in tasks if task.decided_at}
    return tuple(_remark(each, stages.get((each.author_id, each.at)), me) for each in said)


def _remark(said: Said, task: TaskRecord | None, me: str) -> Remark:
    about = ABOUT.get(said.about, words_of(said.about).lower())
    label = _(about) if about else ""
    if task is not None and said.about in DECIDED:
        label = _("%(did)s, %(stage)s", did=label, stage=task.stage_name)
    name = said.name or _("The system")
    is_you = said.author_id == me
    return Remark(
        _("You") if is_you else name,
        said.at,
        said.text,
        label=label,
        initials="".join(part[0] for part in name.split()[:2]).upper(),
    )
