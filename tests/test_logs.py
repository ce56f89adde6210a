"""Log lines: one JSON object each, without secrets and without tricks."""

import json
import logging

import pytest
import structlog

from portal import logs
from tests.clients import PageClient
from tests.web import PASSWORD, People

TRICK = 'Ana\r\n{"event": "forged"}\x1b[31mred\u2028'


@pytest.fixture
def lines(capsys):
    """The lines written to standard error until now, each as JSON."""
    logs.configure("INFO")
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_name_cannot_forge_a_line_or_colour_one(lines, capsys) -> None:
    structlog.get_logger().info("hello", name=TRICK)
    logging.getLogger("elsewhere").warning("hello %s", TRICK)
    written = capsys.readouterr().err
    assert written.count("\n") == 2
    assert written.isascii()
    assert "\x1b" not in written


def test_secrets_are_masked_by_their_key(lines) -> None:
    structlog.get_logger().info("x", password="p1", csrf_token="t1", Cookie="c1", name="Ana")
    line = lines()[-1]
    assert [line[key] for key in ("password", "csrf_token", "Cookie")] == ["***"] * 3
    assert line["name"] == "Ana"


def test_a_failure_is_one_line_with_its_traceback(lines) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("elsewhere").exception("failed")
    line = lines()[-1]
    assert "ValueError: broken" in line["exception"]
    assert line["level"] == "error"


def test_signing_in_leaves_no_secret_in_the_log(lines, client: PageClient, people: People) -> None:
    form = client.get_page("/sign-in").form("/sign-in")
    data = {**form.values, "email": "ana@example.org", "password": "not my password"}
    client.post("/sign-in", data=data)
    client.post("/sign-in", data={**data, "password": PASSWORD})
    token = client.get_cookie("gloria-session").value
    text = json.dumps(lines())
    for secret in ("not my password", PASSWORD, token, form.values["csrf_token"], "ana@example"):
        assert secret not in text
    assert "signed in" in text
    assert "sign-in refused" in text


def test_the_request_id_stands_on_every_line(lines, client: PageClient) -> None:
    given = client.get("/nothing").headers["X-Request-Id"]
    line = lines()[-1]
    assert (line["request_id"], line["status"], line["path"]) == (given, 404, "/nothing")
