"""A form that was not taken, read back to whoever typed it: by its labels, never by codes."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from flask import current_app, request
from gunicorn.http.errors import ParseException
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from portal.domain.marked import msgid
from portal.domain.people.permissions import Permission
from portal.domain.policy.forms import NO, OPTIONED, YES, FieldKind, FormField
from portal.domain.time.calendars import DAY_NAMES
from portal.forms.request_form import html_name
from portal.presentation.labels import PRIORITIES, as_date, in_words, words_of
from portal.presentation.times import day
from portal.presenters.check_page import CheckedAnswer
from portal.queries import request as requests
from portal.queries import request_types
from portal.queries.history import type_names
from portal.queries.people import names_of
from portal.security.kept_forms import is_secret
from portal.security.sessions import portal_session
from portal.translation import _

# What forms carry beside what people type and choose.
CARRIED = frozenset({
    "csrf_token", "command_id", "content_version", "version", "draft_id", "channel_id", "seen",
    "next", "round", "stage_key", "kept", "all", "task", "without", "remove", "before", "place",
    "delegate", "look", "clock",
})  # fmt: skip
LABELS = {
    "title": msgid("Title"),
    "on_behalf_of": msgid("On behalf of"),
    "priority": msgid("Priority"),
    "due_at": msgid("Decision needed by"),
    "comment": msgid("Comment"),
    "reason": msgid("Reason"),
    "decision": msgid("Decision"),
    "person": msgid("Person"),
    "proof": msgid("Last four characters of the number"),
    "first": msgid("First day"),
    "last": msgid("Last day"),
    "types": msgid("Only for these requests"),
    "amount": msgid("Only up to this amount"),
    "currency": msgid("Currency of the amount"),
    "act": msgid("Change"),
    "value": msgid("New value"),
    "number": msgid("Request"),
    "to": msgid("Change"),
    "name": msgid("Name"),
    "country": msgid("Country"),
    "region": msgid("Region"),
    "days": msgid("Days of its own"),
    "time_zone": msgid("Time zone"),
    "theme": msgid("Theme"),
    "shortcuts": msgid("Keyboard shortcuts"),
    "email": msgid("Email"),
    **{f"day_{number}": name for number, name in enumerate(DAY_NAMES, 1)},
}
CHOICES: dict[str, dict[str, str]] = {
    "decision": {
        "approve": msgid("Approve"),
        "reject": msgid("Reject"),
        "send_back": msgid("Return"),
        "approve_stage": msgid("Approve this stage only"),
    },
    "priority": {name.lower(): label.words for name, label in PRIORITIES.items()},
    "act": {
        "activate": msgid("Activate"),
        "deactivate": msgid("Deactivate"),
        "join": msgid("Add to a group"),
        "leave": msgid("Remove from group"),
        "manager": msgid("New manager"),
        "place": msgid("Location"),
        "roles": msgid("Roles"),
    },
}


def answers(
    fields: Iterable[tuple[str, str]], path: str, *, ask: bool = True
) -> tuple[CheckedAnswer, ...]:
    """What somebody typed into the form that posts to `path`, in its order.

    `ask`: the database may be asked what a request type's own fields are called, and who is who.
    """
    typed = [(name, text) for name, text in fields if name and _is_typed(name, text)]
    known = _type_fields(path) if ask and typed else {}
    names = _names(typed) if ask and typed else {}
    shown = [
        CheckedAnswer(_label(name, known), _words(name, text, known, names), name)
        for name, text in typed
    ]
    return tuple(each for each in shown if each.words)


def posted(*, ask: bool = True) -> tuple[CheckedAnswer, ...]:
    """The same of the form that is being answered; nothing where it cannot be read."""
    try:
        given = list(request.form.items(multi=True))
    except (HTTPException, ParseException, OSError):
        return ()  # a body that broke off, or was too large
    # A visitor is told no names of the ids that they send.
    return answers(given, request.path, ask=ask and portal_session().identity is not None)


def _is_typed(name: str, text: str) -> bool:
    is_table = name.endswith(("-rows", "-add", "-remove"))
    return bool(text.strip()) and not is_table and name not in CARRIED and not is_secret(name)


def _label(name: str, known: Mapping[str, FormField]) -> str:
    table, _sign, rest = name.partition("-")
    key, _sign, column = rest.partition("-")
    if key.isascii() and key.isdigit() and table in known:
        found = known[table].column(column)
        label = found.label if found else words_of(column)
        return _("%(table)s, line %(number)s: %(column)s", table=known[table].label,
                 number=int(key[:6]) + 1, column=label)  # fmt: skip
    if name in known:
        return known[name].label
    return _(LABELS[name]) if name in LABELS else words_of(name)


def _words(name: str, text: str, known: Mapping[str, FormField], names: Mapping[str, str]) -> str:
    field = known.get(name)
    if field is not None and field.kind in OPTIONED:
        return in_words(field, text, {}) or ""
    if field is not None and field.kind is FieldKind.YES_NO:
        return {YES: _("Yes"), NO: _("No")}.get(text, "")
    if field is not None and field.kind is FieldKind.DEPARTMENT:
        return str(_asked(request_types.departments, {}).get(text, text))
    if name in CHOICES and text.lower() in CHOICES[name]:
        return _(CHOICES[name][text.lower()])
    if text in names:
        return names[text]
    if _is_id(text):
        return ""
    found = as_date(text)
    if found and (field is None or field.kind is FieldKind.DATE):
        return day(found)
    return text.replace("\x00", "")


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _names(typed: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What ids and codes in the form are called: people and request types."""
    ids = {text for _name, text in typed if _is_id(text)}
    names = _asked(partial(names_of, ids), {}) if ids else {}
    if any(name == "types" for name, _text in typed):
        names = {**names, **_asked(type_names, {})}
    return names


def _type_fields(path: str) -> dict[str, FormField]:
    """The fields of the request type that the form is about, by HTML name."""
    return {html_name(each.name): each for each in _asked(partial(_form_at, path), ())}


def _form_at(path: str) -> tuple[FormField, ...]:
    person = portal_session().identity
    endpoint, values = _route(path)
    if person is None or not endpoint.startswith("requests."):
        return ()
    if "code" in values:
        kind = request_types.find(values["code"])
        return kind.form if kind else ()
    if "number" in values:
        reader = requests.Reader(person.id, person.may(Permission.READ_ALL))
        record = requests.find(values["number"], reader)
        return record.form if record else ()
    return ()


def _route(path: str) -> tuple[str, Mapping[str, Any]]:
    try:
        adapter = current_app.url_map.bind("")
        return adapter.match(path.partition("?")[0], method="POST")
    except (HTTPException, RequestRedirect):
        return "", {}


def _asked(question: Any, otherwise: Any) -> Any:
    """The database's answer; without it the page still says everything that was typed."""
    try:
        return question()
    except SQLAlchemyError:
        return otherwise
