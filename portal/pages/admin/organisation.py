"""Departments with their heads, and groups with their members, for whoever keeps people."""

from dataclasses import dataclass
from uuid import UUID

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from portal.domain.people.organisation import UnitKind
from portal.domain.people.permissions import Permission
from portal.forms.organisation import somebody_form, unit_form
from portal.pages.admin import blueprint
from portal.pages.admin.past import draw_unit_then
from portal.pages.past import picker
from portal.presenters import organisation as unit_words
from portal.presenters.answer import command_key, new_key
from portal.queries import organisation, people, staff
from portal.queries.organisation import DepartmentRecord, GroupRecord
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services import organisation as service
from portal.services.organisation import (
    DepartmentDetails,
    Details,
    GroupDetails,
    UnitMoved,
    UnitRefused,
)
from portal.services.organisation_settings import MOVED, mark_of
from portal.services.people import PeopleRefused, PersonAct
from portal.translation import _

Unit = DepartmentRecord | GroupRecord


@dataclass(frozen=True, slots=True)
class Place:
    """The addresses of one kind of unit. `act`: what choosing somebody there does."""

    kind: UnitKind
    folder: str
    act: PersonAct

    def show(self, unit_id: object) -> str:
        """The page of one."""
        return url_for(f"admin.show_{self.kind}", unit_id=unit_id)


DEPARTMENTS = Place(UnitKind.DEPARTMENT, "departments", PersonAct.HEAD)
GROUPS = Place(UnitKind.GROUP, "groups", PersonAct.JOIN)


@blueprint.get("/admin/departments")
@requires(Permission.MANAGE_PEOPLE)
def list_departments() -> ResponseReturnValue:
    """All departments, with their heads."""
    return render_template("pages/departments/list.html", rows=organisation.departments())


@blueprint.get("/admin/groups")
@requires(Permission.MANAGE_PEOPLE)
def list_groups() -> ResponseReturnValue:
    """All groups."""
    return render_template("pages/groups/list.html", rows=organisation.groups())


@blueprint.get("/admin/departments/new")
@requires(Permission.MANAGE_PEOPLE)
def new_department() -> ResponseReturnValue:
    """An empty form."""
    return _new(DEPARTMENTS, _form(DEPARTMENTS))


@blueprint.post("/admin/departments/new")
@requires(Permission.MANAGE_PEOPLE)
def add_department() -> ResponseReturnValue:
    """Make it."""
    return _add(DEPARTMENTS)


@blueprint.get("/admin/groups/new")
@requires(Permission.MANAGE_PEOPLE)
def new_group() -> ResponseReturnValue:
    """An empty form."""
    return _new(GROUPS, _form(GROUPS))


@blueprint.post("/admin/groups/new")
@requires(Permission.MANAGE_PEOPLE)
def add_group() -> ResponseReturnValue:
    """Make it."""
    return _add(GROUPS)


@blueprint.get("/admin/departments/<uuid:unit_id>")
@requires(Permission.MANAGE_PEOPLE)
def show_department(unit_id: UUID) -> ResponseReturnValue:
    """One department: its name, its head, who belongs to it."""
    return _show(DEPARTMENTS, unit_id)


@blueprint.post("/admin/departments/<uuid:unit_id>")
@requires(Permission.MANAGE_PEOPLE)
def change_department(unit_id: UUID) -> ResponseReturnValue:
    """Write something else about it."""
    return _change(DEPARTMENTS, unit_id)


@blueprint.get("/admin/groups/<uuid:unit_id>")
@requires(Permission.MANAGE_PEOPLE)
def show_group(unit_id: UUID) -> ResponseReturnValue:
    """One group: its purpose and its members."""
    return _show(GROUPS, unit_id)


@blueprint.post("/admin/groups/<uuid:unit_id>")
@requires(Permission.MANAGE_PEOPLE)
def change_group(unit_id: UUID) -> ResponseReturnValue:
    """Write something else about it."""
    return _change(GROUPS, unit_id)


@blueprint.get("/admin/departments/<uuid:unit_id>/head")
@requires(Permission.MANAGE_PEOPLE)
def choose_head(unit_id: UUID) -> ResponseReturnValue:
    """From a name to the preview of that person as the head."""
    return _choose(DEPARTMENTS, unit_id)


@blueprint.get("/admin/groups/<uuid:unit_id>/member")
@requires(Permission.MANAGE_PEOPLE)
def choose_member(unit_id: UUID) -> ResponseReturnValue:
    """From a name to the preview of that person as a member."""
    return _choose(GROUPS, unit_id)


def _unit(place: Place, unit_id: UUID) -> Unit:
    is_group = place.kind is UnitKind.GROUP
    read = organisation.groups if is_group else organisation.departments
    found = read(str(unit_id))
    if not found:
        abort(404)
    return found[0]


def _form(
    place: Place, typed: "MultiDict[str, str] | None" = None, unit: Unit | None = None
) -> BaseForm:
    parents = {} if place.kind is UnitKind.GROUP else staff.departments()
    values: dict[str, object] = {}
    if unit is not None:
        parents.pop(unit.id, None)
        values = {name: getattr(unit, name) for name in _details_class(place).__dataclass_fields__}
    return unit_form(place.kind, parents, typed, is_new=unit is None, **values)


def _details_class(place: Place) -> type[DepartmentDetails] | type[GroupDetails]:
    return GroupDetails if place.kind is UnitKind.GROUP else DepartmentDetails


def _details(place: Place, form: BaseForm) -> Details:
    if place.kind is UnitKind.GROUP:
        return GroupDetails(name=form["name"].data, purpose=form["purpose"].data)
    return DepartmentDetails(name=form["name"].data, parent_id=form["parent_id"].data or None)


def _add(place: Place) -> ResponseReturnValue:
    form, key = _form(place, request.form), command_key()
    if not form.validate():
        return _new(place, form, 422)
    try:
        service.add(key, form["code"].data, _details(place, form), me().id)
    except UnitRefused as refused:
        form[refused.field].errors = [str(refused)]
        return _new(place, form, 422)
    except PeopleRefused as refused:
        abort(403, str(refused))
    flash(_("%(name)s was added.", name=form["name"].data), "success")
    return redirect(place.show(key), 303)


def _change(place: Place, unit_id: UUID) -> ResponseReturnValue:
    unit = _unit(place, unit_id)
    form = _form(place, request.form, unit)
    if not form.validate():
        return _page(place, unit, form, 422)
    try:
        seen = request.form.get("seen")
        made = service.change(unit.id, _details(place, form), seen, me().id)
    except UnitRefused as refused:
        form[refused.field].errors = [str(refused)]
        return _page(place, unit, form, 422)
    except UnitMoved:
        return _page(place, unit, form, 409)
    except PeopleRefused as refused:
        abort(403, str(refused))
    flash(_("Changes saved.") if made else _("Nothing was changed."), "success")
    return redirect(place.show(unit.id), 303)


def _new(place: Place, form: BaseForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(f"pages/{place.folder}/new.html", form=form, key=_key())
    return make_response(page, status)


def _key() -> str:
    return request.form.get("command_id") or new_key()


def _show(place: Place, unit_id: UUID) -> ResponseReturnValue:
    unit = _unit(place, unit_id)
    if "at" in request.args:
        return draw_unit_then(place.kind, unit, place.show(unit.id))
    return _page(place, unit, _form(place, unit=unit))


def _choose(place: Place, unit_id: UUID) -> ResponseReturnValue:
    unit = _unit(place, unit_id)
    chosen = _somebody(place, request.args)
    if not chosen.validate():
        return _page(place, unit, _form(place, unit=unit), 422, chosen)
    there = url_for(
        "admin.check_person", person_id=chosen["person"].data, act=place.act.value, value=unit.code
    )
    return redirect(there)


def _somebody(place: Place, typed: "MultiDict[str, str] | None") -> BaseForm:
    label = _("Add a member") if place.kind is UnitKind.GROUP else _("New head")
    return somebody_form(label, people, people.suggested(""), typed)


def _page(
    place: Place,
    unit: Unit,
    form: BaseForm,
    status: int = 200,
    somebody: BaseForm | None = None,
) -> ResponseReturnValue:
    written = {name: getattr(unit, name) for name in _details_class(place).__dataclass_fields__}
    mark = mark_of(written)
    page = render_template(
        f"pages/{place.folder}/show.html",
        unit=unit,
        seen=request.form.get("seen", mark) if status == 422 else mark,
        trouble=[_(MOVED)] if status == 409 else [],
        form=form,
        somebody_form=somebody or _somebody(place, None),
        members=organisation.members(place.kind, unit.id),
        changes=[(e, unit_words.done(e)) for e in organisation.changes(place.kind, unit.id)],
        past_form=picker(),
    )
    return make_response(page, status)
