"""Who comes in by a token, and who does not: every address of the API with every kind of token."""

import json
import re
import time
from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from portal.api.endpoints import ENDPOINTS, Endpoint
from portal.config import Settings
from portal.domain.people.tokens import (
    OF_SERVICES,
    Scope,
    TokenKind,
    TokenWish,
    is_whole,
)
from portal.extensions import db
from portal.models import ApiToken, AuditAct, User
from portal.security.tokens import token_hash
from portal.services import api_tokens
from tests.api.conftest import MakeProgram
from tests.api.programs import Program, wanted
from tests.clients import PageClient, sign_in
from tests.in_process import InProcess
from tests.web import People

NAMES = {"workflowId": "approval-x", "commandId": "x", "code": "x", "taskId": "x",
         "endpointId": "x", "deliveryId": "x", "fileId": "x"}  # fmt: skip


def send(program: Program, each: Endpoint) -> tuple[int, str, str]:
    """The status, the name of the problem and the challenge of an address's answer."""
    path = re.sub(r"{(\w+)}", lambda name: NAMES[name[1]], each.path)
    if each.method == "POST":
        answer = program.post(path, {})
    else:
        answer = program.send(each.method, path, {} if each.method == "PUT" else None)
    kind = (answer.get_json() or {}).get("type", "").rpartition("/")[2]
    return answer.status_code, kind, answer.headers.get("WWW-Authenticate", "")


def refused(program: Program) -> set[tuple[int, str]]:
    return {send(program, each)[:2] for each in ENDPOINTS}


def change(app: Flask, statement: str) -> None:
    with app.app_context():
        db.session.execute(text(statement))
        db.session.commit()


def test_no_token_and_a_wrong_one_open_nothing(app: Flask, people: People) -> None:
    unknown = Program(app, api_tokens.new_secret(TokenKind.SERVICE))
    assert refused(unknown) == {(401, "token-invalid")}
    for secret in ("", "gloria_svc_x", "a b", "x" * 9000):
        assert {status for status, _ in refused(Program(app, secret))} == {401}
    answer = PageClient(app).get("/api/v1/me")
    assert (answer.status_code, answer.get_json()["type"]) == (401, "/api/problems/token-missing")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_cookie_opens_nothing(app: Flask, people: People) -> None:
    client = PageClient(app)
    sign_in(client, people.adam)
    assert client.get("/api/v1/approvals").status_code == 401
    assert client.post("/api/v1/approvals", json=wanted(people.ana)).status_code == 401


def test_only_json_is_read(service: Program, people: People) -> None:
    """What a page of another site can send without asking is none of these."""
    data = json.dumps(wanted(people.ana)).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = service.send_bytes("/approvals", data, kind)
        assert answer.status_code == 415, kind
        assert answer.get_json()["type"] == "/api/problems/unsupported-media-type"
    assert service.send_bytes("/approvals", data, "application/json").status_code == 201


def test_a_token_that_ended_opens_nothing(make_program: MakeProgram, app: Flask) -> None:
    program = make_program()
    assert program.get("/me").status_code == 200
    change(app, "UPDATE portal.api_tokens SET expires_at = now() - interval '1 second'")
    assert refused(program) == {(401, "token-invalid")}
    change(app, "UPDATE portal.api_tokens SET expires_at = now() + interval '1 day'")
    with app.app_context():
        api_tokens.revoke(program.token_id, None)
    assert refused(program) == {(401, "token-invalid")}


def test_an_inactive_owner_and_a_lost_role_count_at_once(
    make_program: MakeProgram, app: Flask, people: People
) -> None:
    program = make_program("ana")
    assert program.get("/tasks").status_code == 200
    with app.app_context():
        db.session.execute(update(User).where(User.id == people.ana).values(roles=["auditor"]))
        db.session.commit()
    assert program.get("/tasks").status_code == 403
    assert program.post("/approvals", wanted(people.ana)).status_code == 403
    assert program.get("/approvals").status_code == 200
    with app.app_context():
        db.session.execute(update(User).where(User.id == people.ana).values(is_active=False))
        db.session.commit()
    assert refused(program) == {(401, "token-invalid")}


def test_each_address_needs_its_scope(make_program: MakeProgram, people: People) -> None:
    for scope in Scope:
        program = make_program("adam", *(set(Scope) - {scope}))
        for each in ENDPOINTS:
            status, kind, challenge = send(program, each)
            if each.scope is scope:
                assert (status, kind) == (403, "insufficient-scope"), each.path
                assert f'scope="{scope.value}"' in challenge
            else:
                assert status in (200, 404, 422), each.path


def test_a_rotation_leaves_the_old_secret_a_day(make_program: MakeProgram, app: Flask) -> None:
    program = make_program()
    with app.app_context():
        secret = api_tokens.rotate(program.token_id, None)
    assert secret != program.secret
    assert [each.get("/me").status_code for each in (program, Program(app, secret))] == [200, 200]
    change(app, "UPDATE portal.api_tokens SET old_until = now() - interval '1 second'")
    assert [each.get("/me").status_code for each in (program, Program(app, secret))] == [401, 200]


def test_only_a_hash_is_kept_and_its_use_is_noted(make_program: MakeProgram, app: Flask) -> None:
    program = make_program()
    program.get("/me")
    with app.app_context():
        row = db.session.execute(select(ApiToken)).scalar_one()
        assert row.secret_hash == token_hash(program.secret)
        assert row.last_used_at is not None
        assert str(row.last_used_ip) == "127.0.0.1"
        whole = db.session.scalar(text("SELECT t::text FROM portal.api_tokens t"))
        assert program.secret not in str(whole)


def test_refusals_are_recorded_with_the_token(
    make_program: MakeProgram, app: Flask, people: People
) -> None:
    service, olga = make_program("", Scope.PEOPLE_READ), make_program("olga")
    for _again in range(2):
        assert service.get("/approvals").status_code == 403
        assert olga.post("/approvals", wanted(people.ana)).status_code == 403
    with app.app_context():
        acts = db.session.execute(select(AuditAct).where(AuditAct.kind == "refused")).scalars()
        said = {(act.actor, act.subject, act.data["token"]) for act in acts}
    assert said == {
        ("", "api.list_approvals", service.token_id),
        (people.olga, "api.ask_for_approval", olga.token_id),
    }


def test_what_is_done_to_tokens_is_recorded(make_program: MakeProgram, app: Flask) -> None:
    program = make_program()
    with app.app_context():
        secret = api_tokens.rotate(program.token_id, None)
        api_tokens.revoke(program.token_id, None)
        acts = db.session.execute(select(AuditAct).order_by(AuditAct.id)).scalars().all()
        assert [(act.kind, act.subject) for act in acts] == 3 * [
            ("token_changed", program.token_id)
        ]
        assert acts[0].data["scopes"] == sorted(OF_SERVICES)
        assert not [act for act in acts if secret in str(act.data)]


def test_a_module_bounds_what_is_asked_and_read(
    make_program: MakeProgram, people: People, kind: dict[str, str], process: InProcess
) -> None:
    every, other = make_program(modules=("PURCHASE",)), make_program(modules=("PEOPLE",))
    asking = make_program()
    workflow_id = asking.post("/approvals", wanted(people.ana), None).get_json()["workflowId"]
    assert every.get(f"/approvals/{workflow_id}").status_code == 200
    assert other.get(f"/approvals/{workflow_id}").status_code == 404
    refused = other.post("/approvals", wanted(people.ana), None)
    assert refused.get_json()["type"] == "/api/problems/module-not-covered"


def test_a_program_that_asks_too_often_waits(
    make_program: MakeProgram, app: Flask, settings: Settings
) -> None:
    program, other = make_program(), make_program()
    limits = replace(settings.limits, api_reads=3, api_writes=1)
    app.config["SETTINGS"] = replace(settings, limits=limits)
    while int(time.time()) % 60 > 50:  # all of it within one minute of the counter
        time.sleep(1)
    assert [program.get("/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = program.get("/me")
    assert answer.get_json()["type"] == "/api/problems/too-many-requests"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert [program.post("/approvals", {}).status_code for _ in range(2)] == [422, 429]
    assert other.get("/me").status_code == 200


@given(st.sampled_from(TokenKind), st.integers(0, 100), st.characters())
def test_a_changed_letter_is_noticed_without_the_database(
    kind: TokenKind, place: int, letter: str
) -> None:
    secret = api_tokens.new_secret(kind, "acme")
    assert secret.startswith("acme_")
    assert is_whole(secret)
    assert is_whole(api_tokens.new_secret(kind))
    place %= len(secret)
    changed = secret[:place] + letter + secret[place + 1 :]
    assert is_whole(changed) == (changed == secret)


def test_what_makes_no_sense_makes_no_token(app: Flask, people: People) -> None:
    good = TokenWish(name="ERP", scopes=frozenset({Scope.APPROVALS_READ}))
    for wish in (
        replace(good, scopes=frozenset()),
        replace(good, scopes=frozenset({Scope.TASKS_DECIDE})),
        replace(good, days=367),
        replace(good, name=" "),
        replace(good, name="x" * 81),
        replace(good, modules=("x" * 61,)),
    ):
        with app.app_context(), pytest.raises(api_tokens.TokenRejected):
            api_tokens.make_service(wish, None)
