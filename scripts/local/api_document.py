"""The API's document in the repository: written anew, and compared for what breaks programs.

``docs/openapi.json`` is what the portal serves, ``docs/openapi-released.json`` what the last
release served.

``python -m scripts.local.api_document`` writes the first, with ``--release`` both.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from scripts.local.installation import ROOT

CURRENT, RELEASED = ROOT / "docs" / "openapi.json", ROOT / "docs" / "openapi-released.json"
METHODS = ("get", "post", "put", "patch", "delete")


def current() -> str:
    """The document that this code serves."""
    import portal.app

    portal.app.load_api()  # first: the order of the calls is that in which they are declared
    from portal.api.docs import as_text

    return as_text()


def broken(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What a program that was written for `before` would miss in `after`, a sentence each."""
    return [*_calls(before, after), *_schemas(before, after)]


def _calls(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    for path, methods in before["paths"].items():
        for method in (each for each in METHODS if each in methods):
            now = after["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{method.upper()} {path} is gone"
                continue
            yield from _call(f"{method.upper()} {path}", methods[method], now)


def _call(name: str, was: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    if was.get("x-scope") != now.get("x-scope"):
        yield f"{name} needs another scope"
    if _body(was) != _body(now):
        yield f"{name} takes another body"
    known = {each["name"]: each for each in was["parameters"]}
    there = {each["name"]: each for each in now["parameters"]}
    yield from (f"{name} has no parameter {each} any more" for each in known.keys() - there.keys())
    for each, parameter in there.items():
        if parameter["required"] and not known.get(each, {"required": False})["required"]:
            yield f"{name} needs {each} now"
        elif each in known:
            yield from _value(
                f"{name} parameter {each}", known[each]["schema"], parameter["schema"]
            )
    for status, answer in was["responses"].items():
        if status.startswith("2") and now["responses"].get(status, {}).get("content") != answer.get(
            "content"
        ):
            yield f"{name} answers {status} otherwise"


def _body(operation: dict[str, Any]) -> Any:
    return operation.get("requestBody", {}).get("content")


def _schemas(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    there = after["components"]["schemas"]
    sent = {_name(body) for body in _bodies(before)}
    for name, was in before["components"]["schemas"].items():
        now = there.get(name)
        if now is None:
            yield f"the schema {name} is gone"
            continue
        for each, value in was.get("properties", {}).items():
            if each not in now.get("properties", {}):
                yield f"{name} has no {each} any more"
            else:
                yield from _value(f"{name}.{each}", value, now["properties"][each])
        required, before_required = set(now.get("required", ())), set(was.get("required", ()))
        if name in sent:
            yield from (f"{name} needs {each} now" for each in required - before_required)
        else:
            yield from (f"{name} may lack {each} now" for each in before_required - required)


def _bodies(document: dict[str, Any]) -> Iterator[Any]:
    for methods in document["paths"].values():
        yield from (body for each in methods.values() if (body := _body(each)))


def _name(content: Any) -> str:
    schema = content.get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _value(name: str, was: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """A kind, format or pattern is the same, and no value of a list is gone."""
    for part in ("type", "format", "pattern", "$ref"):
        if was.get(part) != now.get(part):
            yield f"{name} has another {part}"
    gone = set(map(str, was.get("enum", ()))) - set(map(str, now.get("enum", ())))
    if gone:
        yield f"{name} knows no {', '.join(sorted(gone))} any more"
    if _tighter(was, now):
        yield f"{name} takes less"


def _tighter(was: dict[str, Any], now: dict[str, Any]) -> bool:
    most = ("maxLength", "maximum", "maxItems", "maxProperties")
    least = ("minLength", "minimum", "minItems", "minProperties")
    return any(now.get(each, float("inf")) < was.get(each, float("inf")) for each in most) or any(
        now.get(each, float("-inf")) > was.get(each, float("-inf")) for each in least
    )


def main() -> int:
    """Write the document; with ``--release`` as the last release's, too."""
    text = current()
    CURRENT.write_text(text, encoding="utf-8")
    if "--release" in sys.argv[1:]:
        RELEASED.write_text(text, encoding="utf-8")
    for sentence in broken(json.loads(RELEASED.read_text(encoding="utf-8")), json.loads(text)):
        print(f"breaks programs: {sentence}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
