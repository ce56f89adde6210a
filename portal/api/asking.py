"""From what a program sends to a checked request: the same form as on the page, read from JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, partial
from typing import Any, Literal

from pydantic import AwareDatetime, Field, JsonValue

from portal.api.endpoints import Input
from portal.api.people import actor_of
from portal.domain.policy.forms import NO, YES, FieldKind, FormField
from portal.domain.request.state import Priority
from portal.forms import asking
from portal.forms.building import Surroundings
from portal.forms.day_range import PARTS
from portal.forms.request_form import TITLE_LENGTH, RequestForm, html_name
from portal.presentation.problems import InputError, ProblemRaised
from portal.presentation.times import zone_named
from portal.queries import attachments, people, request_types
from portal.queries.attachments import FileOfForm, by_field
from portal.queries.leave import workdays_of
from portal.queries.people import PersonRecord
from portal.queries.request import Linkable, Reader
from portal.queries.request_types import TypeRecord
from portal.security.callers import Caller
from portal.services.api_calls import APPROVER, DIRECT
from portal.services.requests import NewRequest
from portal.translation import _

MOST_METADATA = 50
WAYS = "approverId", "requestType"
PERSON = "A person's id, or “employeeNo:...”, or “email:...”."
Priorities = Literal["LOW", "MEDIUM", "HIGH", "URGENT", "CRITICAL"]
Name = Field(min_length=1, max_length=100)
ExternalId = Field(
    min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$",
    description="Your own id of the request. The same id with the same values is one request.",
)  # fmt: skip


class Amount(Input):
    """An amount of money: a decimal number as text, and its currency."""

    value: str = Field(pattern=r"^\d{1,15}(\.\d{1,4})?$", examples=["6336.00"])
    currency: str = Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])


class NewApproval(Input):
    """What is asked for. Exactly one of `approverId` (one named person decides) and `requestType`
    (its policy says who decides) is given."""

    request_id: str = ExternalId
    user_id: str = Field(min_length=1, max_length=300, description=f"Who asks. {PERSON}")
    approver_id: str | None = Field(
        None, min_length=1, max_length=300, description=f"Who decides. {PERSON}"
    )
    request_type: str | None = Field(
        None, min_length=1, max_length=100, description="The code of a request type."
    )
    module: str = Name
    entity_type: str = Name
    entity_id: str = Field(min_length=1, max_length=200)
    priority: Priorities | None = None
    title: str | None = Field(None, min_length=1, max_length=TITLE_LENGTH)
    fields: dict[str, JsonValue] = Field(
        default_factory=dict, max_length=200,
        description="The values of the type's form by field name: texts, amounts such as"
        " “6336.00”, whole numbers, dates such as “2026-12-31”, values of choices, people.",
    )  # fmt: skip
    amount: Amount | None = None
    due_at: AwareDatetime | None = None
    metadata: dict[str, JsonValue] = Field(
        default_factory=dict, max_length=MOST_METADATA,
        description="Kept with the request and given back; the portal does nothing with it.",
    )  # fmt: skip


@dataclass(frozen=True)
class _Referred:
    """People as programs name them, for the fields of a form."""

    def called(self, text: str) -> Sequence[PersonRecord]:
        """Whom the reference means."""
        found = people.referred(text)
        return () if found is None else (found,)

    def find(self, person_id: str) -> PersonRecord | None:
        """The person of that id."""
        return people.find(person_id)

    def like(self, text: str) -> Sequence[PersonRecord]:
        """Nobody is suggested to programs."""
        return ()


def wish_of(
    body: NewApproval, command_id: str, caller: Caller, *, has_files: bool = True
) -> NewRequest:
    """What the program asks for, checked as on the page. `has_files`: some were uploaded before.
    Raises ProblemRaised with every error."""
    kind = _kind(body)
    requester_id, behalf = actor_of(body.user_id, caller)
    if not request_types.may_ask(kind.askers, requester_id):
        words = _("This person may not ask for requests of this type.")
        raise ProblemRaised("invalid", errors=(InputError("/userId", words),))
    form, errors = _form(kind, requester_id), list[InputError]()
    typed = dict(_typed(body, kind, errors))
    kept: Sequence[FileOfForm] = ()
    if has_files or form.takes_files:
        kept = attachments.of_form(command_id, requester_id, held=True)
    form.read(typed, by_field(kept))
    errors += _unplaced(form, typed, kept)
    form["due_at"].validators = form["on_behalf_of"].validators = ()
    if not form.validate() or errors:
        errors += _errors_of(form, kind, body)
    errors += _other_errors(body, kind, form, requester_id)
    if errors:
        raise ProblemRaised("invalid", errors=tuple(errors))
    return NewRequest(
        draft_id=command_id,
        type_code=kind.code,
        workflow=kind.workflow,
        module=body.module,
        policy_version_id=kind.policy_version_id,
        requester_id=requester_id,
        on_behalf_of=behalf,
        content=form.content(),
        has_files=bool(kept),
        priority=Priority(form["priority"].data),
        due_at=body.due_at.astimezone(UTC) if body.due_at else None,
        entity_type=body.entity_type,
        entity_id=body.entity_id,
        metadata=body.metadata,
    )


def _unplaced(
    form: RequestForm, typed: Mapping[str, str], kept: Sequence[FileOfForm]
) -> Iterator[InputError]:
    """The files that were uploaded for what the form does not ask."""
    places = {place for place, _name in form.file_places(typed)}
    unasked = set(form.unasked_files())
    for each in kept:
        if each.field not in places or each.file.id in unasked:
            words = _("The form asks for no file here: delete “%(name)s”.", name=each.file.name)
            yield InputError(f"/fields/{each.field}", words)


def _kind(body: NewApproval) -> TypeRecord:
    if (body.approver_id is None) == (body.request_type is None):
        words = _("Give exactly one of approverId and requestType.")
        raise ProblemRaised("invalid", errors=tuple(InputError(f"/{way}", words) for way in WAYS))
    if body.request_type is None:
        kind = request_types.direct(DIRECT)
    else:
        kind = request_types.find(body.request_type)
    if kind is None:
        words = _("There is no such request type.")
        raise ProblemRaised("invalid", errors=(InputError("/requestType", words),))
    return kind


def _form(kind: TypeRecord, requester_id: str) -> RequestForm:
    zone = zone_named("UTC")
    around = Surroundings(
        person_id=requester_id, today=datetime.now(UTC).astimezone(zone).date(), people=_Referred(),
        departments=cache(request_types.departments), requests=Linkable(Reader(requester_id)),
        workdays=cache(partial(workdays_of, requester_id, kind.code)),
    )  # fmt: skip
    return asking.new_request(kind.form, kind.default_priority, around)


def _typed(
    body: NewApproval, kind: TypeRecord, errors: list[InputError]
) -> Iterator[tuple[str, Any]]:
    """The values as they would be typed into the form, by HTML name."""
    yield "title", body.title or _title(body, kind)
    yield "priority", body.priority or kind.default_priority
    values: Mapping[str, Any] = body.fields
    if body.approver_id is not None:
        values = {**values, APPROVER: body.approver_id}
    known = {each.name: each for each in kind.form}
    amount = next((each for each in kind.form if each.is_amount), None)
    if body.amount is not None and amount is not None:
        values = {**values, amount.name: body.amount.value}
    for name, value in values.items():
        typed = inputs_of(known.get(name), html_name(name), value)
        if typed is None:
            words = _("The form has no such field, or it cannot be filled in by programs.")
            errors.append(InputError(f"/fields/{name}", words))
        else:
            yield from typed.items()


def inputs_of(field: FormField | None, name: str, value: Any) -> dict[str, str] | None:
    """What would be typed for a value, by the names of the inputs; None where it fits no field."""
    if field is not None and field.kind is FieldKind.LINES:
        return _line_inputs(field, name, value.get("rows") if isinstance(value, dict) else value)
    if field is not None and field.kind is FieldKind.DAY_RANGE and isinstance(value, dict):
        given = {part: value.get(part) for part in PARTS}
        return {
            f"{name}-{part}": "y" if each is True else str(each)
            for part, each in given.items() if each
        }  # fmt: skip
    text = _text(field, value)
    return None if text is None else {name: text}


def _line_inputs(field: FormField, name: str, rows: Any) -> dict[str, str] | None:
    if rows is None:
        return {f"{name}-rows": ""}
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    found = {f"{name}-rows": " ".join(map(str, range(len(rows))))}
    for key, row in enumerate(rows):
        for column, cell in row.items():
            text = _text(field.column(column), cell)
            if text is None:
                return None
            found[f"{name}-{key}-{column}"] = text
    return found


def _text(field: FormField | None, value: Any) -> str | None:
    if field is None or field.kind is FieldKind.ATTACHMENTS:
        return None
    if field.kind is FieldKind.YES_NO and isinstance(value, bool):
        return YES if value else NO
    if field.kind is FieldKind.CHOICES and isinstance(value, list):
        return "\n".join(map(str, value))
    if isinstance(value, dict | list | bool):
        return None
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return "" if value is None else str(value)


def _title(body: NewApproval, kind: TypeRecord) -> str:
    """What a request is called where its program says nothing: shortened is the type, never the id
    of what it is about, of which at least the end is there."""
    start, end = f"{kind.name}: {body.entity_type}", body.entity_id
    room = TITLE_LENGTH - len(end) - 1
    if room < 2:
        return end if len(end) <= TITLE_LENGTH else f"…{end[1 - TITLE_LENGTH :]}"
    return f"{start if len(start) <= room else f'{start[: room - 1]}…'} {end}"


def _errors_of(form: RequestForm, kind: TypeRecord, body: NewApproval) -> Iterator[InputError]:
    names = {html_name(each.name): f"/fields/{each.name}" for each in kind.form}
    if body.approver_id is not None:
        names[html_name(APPROVER)] = "/approverId"
    amount = next((each for each in kind.form if each.is_amount), None)
    if body.amount is not None and amount is not None:
        names[html_name(amount.name)] = "/amount/value"
    for name, sentences in form.errors.items():
        for sentence in sentences:
            yield InputError(names.get(name or "", f"/{name}"), str(sentence))


def _other_errors(
    body: NewApproval, kind: TypeRecord, form: RequestForm, requester_id: str
) -> Iterator[InputError]:
    if body.due_at is not None and body.due_at <= datetime.now(UTC):
        yield InputError("/dueAt", _("This is in the past."))
    amount = next((each for each in kind.form if each.is_amount), None)
    if body.amount is not None and amount is None:
        yield InputError("/amount", _("Requests of this type have no amount."))
    elif body.amount is not None and amount is not None:
        wanted = amount.currency or "EUR"
        if body.amount.currency != wanted:
            words = _("Requests of this type are in %(currency)s.", currency=wanted)
            yield InputError("/amount/currency", words)
    if body.approver_id is not None and form[html_name(APPROVER)].data == requester_id:
        yield InputError("/approverId", _("Nobody decides their own request: name someone else."))
