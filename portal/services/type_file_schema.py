"""The JSON Schema of the files that request types are written in, for editors."""

from collections.abc import Iterable
from typing import Any

import msgspec

from portal.domain.policy.forms import FormField
from portal.domain.policy.policy import Policy, Stage
from portal.domain.policy.short_form import BARE_RULES, IN_LONG, MODES, RULES, SHARE
from portal.domain.policy.translations import LONGEST_TRANSLATION
from portal.services.type_files import LANGUAGE, MEANT, SCHEMA

TIME = {
    "type": "string",
    "pattern": "^ *([0-9]{1,4} *d)? *([0-9]{1,4} *h)? *([0-9]{1,4} *m)? *$",
}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a file, for editors; made from the classes that read it."""
    kinds = (FormField, Stage, Policy)
    _refs, found = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    parts: dict[str, Any] = {name: found[name] for name in sorted(found)}
    for name in ("Condition", "Row", "RowGroup", "Join", "Comparison"):
        del parts[name]
    for part in parts.values():
        if part.get("type") == "object":
            part["additionalProperties"] = False
    stage, policy = parts["Stage"]["properties"], parts["Policy"]
    stage |= {"remind_after": {"type": "array", "items": TIME}, "expire_after": TIME}
    parts["EscalationLevel"]["properties"]["after"] = TIME
    policy["properties"].pop("stages")
    policy.pop("required", None)
    stage["when"] = {"$ref": "#/$defs/When"}
    _add_short_form(parts)
    parts["FormField"]["properties"]["shown_when"] = {"$ref": "#/$defs/When"}
    parts["When"] = _when_schema()
    text: dict[str, Any] = {"type": "string"}
    parts["Translation"] = _translation_schema()
    names = {"type": "array", "items": text}
    lists = {"form": "FormField", "route": "Stage"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A request type of Gloria Approvals",
        "type": "object",
        "additionalProperties": False,
        "required": ["schema", "code"],
        "properties": {
            "schema": {"const": SCHEMA},
            **dict.fromkeys(("code", "prefix", "name", "description"), text),
            "needs": {"type": "object", "properties": {"groups": names, "people": names}},
            **{k: {"type": "array", "items": {"$ref": f"#/$defs/{v}"}} for k, v in lists.items()},
            "policy": {"$ref": "#/$defs/Policy"},
            "translations": {"type": "array", "items": {"$ref": "#/$defs/Translation"}},
        },
        "$defs": parts,
    }


def _add_short_form(parts: dict[str, Any]) -> None:
    """What `portal.domain.policy.short_form` takes beside the long form."""
    text: dict[str, Any] = {"type": "string"}
    kinds: dict[str, Any] = dict.fromkeys(RULES, text)
    kinds |= {"people": {"type": "array", "items": text}, "manager": {"type": "integer"}}
    beside = {"label": text, "codes": {"type": "object", "additionalProperties": text}}
    short = [_keyed((name,), {name: kind, **beside}) for name, kind in kinds.items()]
    parts["LongRule"] = parts["ApproverRule"]
    long = {"$ref": "#/$defs/LongRule"}
    parts["ApproverRule"] = {"anyOf": [long, *short, {"enum": list(BARE_RULES)}]}
    rules = {"type": "array", "items": {"$ref": "#/$defs/ApproverRule"}}
    shares = {"type": "string", "pattern": f"^({SHARE.pattern})$"}
    votes = {"type": "integer", "minimum": 1}
    quorum = {"anyOf": [{"enum": [each.value for each in MODES]}, votes, shares]}
    levels = {"type": "array", "items": {"$ref": "#/$defs/EscalationLevel"}}
    clocks = {"remind": {"type": "array", "items": TIME}, "escalate": levels, "expire": TIME}
    stage = parts["Stage"]
    stage["properties"] |= {
        "ask": _keyed(("of",), {"of": rules, "quorum": quorum}),
        "clocks": _keyed((), clocks),
    }
    stage["required"] = ["key"]
    stage["dependentSchemas"] = {
        key: {"not": {"anyOf": [{"required": [twice]} for twice in said]}}
        for key, said in IN_LONG.items()
    }


def _keyed(required: Iterable[str], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties,
            "additionalProperties": False}  # fmt: skip


def _translation_schema() -> dict[str, Any]:
    """A text, and what it is in other languages, by their codes."""
    words = {"type": "string", "maxLength": LONGEST_TRANSLATION}
    return {
        "type": "object", "required": ["text"], "properties": {"text": {"type": "string"}},
        "patternProperties": {f"^{LANGUAGE.pattern}$": words}, "additionalProperties": False,
    }  # fmt: skip


def _when_schema() -> dict[str, Any]:
    """Rows under all or any, nested once."""
    value = {"type": ["string", "integer"]}
    row = {
        "type": "array",
        "prefixItems": [{"type": "string"}, {"enum": list(MEANT)}, value],
        "minItems": 2,
        "maxItems": 3,
    }

    def joined(items: dict[str, Any]) -> dict[str, Any]:
        rows = {"type": "array", "items": items}
        properties = {"all": rows, "any": rows}
        return {"type": "object", "properties": properties, "additionalProperties": False,
                "minProperties": 1, "maxProperties": 1}  # fmt: skip

    return joined({"anyOf": [row, joined(row)]})
