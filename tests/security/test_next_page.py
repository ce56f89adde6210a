"""After signing in one stays in the portal, wherever the address wanted to lead."""

import pytest

from portal.security.next_page import safe_next
from tests.clients import PageClient
from tests.web import PASSWORD, People

EVIL = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "https:evil.example",
    "https://evil.example/inbox",
    "javascript:alert(1)",
    "/\n/evil.example",
    " //evil.example",
    "evil.example",
    "",
]


@pytest.mark.parametrize("target", EVIL)
def test_other_sites_are_not_gone_to(target: str) -> None:
    assert safe_next(target) == "/"


@pytest.mark.parametrize("target", ["/requests/PR-1001", "/history?text=a%20b&before=x", "/inbox"])
def test_own_pages_are(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize("query", ["//evil", "/%5Cevil", "%09//evil", "https:evil", "/%09/evil"])
def test_the_form_keeps_to_it(client: PageClient, people: People, query: str) -> None:
    form = client.get_page(f"/sign-in?next={query}").form("/sign-in")
    data = {**form.values, "email": "ana@example.org", "password": PASSWORD}
    assert client.post(form.action, data=data).location == "/"
