"""Filling in a request's form: what it has to know, what was uploaded, what was kept."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from functools import cache, partial

from flask import request

from portal.domain.people.permissions import Permission
from portal.domain.request.files import KeptFile
from portal.forms.building import Surroundings
from portal.forms.fields import uuid_of
from portal.forms.request_form import RequestForm
from portal.pages.layout_context import viewpoint
from portal.pages.requests.attachments import sent_name, store
from portal.queries import attachments as attached
from portal.queries import people, request_types
from portal.queries.leave import workdays_of
from portal.queries.request import Linkable, Reader
from portal.security.sessions import me
from portal.services import attachments
from portal.services.attachments import Upload


def surroundings(
    *, suggest: bool, type_code: str = "", submitted_at: datetime | None = None
) -> Surroundings:
    """Who fills in, and when; with `suggest`, also the names that the form offers. `type_code`:
    whose calendar counts for people without one of their own.
    `submitted_at`: of a request that is changed."""
    person, view = me(), viewpoint()
    return Surroundings(
        person_id=person.id,
        today=view.now.astimezone(view.zone).date(),
        people=people,
        names=people.suggested(person.id) if suggest else (),
        submitted_on=submitted_at.astimezone(view.zone).date() if submitted_at else None,
        workdays=cache(partial(workdays_of, person.id, type_code)),
        departments=cache(request_types.departments),
        requests=Linkable(Reader(person.id, person.may(Permission.READ_ALL))),
    )


def end_of(day: date | None) -> datetime | None:
    """The last second of a day on the person's clock, in UTC."""
    if day is None:
        return None
    return datetime.combine(day, time(23, 59, 59), viewpoint().zone).astimezone(UTC)


def kept_files(form: RequestForm, form_id: str) -> dict[str, list[KeptFile]]:
    """The files of a form that is not sent yet, by the places where they are kept."""
    return attached.by_field(attached.of_form(form_id, me().id)) if form.takes_files else {}


def take_files(form: RequestForm, form_id: str, typed: Mapping[str, str]) -> list[tuple[str, str]]:
    """Store what was uploaded with the present post and delete what was unticked, or stood in a
    line that was removed; what could not be taken comes back as pairs of field and sentence."""
    removed = [found for text in request.form.getlist("remove") if (found := uuid_of(text))]
    places = {place for place, _name in form.file_places(typed)}
    if form.pressed(request.form):
        kept = attached.of_form(form_id, me().id)
        removed += [e.file.id for e in kept if "-" in e.field and e.field not in places]
    if removed:
        attachments.drop(store().files, form_id, me().id, removed)
    uploads = [each for each in _uploads(form) if each.field in places]
    return attachments.keep(store(), form_id, me().id, uploads) if uploads else []


def leave_unasked(form: RequestForm, form_id: str) -> None:
    """Delete the files of a valid form that are in fields which it does not ask."""
    if unasked := form.unasked_files():
        attachments.drop(store().files, form_id, me().id, unasked)


def _uploads(form: RequestForm) -> Iterator[Upload]:
    for place, name in form.file_places(request.form):
        for file in request.files.getlist(name):
            if file.filename:
                yield Upload(place, sent_name(file), file.stream)
