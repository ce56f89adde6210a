"""What can be asked for, for programs that fill in forms."""

from pydantic import Field

from portal.api.endpoints import Answer, Output, endpoint
from portal.domain.people.tokens import Scope
from portal.domain.policy.forms import FormField
from portal.presentation.problems import ProblemRaised
from portal.queries import request_types
from portal.security import callers


class TypeItem(Output):
    """A request type that can be asked for."""

    code: str
    name: str
    description: str
    module: str | None


class TypeList(Output):
    """All request types; there are few, so they come at once."""

    items: list[TypeItem]
    next: None = None


class TypeChoiceItem(Output):
    """One option of a choice."""

    value: str
    label: str


class TypeField(Output):
    """A field of a form. `kind` says how its value is written."""

    name: str
    label: str
    kind: str
    required: bool
    hint: str
    currency: str | None
    is_amount: bool
    choices: list[TypeChoiceItem]


class TypeForm(TypeItem):
    """A request type with its form."""

    default_priority: str
    fields: list[TypeField] = Field(description="In their order.")


@endpoint("GET", "/request-types", Scope.PEOPLE_READ, answers={200: TypeList},
          summary="List request types")  # fmt: skip
def list_request_types() -> Answer:
    """The types that the token's owner can ask for, in their order; for a service all of them."""
    own = callers.caller().identity
    items = [
        TypeItem(code=each.code, name=each.name, description=each.description, module=each.module)
        for each in request_types.choices(own.id if own else None)
    ]
    return Answer(body=TypeList(items=items))


@endpoint("GET", "/request-types/{code}", Scope.PEOPLE_READ, answers={200: TypeForm},
          refuses=(404,), summary="A request type and its form")  # fmt: skip
def show_request_type(code: str) -> Answer:
    """The fields that `POST /approvals` takes for it."""
    kind = request_types.find(code)
    if kind is None:
        raise ProblemRaised("not-found")
    body = TypeForm(
        code=kind.code, name=kind.name, description=kind.description, module=kind.module,
        default_priority=kind.default_priority, fields=[_field(each) for each in kind.form],
    )  # fmt: skip
    return Answer(body=body)


def _field(field: FormField) -> TypeField:
    return TypeField(
        name=field.name, label=field.label, kind=field.kind.value, required=field.required,
        hint=field.hint, currency=field.currency, is_amount=field.is_amount,
        choices=[TypeChoiceItem(value=each.value, label=each.label) for each in field.choices],
    )  # fmt: skip
