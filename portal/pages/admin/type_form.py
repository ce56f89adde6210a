"""The form of a request type's draft: its fields in order, and one field a page."""

from dataclasses import replace
from itertools import takewhile

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.policy import types as domain
from portal.domain.policy.check import problems_of
from portal.domain.policy.conditions import Condition
from portal.domain.policy.forms import FieldKind, FormField
from portal.forms import type_conditions as rows
from portal.forms import type_fields as forms
from portal.forms.type_example import BESIDE
from portal.pages.admin import blueprint
from portal.pages.admin.type_conditions import (
    ConditionOf,
    condition_page,
    keep_condition,
    sentence_of,
)
from portal.pages.admin.types import after_edit, drafted, found, page
from portal.presentation.conditions import subjects
from portal.presenters import types as words
from portal.queries import people, request_types
from portal.queries.request_types import AdminType
from portal.security.guards import requires
from portal.services import organisation_settings
from portal.translation import _


@blueprint.get("/admin/types/<code>/draft/form")
@requires(Permission.EDIT_TYPES)
def show_type_form(code: str) -> ResponseReturnValue:
    """Every field in order, and the form for one more."""
    kind, _draft = drafted(code)
    return _list(kind)


@blueprint.post("/admin/types/<code>/draft/form")
@requires(Permission.EDIT_TYPES)
def add_type_field(code: str) -> ResponseReturnValue:
    """Add a field at the end; its name and kind are fixed from now on."""
    kind, draft = drafted(code)
    form = forms.new_field_form(request.form)
    if not form.validate():
        return _list(kind, 422, form=form)
    taken = [each.name for version in kind.versions for each in version.content.form]
    made = forms.new_field(form, draft.content, taken, organisation_settings.currency())
    return after_edit(
        kind,
        lambda content: domain.with_field(content, made),
        lambda told: _list(found(code), 409, form=form, told=told),
        url_for(".show_type_field", code=code, name=made.name),
        url_for(".show_type_form", code=code),
    )


@blueprint.post("/admin/types/<code>/draft/form/order")
@requires(Permission.EDIT_TYPES)
def order_type_fields(code: str) -> ResponseReturnValue:
    """Put the fields in the order of the numbers typed beside them. A field that a file called
    "order" has its own page at this address."""
    if "label" in request.form or "remove" in request.form:
        return change_type_field(code, "order")
    kind, draft = drafted(code)
    numbers = _numbers([each.name for each in draft.content.form])
    return after_edit(
        kind,
        lambda content: domain.in_order(content, numbers),
        lambda told: _list(found(code), 409, told=told),
        url_for(".show_type_form", code=code),
    )


@blueprint.get("/admin/types/<code>/draft/form/<name>")
@requires(Permission.EDIT_TYPES)
def show_type_field(code: str, name: str) -> ResponseReturnValue:
    """One field."""
    kind, draft = drafted(code)
    each = draft.content.field(name) or abort(404)
    return _field(kind, each, forms.field_form(each, draft.content))


@blueprint.post("/admin/types/<code>/draft/form/<name>")
@requires(Permission.EDIT_TYPES)
def change_type_field(code: str, name: str) -> ResponseReturnValue:
    """Change it, or with `remove` take it out of the draft."""
    kind, draft = drafted(code)
    each = draft.content.field(name) or abort(404)
    form = forms.field_form(each, draft.content, request.form)
    back = url_for(".show_type_form", code=code)
    if "remove" in request.form:
        return after_edit(
            kind,
            lambda content: domain.without_field(content, name),
            lambda told: _field(found(code), each, form, 409, told),
            back,
        )
    if not form.validate():
        return _field(kind, each, form, 422)
    changed = forms.changed_field(each, draft.content, form)
    return after_edit(
        kind,
        lambda content: domain.with_field(content, changed),
        lambda told: _field(found(code), each, form, 409, told),
        back,
    )


@blueprint.get("/admin/types/<code>/draft/form/<name>/condition")
@requires(Permission.EDIT_TYPES)
def show_field_condition(code: str, name: str) -> ResponseReturnValue:
    """When a field is shown: rows about fields further up."""
    kind, each = _conditional(code, name)
    about = _about_field(kind, each)
    seen = rows.shown(each.shown_when, about.fields, people, request.args.get("more", ""))
    return condition_page(kind, about, seen)


@blueprint.post("/admin/types/<code>/draft/form/<name>/condition")
@requires(Permission.EDIT_TYPES)
def change_field_condition(code: str, name: str) -> ResponseReturnValue:
    """Keep the rows, and the sentence that follows from them."""
    kind, each = _conditional(code, name)
    about = _about_field(kind, each)

    def edited(content: domain.TypeContent, condition: Condition) -> domain.TypeContent:
        field = content.field(name)
        if field is None:
            return content
        when = None if condition.is_empty else condition
        text = sentence_of(condition, content) if when else ""
        return domain.with_field(content, replace(field, shown_when=when, shown_text=text))

    return keep_condition(kind, about, edited)


@blueprint.post("/admin/types/<code>/draft/form/<name>/columns")
@requires(Permission.EDIT_TYPES)
def change_type_columns(code: str, name: str) -> ResponseReturnValue:
    """Add a column to a table of lines, or with `order` put its columns in order."""
    kind, table = _table(code, name)
    here = url_for(".show_type_field", code=code, name=name)
    draw = forms.field_form(table, _content(kind))
    if "order" in request.form:
        numbers = _numbers([each.name for each in table.columns])
        return after_edit(
            kind,
            lambda content: domain.columns_in_order(content, name, numbers),
            lambda told: _field(found(code), table, draw, 409, told),
            here,
        )
    form = forms.new_field_form(request.form, column=True)
    if not form.validate():
        return _field(kind, table, draw, 422, new=form)
    made = forms.new_column(form, table, organisation_settings.currency())
    return after_edit(
        kind,
        lambda content: domain.with_column(content, name, made),
        lambda told: _field(found(code), table, draw, 409, told, form),
        url_for(".show_type_column", code=code, name=name, column=made.name),
        here,
    )


@blueprint.get("/admin/types/<code>/draft/form/<name>/columns/<column>")
@requires(Permission.EDIT_TYPES)
def show_type_column(code: str, name: str, column: str) -> ResponseReturnValue:
    """One column of a table of lines."""
    kind, table = _table(code, name)
    each = table.column(column) or abort(404)
    return _column(kind, table, each, forms.column_form(each))


@blueprint.post("/admin/types/<code>/draft/form/<name>/columns/<column>")
@requires(Permission.EDIT_TYPES)
def change_type_column(code: str, name: str, column: str) -> ResponseReturnValue:
    """Change it, or with `remove` take it out of the table."""
    kind, table = _table(code, name)
    each = table.column(column) or abort(404)
    form = forms.column_form(each, request.form)
    removes = "remove" in request.form
    if not removes and not form.validate():
        return _column(kind, table, each, form, 422)
    changed = each if removes else forms.changed_field(each, _content(kind), form)

    def edited(content: domain.TypeContent) -> domain.TypeContent:
        if removes:
            return domain.without_column(content, name, column)
        return domain.with_column(content, name, changed)

    return after_edit(
        kind,
        edited,
        lambda told: _column(found(code), table, each, form, 409, told),
        url_for(".show_type_field", code=code, name=name),
    )


def _conditional(code: str, name: str) -> tuple[AdminType, FormField]:
    kind, draft = drafted(code)
    return kind, draft.content.field(name) or abort(404)


def _about_field(kind: AdminType, each: FormField) -> ConditionOf:
    content = words.as_read(_content(kind))
    each = content.field(each.name) or each
    above = tuple(takewhile(lambda other: other.name != each.name, content.form))
    offered = subjects(replace(content, form=above), request_types.departments())
    said = _("“%(field)s” is shown if %(words)s.", field=each.label, words=each.shown_text)
    return ConditionOf(
        title=_("When is “%(field)s” shown?", field=each.label),
        url=url_for(".change_field_condition", code=kind.code, name=each.name),
        back=url_for(".show_type_field", code=kind.code, name=each.name),
        back_label=each.label,
        fields=tuple(other for other in offered if other.name not in BESIDE),
        when=each.shown_when,
        words=said if each.shown_when else "",
        expression="",
        without=_("Without rows the field is always shown. What is not shown is not required."),
        never=_("Always show this field"),
    )


def _table(code: str, name: str) -> tuple[AdminType, FormField]:
    kind, draft = drafted(code)
    each = draft.content.field(name)
    if each is None or each.kind is not FieldKind.LINES:
        abort(404)
    return kind, each


def _content(kind: AdminType) -> domain.TypeContent:
    return kind.draft.content if kind.draft else domain.TypeContent(name=kind.name)


def _numbers(names: list[str]) -> dict[str, int]:
    """The numbers typed beside these names; what is no number is left out."""
    typed = {name: request.form.get(f"n_{name}", "") for name in names}
    plain = {name: text for name, text in typed.items() if text.isascii() and text.isdigit()}
    return {name: int(text) for name, text in plain.items() if len(text) < 10}


def _list(kind: AdminType, status: int = 200, **values: object) -> ResponseReturnValue:
    values = {"form": forms.new_field_form(), **values}
    found_wrong = problems_of(kind.draft.content) if kind.draft else ()
    problems = [each for each in found_wrong if each.about == "form"]
    return page("form", kind, status, kinds=forms.KINDS, problems=problems, **values)


def _field(
    kind: AdminType,
    each: FormField,
    form: object,
    status: int = 200,
    told: list[str] | None = None,
    new: object = None,
) -> ResponseReturnValue:
    each = words.as_read(_content(kind)).field(each.name) or each
    values = {"field": each, "form": form, "told": told or [], "kinds": forms.KINDS}
    new = new or forms.new_field_form(column=True)
    return page("field", kind, status, table=None, new=new, **values)


def _column(
    kind: AdminType,
    table: FormField,
    each: FormField,
    form: object,
    status: int = 200,
    told: list[str] | None = None,
) -> ResponseReturnValue:
    values = {"field": each, "form": form, "told": told or [], "kinds": forms.KINDS}
    return page("field", kind, status, table=table, new=None, **values)
