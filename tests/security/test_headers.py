"""Headers stand on every answer, whatever its status."""

from dataclasses import replace

import pytest
from flask import Flask

from portal.security.guards import public
from tests.clients import PageClient, sign_in
from tests.web import People

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)


@pytest.fixture
def crashing(app: Flask) -> PageClient:
    """An app with a view that breaks, with a secret in its words."""

    @public
    def crash() -> str:
        raise RuntimeError("the secret of the house")

    app.add_url_rule("/crash", "crash", crash)
    return PageClient(app)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/sign-in", 200), ("/profile", 302), ("/nothing", 404), ("/sign-out", 405), ("/crash", 500),
     ("/sign-in?next=%00", 400), ("/static/css/app.css", 200), ("/static/none", 404),
     ("/healthz", 200), ("/readyz", 503)],
)  # fmt: skip
def test_every_status_has_them(crashing: PageClient, path: str, status: int) -> None:
    response = crashing.get(path)
    assert response.status_code == status
    assert response.headers["Content-Security-Policy"] == CSP
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "strict-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["X-Request-Id"]


def test_https_is_remembered_where_it_is_used(make_app, settings) -> None:
    client = make_app(replace(settings, public_url="https://localhost")).test_client()
    assert "max-age=63072000" in client.get("/nothing").headers["Strict-Transport-Security"]


def test_http_promises_no_https(client: PageClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/sign-in").headers


def test_a_failure_tells_its_id_and_nothing_else(crashing: PageClient) -> None:
    response = crashing.get("/crash")
    assert response.headers["X-Request-Id"] in response.text
    assert "secret" not in response.text
    assert "Traceback" not in response.text


@pytest.mark.parametrize(
    "given", ["short", "a" * 65, "spaces are bad", "new%0aline-123", "-dash-8888"]
)
def test_a_strange_request_id_is_replaced(make_app, settings, given: str) -> None:
    behind = make_app(replace(settings, trusted_proxies=1)).test_client()
    assert behind.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"] != given


@pytest.mark.parametrize("proxies", [0, 1])
def test_only_a_trusted_proxy_names_the_request(make_app, settings, proxies: int) -> None:
    client = make_app(replace(settings, trusted_proxies=proxies)).test_client()
    answer = client.get("/healthz", headers={"X-Request-Id": "caller-1234"})
    assert (answer.headers["X-Request-Id"] == "caller-1234") == bool(proxies)


def test_pages_are_not_kept_and_hashed_files_are(client: PageClient, people: People) -> None:
    sign_in(client, people.ana)
    page = client.get("/profile")
    assert page.headers["Cache-Control"] == "no-store"
    assert "app.css?v=" in page.text
    hashed = client.get("/static/css/app.css?v=1")
    assert hashed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "immutable" not in client.get("/static/css/app.css").headers["Cache-Control"]
