"""Answers are compressed, and nothing secret stays the same in them beside text from outside."""

import gzip
import re

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.security.guards import AS_THEY_ARE, mask, packed, unmask
from tests.clients import PageClient, sign_in
from tests.web import People

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.mark.parametrize(
    ("wished", "sent", "opened"),
    [("gzip, deflate, br", "br", brotli.decompress), ("gzip", "gzip", gzip.decompress)],
)
def test_pages_and_static_files_go_out_compressed(app: Flask, wished, sent, opened) -> None:
    client = FlaskClient(app)  # looks at no page: these are compressed
    for path in ("/sign-in", "/static/css/app.css?v=1"):
        plain = client.get(path)
        small = client.get(path, headers={"Accept-Encoding": wished})
        assert small.headers["Content-Encoding"] == sent
        assert "Accept-Encoding" in small.headers["Vary"]
        assert len(small.data) < len(plain.data) * 0.7
        assert opened(small.data)[:100] == plain.data[:100]
        assert int(small.headers["Content-Length"]) == len(small.data)
        small.close()
        plain.close()


def test_a_static_file_is_as_small_as_it_gets_and_asked_for_once(app: Flask) -> None:
    client, sheet = FlaskClient(app), "/static/css/app.css?v=1"
    with client.get(sheet) as plain, client.get(sheet, headers={"Accept-Encoding": "br"}) as small:
        assert small.data == packed(plain.data)
        assert brotli.decompress(small.data) == plain.data
    known = {"Accept-Encoding": "br", "If-None-Match": small.headers["ETag"]}
    with client.get(sheet, headers=known) as again:
        assert again.status_code == 304


def test_attached_files_go_out_as_they_are(app: Flask) -> None:
    assert app.view_functions.keys() >= AS_THEY_ARE


def test_each_answer_masks_its_token_anew(client: PageClient, people: People) -> None:
    sign_in(client, people.ana)
    pages = [client.get("/profile").text for _ in range(2)]
    first, second = ({*TOKEN.findall(page)} for page in pages)
    assert (len(first), len(second)) == (1, 1)  # one for all forms of a page
    one, two = first.pop(), second.pop()
    assert one[:20] != two[:20]
    for token in (one, two):
        answer = client.post("/profile/shortcuts", data={"csrf_token": token})
        assert answer.status_code == 303
    refused = client.post("/profile/shortcuts", data={"csrf_token": unmask(one)})
    assert refused.status_code == 400


@pytest.mark.parametrize("text", ["", "a", "abcd", "é", "====", mask("x")[:-4]])
def test_what_is_no_masked_token_is_none(text: str) -> None:
    assert unmask(text) == ""
    assert unmask(mask("WyJhIl0.aA.xyz")) == "WyJhIl0.aA.xyz"
