"""Characters, sizes and addresses that no page can mean get a clear answer, never a 500."""

import io

import pytest
from gunicorn.http.errors import InvalidChunkSize
from werkzeug.test import encode_multipart

from portal.security.guards import unreadable
from tests.clients import PageClient, sign_in
from tests.web import People

NASTY = [
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF%FE",
    "%E2%80%AE",
    "NaN",
    "1e999999",
    "%27%22%3B--",
    "%20",
]


@pytest.fixture
def ana(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.ana)
    return client


@pytest.mark.parametrize("value", NASTY)
def test_addresses_are_answered(ana: PageClient, value: str) -> None:
    for path in (
        f"/profile?a={value}",
        f"/profile?{value}=1",
        f"/{value}",
        f"/sign-in?next={value}",
    ):
        assert ana.get(path).status_code < 500


def test_nul_in_an_address_is_said(ana: PageClient) -> None:
    page = ana.get_page("/profile?a=%00", 400)
    assert "cannot be read" in page.text


@pytest.mark.parametrize("value", ["\x00", "a\x00b", "\ud800", "\u202eabc", "   ", "NaN", "'\";--"])
@pytest.mark.parametrize("name", ["email", "password", "kept", "csrf_token"])
def test_the_sign_in_form_survives(client: PageClient, people, name: str, value: str) -> None:
    form = client.get_page("/sign-in").form("/sign-in")
    data = {**form.values, "email": "ana@example.org", "password": "x"}
    data[name] = value.encode("utf-8", "surrogatepass")
    assert client.post("/sign-in", data=data).status_code in (400, 422)


def test_half_a_surrogate_pair_is_unreadable() -> None:
    assert unreadable("a\ud800")
    assert not unreadable("a\U0001f600")


@pytest.mark.parametrize(
    "body", [b"a=" + b"x" * 3_000_000, b"a=" + b"x" * 1_000_000, b"a=1&" * 10_000], ids=len
)
def test_large_forms_are_refused(ana: PageClient, body: bytes) -> None:
    kind = "application/x-www-form-urlencoded"
    response = ana.post("/profile/time-zone", data=body, content_type=kind)
    assert response.status_code == 413
    assert "too large" in response.text


def test_many_parts_and_large_parts_are_refused(ana: PageClient) -> None:
    for fields in ({"a": "x" * 600_000}, {f"f{number}": "1" for number in range(1_200)}):
        boundary, body = encode_multipart(fields)
        kind = f"multipart/form-data; boundary={boundary}"
        response = ana.post("/profile/time-zone", data=body, content_type=kind)
        assert response.status_code == 413


def test_only_files_may_make_a_form_large(ana: PageClient) -> None:
    def send(body: bytes, kind: str) -> int:
        return ana.post("/requests/new/purchase", data=body, content_type=kind).status_code

    assert send(b"title=" + b"x" * 1_000_000, "application/x-www-form-urlencoded") == 413
    boundary, body = encode_multipart(dict.fromkeys(("title", "reason"), "x" * 300000))
    assert send(body, f"multipart/form-data; boundary={boundary}") == 413


@pytest.mark.parametrize("path", ["/sign-in", "/profile", "/healthz", "/nothing"])
def test_a_foreign_host_is_refused(client: PageClient, path: str) -> None:
    response = client.get(path, headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "evil" not in response.text


def test_a_large_form_of_a_visitor_is_no_crash(client: PageClient) -> None:
    body = b"a=1&" * 10_000
    kind = "application/x-www-form-urlencoded"
    assert client.post("/profile/time-zone", data=body, content_type=kind).status_code == 413


def test_a_field_without_a_name_is_answered(client: PageClient, people: People) -> None:
    body = b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"
    kind = "multipart/form-data; boundary=b"
    for path in ("/sign-in", "/profile/time-zone"):
        assert client.post(path, data=body, content_type=kind).status_code == 400


class BrokenOff(io.RawIOBase):
    """A body whose chunks are none, as gunicorn reads it."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: object) -> int:
        raise InvalidChunkSize(b"zz")


def test_a_body_that_breaks_off_is_answered(client: PageClient) -> None:
    environ = {"wsgi.input": BrokenOff(), "wsgi.input_terminated": True}
    kind = "application/x-www-form-urlencoded"
    answer = client.post("/sign-in", content_type=kind, environ_overrides=environ)
    assert answer.status_code == 400
