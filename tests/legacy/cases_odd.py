"""Old requests that are over, and data that nobody would have thought of."""

from psycopg.types.json import Jsonb

from tests.legacy.by_hand import Case, approved, step, vote

NEEDS, MOVED, HISTORY, FAILED = "needs_person", "moved", "history", "failed"
DONE = {"state": "COMPLETED", "completed_at": "2020-02-01"}
A, C = "APPROVAL", "COMPLETED"
ANN = [step(A, "IN_PROGRESS", "ann")]
LONG = "x" * 300_000
MANY_DIGITS = Jsonb(None, dumps=lambda _: '{"n": 1%s}' % ("0" * 5000))

OVER = [
    Case("approved", [approved()], HISTORY, status="APPROVED", cells=DONE),
    Case("rejected", [approved(), approved(said=False)], HISTORY, status="REJECTED", cells=DONE),
    Case("rejected-by-hand", [step(A, "REJECTED", "ann")], HISTORY, status="REJECTED", cells=DONE),
    Case("voted-down", [step(A, C, "ann")], HISTORY, status="REJECTED", cells=DONE,
         rows=[vote("APPROVE", "ann", "2020-01-01"), vote("REJECT", "ann", "2020-01-02", "2")]),
    Case("system-said-no", [step(A, C, "ann")], HISTORY, status="REJECTED", cells=DONE,
         rows=[vote("REJECT", "system")]),
    Case("own-no", [step(A, C, "ann")], HISTORY, "does not count", status="APPROVED", cells=DONE,
         rows=[vote("REJECT", "req")]),
    Case("result-wins", [step(A, C, "ann", result={"approved": True})], HISTORY, "disagree",
         status="APPROVED", cells=DONE, rows=[vote("REJECT", "ann")]),
    Case("null-result", [step(A, C, "ann", result=Jsonb(None))], HISTORY, "without a result",
         status="APPROVED", cells=DONE),
    Case("result-of-words", [step(A, C, "ann", result={"ok": 1})], NEEDS, "does not say",
         cells=DONE),
    Case("result-in-text", [step(A, C, "ann", result='{"approved": false}')], NEEDS,
         "does not say", cells=DONE),
    Case("approved-in-text", [step(A, C, "ann", result={"approved": "true"})], NEEDS,
         "does not say", cells=DONE),
    Case("skipped", [step(A, "SKIPPED"), approved()], HISTORY, "was skipped", status="APPROVED",
         cells=DONE),
    Case("empty", [], HISTORY, "without any approval", status="APPROVED", cells=DONE),
    Case("cancelled", ANN, HISTORY, status="CANCELLED",
         cells={"state": "CANCELLED", "metadata": {"cancellationReason": "No money"}}),
    Case("broke", ANN, HISTORY, status="FAILED", cells={"state": "FAILED", "error": "Boom"}),
    Case("no-end", [approved()], HISTORY, "no time of completion", status="APPROVED",
         cells={"state": C}),
    Case("before-it-began", [approved()], HISTORY, "before it began", status="APPROVED",
         cells={"state": C, "completed_at": "2019-01-01"}),
]  # fmt: skip

ODD = [
    Case("steps-an-object", ANN, MOVED, definition={"steps": {"a": 1}}),
    Case("steps-null", ANN, MOVED, definition={"steps": Jsonb(None)}),
    Case("no-copy", [step(A, "IN_PROGRESS", "ann", started_at="2020-01-01") |
                     {"step_definition": None}], MOVED, people={"ann"}, definition={
                         "steps": [{"id": "s0", "name": "From the workflow", "config": {}}]},
         stage="From the workflow"),
    Case("context-a-list", ANN, MOVED, cells={"context": ["a", {"b": 1}]}),
    Case("context-null", ANN, MOVED, cells={"context": Jsonb(None)}),
    Case("context-text", ANN, MOVED, cells={"context": "just words"}),
    Case("context-odd", ANN, MOVED, cells={"context": {
        "title": "\u202e \u0001\ufffe 🏳️‍🌈", "referenceId": "y" * 5000, "": {"": []},
         "big": 10**400,
        "deep": [[[[]]]], "referenceType": 7}}),
    Case("context-long", ANN, MOVED, cells={"context": {"title": LONG, "text": "short"}}),
    Case("context-too-long", ANN, NEEDS, "longer than", cells={"context": {"text": LONG * 2}}),
    Case("history-long", [approved()], HISTORY, status="APPROVED",
         cells=DONE | {"context": {"text": LONG * 20}}),
    Case("long-number", ANN, MOVED, cells={"context": MANY_DIGITS}),
    Case("id-in-capitals", ANN, MOVED,
         cells={"request_id": "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"}),
    Case("id-of-words", ANN, MOVED, cells={"request_id": "REQ 7/ü 'x' \"y\" %s {} --"}),
    Case("id-blank", ANN, FAILED, "no request id", cells={"request_id": "  "}),
    Case("id-longest", ANN, MOVED, cells={"request_id": "ü" * 255}),
    Case("id-long", ANN, FAILED, "longer than", cells={"request_id": "r" * 256}),
    Case("initiator-long", ANN, FAILED, "longer than", cells={"initiator_id": "p" * 300}),
    Case("key-odd", ANN, MOVED, cells={"id": "i-key-odd"}),
    Case("priority-a-list", ANN, MOVED, cells={"metadata": {"priority": ["HIGH"], "tags": "x"}}),
    Case("metadata-text", ANN, MOVED, cells={"metadata": "words"}),
    Case("timeout-endless", [step(A, "IN_PROGRESS", "ann", timeoutSeconds=10**400)], MOVED,
         definition={"sla_config": {"responseTimeHours": 10**400, "maxDurationHours": 1}}),
    Case("due-never", [step(A, "IN_PROGRESS", "ann", due_date="infinity")], MOVED),
    Case("due-far", [step(A, "IN_PROGRESS", "ann", due_date="9999-12-31")], MOVED),
    Case("due-before-christ", [step(A, "IN_PROGRESS", "ann", due_date="0044-03-15 BC")], MOVED),
    Case("began-never", ANN, MOVED, cells={"started_at": "infinity", "created_at": "infinity"}),
    Case("sla-a-list", ANN, MOVED, definition={"sla_config": [1]}),
    Case("names-odd", ANN, MOVED, definition={"code": "A/B ü.. %", "name": "<b>{{7*7}}</b>",
                                              "description": "d" * 9000}),
    Case("config-a-text", [step(A, "IN_PROGRESS", "ann") | {"step_definition": {
        "config": "x", "nextSteps": "s9", "name": ["n"], "timeoutSeconds": "soon"}}], MOVED,
         people={"ann"}),
    Case("definition-a-list", [step(A, "IN_PROGRESS", "ann") | {"step_definition": [1]}], MOVED),
    Case("voter-unknown", ANN, MOVED, rows=[vote("COMMENT", ""), vote("REMIND", "System")]),
]  # fmt: skip
