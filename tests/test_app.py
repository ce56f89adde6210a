"""The application as a whole: its error pages, and a database that is away or overloaded."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

import psutil
import psycopg
import pytest
from flask import Flask, Response, abort
from sqlalchemy import text
from sqlalchemy.exc import DataError

from portal.app import CONNECT_SECONDS, STATEMENT_MS
from portal.domain.errors import Refusal
from portal.extensions import HurriedConnection, db
from portal.presentation.errors import PAGES
from portal.security.guards import public
from portal.services.errors import Busy, Refused, TooMany
from tests.clients import PageClient, sign_in
from tests.web import People


def raising(error: Exception) -> Callable[[], str]:
    def view() -> str:
        raise error

    return view


def serve(app: Flask, view: Callable[[], str]) -> PageClient:
    app.add_url_rule("/tried", "tried", public(view), methods=["GET", "POST"])
    return PageClient(app)


@pytest.mark.parametrize("code", PAGES)
def test_every_error_page_has_words_and_an_id(app: Flask, code: int) -> None:
    client = serve(app, lambda: abort(code))
    page = client.get_page("/tried", code)
    assert page.heading == PAGES[code].title
    assert page.response.headers["X-Request-Id"] in page.text
    assert ("Retry-After" in page.response.headers) is (code in (429, 503))


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (Refused(Refusal.NOT_YOURS), 403, "is assigned to someone else"),
        (Refused(Refusal.LATE, "My long comment"), 409, "My long comment"),
        (Refused(Refusal.COMMENT_REQUIRED), 422, "needs a comment"),
        (TooMany(90), 429, "Too many attempts"),
        (Busy(), 503, "Temporarily unavailable"),
    ],
)
def test_what_services_refuse_is_said(app, error: Exception, status: int, words: str) -> None:
    assert words in serve(app, raising(error)).get_page("/tried", status).text


def test_a_wrong_method_names_the_right_one(client: PageClient) -> None:
    response = client.get("/sign-out")
    assert (response.status_code, "POST" in response.headers["Allow"]) == (405, True)


@pytest.mark.parametrize("value", ["a\x00b", "\ud800"])
def test_what_the_database_cannot_hold_is_no_crash(app: Flask, value: str) -> None:
    def view() -> str:
        return str(db.session.execute(text("SELECT :value"), {"value": value}).scalar())

    assert "cannot be stored" in serve(app, view).get_page("/tried", 400).text


def test_a_form_that_the_database_cannot_hold_says_422(app: Flask, people: People) -> None:
    error = DataError("INSERT", {}, ValueError("a NUL"))
    client = serve(app, raising(error))
    sign_in(client, people.ana)
    response = client.post("/tried", data={"csrf_token": client.csrf_token()})
    assert response.status_code == 422


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers, like a server that hangs."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield listener.getsockname()[1]


def test_a_database_that_hangs_is_told_instead_of_waited_for(
    make_app, settings, silent_port: int
) -> None:
    url = f"postgresql://nobody@127.0.0.1:{silent_port}/none"
    client = PageClient(make_app(replace(settings, database_url=url)))
    client.set_cookie("gloria-session", "x")
    page = client.get_page("/profile", 503)
    assert page.response.headers["Retry-After"] == "5"


def test_a_slow_statement_is_ended(app: Flask) -> None:
    def view() -> str:
        db.session.execute(text("SELECT pg_sleep(10)"))
        return "never"

    serve(app, view).get_page("/tried", 503)


def test_every_wait_for_the_database_ends_within_three_seconds(app: Flask) -> None:
    """What the four tests around this one wait for; together with them this is the promise."""
    assert HurriedConnection.patience is not None
    with app.app_context():
        pool_seconds = db.engine.pool.timeout()  # type: ignore[attr-defined]
    assert max(pool_seconds, CONNECT_SECONDS, STATEMENT_MS / 1000, HurriedConnection.patience) < 3


def test_what_was_written_is_shown_while_the_database_is_away(
    make_app, settings, silent_port: int
) -> None:
    url = f"postgresql://nobody@127.0.0.1:{silent_port}/none"
    client = PageClient(make_app(replace(settings, database_url=url)))
    client.set_cookie("gloria-session", "x")
    answer = client.post("/requests/PR-1/comments", data={"comment": "Many words"})
    assert answer.status_code == 503
    assert "Many words" in answer.text


def test_a_server_that_freezes_is_told_instead_of_waited_for(
    app: Flask, client: PageClient, people: People
) -> None:
    sign_in(client, people.ana)
    with app.app_context():
        server = psutil.Process(db.session.execute(text("SELECT pg_backend_pid()")).scalar_one())
    try:
        server.suspend()
        page = client.get_page("/profile", 503)
    finally:
        server.resume()
    assert page.response.headers["Retry-After"] == "5"
    client.get_page("/profile")


def test_a_full_pool_is_told_and_heals(make_app, settings, people: People) -> None:
    app = make_app(replace(settings, database_pool_size=1))
    client = PageClient(app)
    sign_in(client, people.ana)
    with app.app_context(), db.engine.connect():
        client.get_page("/profile", 503)
    client.get_page("/profile")


def test_connections_that_were_cut_are_made_anew(app: Flask, client, people: People) -> None:
    sign_in(client, people.ana)
    client.get_page("/profile")
    with app.app_context():
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        one, two = db.engine.connect(), db.engine.connect()
        one.close()
        two.execute(text(f"{cut} WHERE {others}"))
        two.close()
    client.get_page("/profile")


def test_a_server_that_dies_after_drawing_costs_nothing(app: Flask, people: People) -> None:
    """The answer goes out as it was drawn, and the dead connection is not used again."""

    def view() -> Response:
        db.session.rollback()
        db.session.info.clear()  # as in a POST: the transaction is open until the end
        mine = db.session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with psycopg.connect(app.config["SETTINGS"].database_url) as other:
            other.execute("SELECT pg_terminate_backend(%s, 1000)", [mine])
        return Response("Drawn", mimetype="text/plain")

    app.add_url_rule("/tried", "tried", public(view))
    client = PageClient(app)
    sign_in(client, people.ana)
    response = client.get("/tried")
    assert (response.status_code, response.text) == (200, "Drawn")
    assert response.headers["X-Request-Id"]
    client.get_page("/profile")


def test_the_app_can_be_made_without_any_server(make_app, settings) -> None:
    nowhere = replace(settings, database_url="postgresql://nobody@127.0.0.1:1/none")
    client = PageClient(make_app(nowhere))
    assert client.get("/healthz").json == {"status": "ok"}
    client.get_page("/sign-in")
