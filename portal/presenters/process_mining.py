"""The log for process mining: XES (IEEE 1849-2023) and OCEL 2.0, piece by piece.

A case is a request. In XES the cases follow each other by the leaf of their first event that
matches, so that a file that broke off goes on with the next case. Acts belong to no case: they
stand in neither file.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any
from xml.sax.saxutils import quoteattr

from portal.presenters.audit_entries import Behind, behind, kinds, who_of
from portal.presenters.audit_exports import Going
from portal.queries import audit_entries
from portal.queries.audit_entries import AuditEntry

XES_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2023" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<global scope="trace"><string key="concept:name" value=""/></global>
<global scope="event"><string key="concept:name" value=""/>\
<date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>\
<string key="lifecycle:transition" value="complete"/></global>
<classifier name="Activity" keys="concept:name"/>
"""


def as_xes(going: Going) -> Iterator[str]:
    """Each request that matches as a trace, with its events that match."""
    named = kinds()
    yield XES_HEAD
    for batch in going.batches():
        for chunk in _whole_cases(going, batch):
            yield "".join(_trace(each, chunk[1], named) for each in chunk[0])
    yield "</log>\n"


def _whole_cases(
    going: Going, batch: Sequence[AuditEntry]
) -> Iterator[tuple[list[list[AuditEntry]], Behind]]:
    """The cases that begin in a batch, so many at a time that their events are few enough."""
    numbers = {each.subject_id: each.number for each in reversed(batch) if each.seq}
    span = going.filters, list(numbers), going.start, going.end
    first = audit_entries.first_of(*span) if numbers else {}
    begun = [each for each, number in numbers.items() if first.get(each) == number]
    for start in range(0, len(begun), 50):
        found = audit_entries.cases(
            going.filters, begun[start : start + 50], going.start, going.end
        )
        cases = [list(group) for _id, group in groupby(found, lambda each: each.subject_id)]
        yield sorted(cases, key=lambda case: case[0].number), behind(found)


def _trace(case: Sequence[AuditEntry], known: Behind, named: dict[str, str]) -> str:
    request = known.requests.get(case[0].subject_id)
    parts = [_string("concept:name", request.number if request else case[0].subject_id)]
    if request is not None:
        parts.append(_string("type", request.type_name))
    parts += [_event(each, known, named) for each in case]
    return f"<trace>{''.join(parts)}</trace>\n"


def _event(each: AuditEntry, known: Behind, named: dict[str, str]) -> str:
    parts = (
        _string("concept:name", named.get(each.kind, each.kind)),
        _string("code", each.kind),
        f'<date key="time:timestamp" value="{each.at.isoformat(timespec="milliseconds")}"/>',
        _string("lifecycle:transition", "complete"),
        _string("org:resource", who_of(each.actor, known.names)),
        f'<int key="leaf" value="{each.number}"/>',
    )
    return f"<event>{''.join(parts)}</event>"


def _string(key: str, value: str) -> str:
    clean = "".join(letter if letter >= " " else " " for letter in value)
    return f"<string key={quoteattr(key)} value={quoteattr(clean)}/>"


def as_ocel(going: Going) -> Iterator[str]:
    """Events with the requests and people that they are about; objects follow the events."""
    people: dict[str, str] = {}
    begun = replace(going)
    yield f'{{"objectTypes": {_json(_OBJECT_TYPES)},\n"eventTypes": {_json(_event_types())},\n'
    yield '"events": [\n'
    comma = ""
    for batch in going.batches():
        known = behind(batch)
        for each in batch:
            if each.seq:
                people[each.actor] = who_of(each.actor, known.names)
                yield comma + _json(_ocel_event(each))
                comma = ",\n"
    yield '],\n"objects": [\n'
    objects = [_person(key, name) for key, name in people.items()]
    yield ",\n".join(map(_json, objects))
    comma = ",\n" if objects else ""
    for batch in begun.batches():
        for cases, known in _whole_cases(begun, batch):
            for case in cases:
                yield comma + _json(_request(case, known))
    yield "]}\n"


_OBJECT_TYPES = [
    {
        "name": "request",
        "attributes": [{"name": "number", "type": "string"}, {"name": "type", "type": "string"}],
    },
    {"name": "person", "attributes": [{"name": "name", "type": "string"}]},
]
_LEAF = [{"name": "leaf", "type": "integer"}]


def _event_types() -> list[dict[str, Any]]:
    return [{"name": kind, "attributes": _LEAF} for kind in kinds() if ":" in kind]


def _ocel_event(each: AuditEntry) -> dict[str, Any]:
    related = [{"objectId": each.subject_id, "qualifier": "about"}]
    related.append({"objectId": f"person:{each.actor}", "qualifier": "by"})
    return {
        "id": str(each.number),
        "type": each.kind,
        "time": each.at.isoformat(timespec="milliseconds"),
        "attributes": [{"name": "leaf", "value": each.number}],
        "relationships": related,
    }


def _person(key: str, name: str) -> dict[str, Any]:
    named = {"name": "name", "time": "1970-01-01T00:00:00Z", "value": name}
    return {"id": f"person:{key}", "type": "person", "attributes": [named], "relationships": []}


def _request(case: Sequence[AuditEntry], known: Behind) -> dict[str, Any]:
    first, named = case[0], known.requests.get(case[0].subject_id)
    at = first.at.isoformat(timespec="milliseconds")
    values = {"number": named.number, "type": named.type_name} if named else {}
    told = [{"name": name, "time": at, "value": value} for name, value in values.items()]
    return {
        "id": first.subject_id, "type": "request", "attributes": told, "relationships": [],
    }  # fmt: skip


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
