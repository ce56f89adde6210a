"""Error pages, and the addresses of static files."""

from pathlib import Path

import pytest
from flask import Flask, render_template

from portal.presentation import errors, icons

CODES = (400, 403, 404, 409, 410, 413, 422, 429, 500, 503)


@pytest.mark.parametrize("code", CODES)
def test_error_pages_need_nothing_but_themselves(bare: Flask, code: int) -> None:
    with bare.test_request_context():
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
