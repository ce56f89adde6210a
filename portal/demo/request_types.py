"""The demonstration's request types, as `data/request_types.toml` has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.demo.organisation import DEPARTMENTS, read
from portal.domain.codec import decode
from portal.domain.policy.forms import FormField
from portal.domain.policy.policy import Policy

COST_CENTRES = [{"value": each.code, "label": f"{each.code} {each.name}"} for each in DEPARTMENTS]


@dataclass(frozen=True, kw_only=True)
class DemoType:
    """A request type as the demonstration loads it."""

    code: str
    name: str
    prefix: str
    description: str
    form: tuple[FormField, ...]
    policy: Policy
    workflow: str = "approval"
    priority: str = "MEDIUM"
    module: str = ""


def all_types(ids: Mapping[str, str]) -> tuple[DemoType, ...]:
    """The types of the file; `ids` gives a person's id for their key."""
    return tuple(decode(DemoType, _filled(each, ids)) for each in read("request_types")["types"])


def _filled(value: Any, ids: Mapping[str, str]) -> Any:
    """The value with people by their ids, and the departments as choices where it says so."""
    if isinstance(value, list):
        return [_filled(each, ids) for each in value]
    if not isinstance(value, dict):
        return value
    filled = {name: _filled(each, ids) for name, each in value.items()}
    if value.get("kind") == "people":
        filled["people"] = [ids[key] for key in value["people"]]
    if value.get("choices") == "departments":
        filled["choices"] = COST_CENTRES
    return filled
