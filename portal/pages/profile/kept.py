"""What is kept about a person, why and until when, and all of it as a file: for everybody about
themselves, and for administrators."""

from uuid import UUID

from flask import Response, abort, render_template, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.pages.profile import blueprint
from portal.presenters.retention import ends_words
from portal.queries import kept, organisation, people, removals, retention
from portal.queries.people import PersonRecord
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import person_export


@blueprint.get("/profile/kept")
@requires(Permission.READ_INVOLVED)
def show_kept() -> ResponseReturnValue:
    """What is kept about oneself."""
    return _page(_person(me().id), url_for("profile.export_kept"))


@blueprint.get("/profile/kept.zip")
@requires(Permission.READ_INVOLVED)
def export_kept() -> ResponseReturnValue:
    """All of it."""
    return _archive(_person(me().id))


@blueprint.get("/people/<uuid:person_id>/kept")
@requires(Permission.ADMINISTER)
def show_kept_of(person_id: UUID) -> ResponseReturnValue:
    """What is kept about somebody."""
    person = _person(str(person_id))
    return _page(person, url_for("profile.export_kept_of", person_id=person.id))


@blueprint.get("/people/<uuid:person_id>/kept.zip")
@requires(Permission.ADMINISTER)
def export_kept_of(person_id: UUID) -> ResponseReturnValue:
    """All of it."""
    return _archive(_person(str(person_id)))


def _person(person_id: str) -> PersonRecord:
    found = people.find(person_id)
    if found is None:
        abort(404)
    return found


def _page(person: PersonRecord, archive_url: str) -> str:
    days = organisation.settings()
    return render_template(
        "pages/retention/kept.html",
        person=person,
        is_own=archive_url == url_for("profile.export_kept"),
        archive_url=archive_url,
        parts=[(each, ends_words(each.part.ends, days)) for each in kept.counts(person.id)],
        most=kept.AT_ONCE,
        holds=retention.holds_of_person(person.id),
        removed=removals.count_of_person(person.id),
    )


def _archive(person: PersonRecord) -> Response:
    person_export.begin(person.id)
    pieces = stream_with_context(person_export.archive(person.id, current_settings()))
    answer = Response(pieces, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="kept-{person.id}.zip"'
    return answer
