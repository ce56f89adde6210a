"""The form on which a draft is tried: its own, with who asks and how pressing it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from portal.domain.policy.forms import FieldKind, FormField
from portal.domain.request.state import Content, Priority
from portal.forms.asking import PRIORITIES
from portal.forms.building import Surroundings, options, unbound
from portal.forms.fields import Allowed, OptionsField, Required
from portal.forms.handing import SomebodyField
from portal.forms.request_form import RequestForm
from portal.translation import _

ASKER, URGENCY = "try_as", "try_priority"
MOST_FILES = 20


@dataclass(frozen=True)
class InventedRequest:
    """What was typed: nothing of it is kept."""

    content: Content
    asker_id: str
    priority: Priority


def try_form(fields: Sequence[FormField], around: Surroundings, typed: Any = None) -> RequestForm:
    """The draft's form; in place of files it asks for their number."""
    urgencies: Any = [(each.value, words) for each, words in PRIORITIES]
    more = {
        ASKER: unbound(
            SomebodyField, _("Requester"), [Allowed()], _("Whose request it is. Empty: yours."),
            people=around.people, names=around.names,
        ),
        URGENCY: unbound(
            OptionsField, _("Priority"), [Required(_("choose an option"))], **options(urgencies, "")
        ),
    }  # fmt: skip
    form = RequestForm([counted(each) for each in fields], around, more)
    data = {URGENCY: Priority.MEDIUM.value, "title": _("A request that is only tried")}
    form.process(typed, data=data)
    return form


def counted(each: FormField) -> FormField:
    """In place of files, their number."""
    if each.kind is not FieldKind.ATTACHMENTS:
        return each
    least = 1 if each.required else 0
    label = _("Number of files in %(field)s", field=each.label)
    return replace(each, kind=FieldKind.INTEGER, label=label, min_value=least, max_value=MOST_FILES)


def read_try(form: RequestForm, fields: Sequence[FormField], me: str) -> InventedRequest:
    """What a valid form asks for; by whoever tries it, where nobody is named."""
    content = form.content()
    files: dict[str, Any] = {
        each.name: [{}] * (content.fields[each.name] or 0)
        for each in fields
        if each.kind is FieldKind.ATTACHMENTS
    }
    content = replace(content, fields={**content.fields, **files})
    return InventedRequest(content, form[ASKER].data or me, Priority(form[URGENCY].data))
