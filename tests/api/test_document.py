"""The API's document: what is served is what is committed, and no program is broken by it."""

import json
from copy import deepcopy
from typing import Any

from flask import Flask

from portal.api.endpoints import ENDPOINTS
from portal.presentation import problems
from scripts.local.api_document import CURRENT, RELEASED, broken
from tests.clients import PageClient


def committed() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(CURRENT.read_text(encoding="utf-8"))
    return document


def test_what_is_served_is_committed(client: PageClient) -> None:
    answer = client.get("/api/openapi.json")
    assert answer.mimetype == "application/json"
    assert answer.text == CURRENT.read_text(encoding="utf-8"), (
        "python -m scripts.local.api_document writes docs/openapi.json anew"
    )


def test_nothing_breaks_what_was_released() -> None:
    assert broken(json.loads(RELEASED.read_text(encoding="utf-8")), committed()) == []


def test_what_breaks_programs_is_named() -> None:
    was, now = committed(), deepcopy(committed())
    schemas, paths = now["components"]["schemas"], now["paths"]
    del paths["/api/v1/me"]
    del schemas["Started"]["properties"]["runId"]
    schemas["NewApproval"]["required"].append("title")
    schemas["NewApproval"]["properties"]["module"]["maxLength"] = 10
    schemas["ApprovalItem"]["properties"]["status"]["enum"].remove("TIMEOUT")
    paths["/api/v1/tasks"]["get"]["x-scope"] = "tasks:decide"
    assert set(broken(was, now)) >= {
        "GET /api/v1/me is gone", "Started has no runId any more", "NewApproval needs title now",
        "NewApproval.module takes less", "ApprovalItem.status knows no TIMEOUT any more",
        "GET /api/v1/tasks needs another scope",
    }  # fmt: skip
    more = deepcopy(was)
    more["components"]["schemas"]["Started"]["properties"]["more"] = {"type": "string"}
    assert broken(was, more) == []


def test_every_address_of_the_api_is_described(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if str(rule).startswith("/api/v1")]
    assert len(rules) == len(ENDPOINTS)
    described = {(method, path) for path, each in committed()["paths"].items() for method in each}
    assert len(described) == len(ENDPOINTS)


def test_the_pages_of_the_api_are_for_everybody(client: PageClient) -> None:
    page = client.get_page("/api/docs")
    assert "POST /api/v1/approvals" in page.text
    for kind in problems.all_kinds():
        client.get_page(f"/api/problems/{kind.name}")
    assert client.get("/api/problems/unheard-of").status_code == 404
