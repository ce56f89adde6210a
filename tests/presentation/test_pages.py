"""What must be true of the HTML of every gallery and error page, without a browser."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template
from flask.testing import FlaskClient
from jinja2 import StrictUndefined

from portal import presentation
from portal.presentation import errors, icons
from tests.presentation.gallery.app import PAGES, ROOT, create_gallery

BUDGET = 20_000
CODES = (400, 403, 404, 409, 410, 413, 422, 429, 500, 503)


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    with create_gallery().test_client() as client:
        yield client


def page(client: FlaskClient, name: str) -> str:
    return client.get(f"/show/{name}").get_data(as_text=True)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_inline_and_no_identifier_twice(client: FlaskClient, name: str) -> None:
    html = page(client, name)
    assert not re.search(r"<[^>]+\s(style|on\w+)=", html)
    assert not re.search(r"<style|<script(?![^>]+src=)", html)
    identifiers = re.findall(r'\sid="([^"]*)"', html)
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("name", PAGES)
def test_one_heading_and_a_title_that_ends_with_the_product(client: FlaskClient, name: str) -> None:
    html = page(client, name)
    assert len(re.findall(r"<h1[\s>]", html)) == 1
    assert "– Gloria Approvals</title>" in html


@pytest.mark.parametrize("name", PAGES)
def test_every_post_form_has_a_token(client: FlaskClient, name: str) -> None:
    forms = re.findall(r'<form method="post".*?</form>', page(client, name), re.DOTALL)
    assert all('name="csrf_token"' in form for form in forms)


@pytest.mark.parametrize("name", PAGES)
def test_page_budget(client: FlaskClient, name: str) -> None:
    parts = [page(client, name).encode(), *(file.read_bytes() for file in _assets())]
    assert sum(len(gzip.compress(part)) for part in parts) <= BUDGET


def _assets() -> tuple[Path, Path]:
    return ROOT / "static/css/app.css", ROOT / "static/js/app.js"


def test_errors_announce_themselves_in_the_title(client: FlaskClient) -> None:
    assert "<title>Error: PR-2052" in page(client, "detail-error")


@pytest.mark.parametrize("code", CODES)
def test_error_pages_need_nothing_but_themselves(code: int) -> None:
    app = Flask("bare", template_folder=str(ROOT / "templates"))
    app.jinja_env.undefined = StrictUndefined
    presentation.register(app)
    with app.test_request_context():
        html = render_template("errors/error.html", page=errors.error_page(code))
    assert f"Error {code}" in html


def test_unlisted_codes_read_as_their_class_does() -> None:
    assert errors.error_page(418).title == errors.error_page(400).title
    assert (errors.error_page(502).title, errors.error_page(502).code) == (
        errors.error_page(500).title, 502,
    )  # fmt: skip


def test_static_addresses_change_with_the_content(tmp_path: Path) -> None:
    file = tmp_path / "a.css"
    file.write_text("a {}")
    before = icons.static_address(tmp_path, "/static")("a.css")
    file.write_text("b {}")
    after = icons.static_address(tmp_path, "/static")("a.css")
    assert before.startswith("/static/a.css?v=")
    assert before != after
