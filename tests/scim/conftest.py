"""An identity provider that writes people: Flask's test client with a token for it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.domain.people.tokens import Scope, TokenWish
from portal.services import api_tokens
from tests.web import People

BASE = "/scim/v2"
Provider = Callable[..., TestResponse]


@pytest.fixture
def scim_token(app: Flask, people: People) -> str:
    """The secret of a service's token for provisioning."""
    wish = TokenWish(name="Entra", scopes=frozenset({Scope.PEOPLE_PROVISION}))
    with app.app_context():
        return api_tokens.make_service(wish, None)[1]


@pytest.fixture
def provider(app: Flask, scim_token: str) -> Provider:
    """Sends a method, a path under /scim/v2 and a body; headers by name."""

    def send(method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["Authorization"] = f"Bearer {scim_token}"
        given: dict[str, Any] = {} if body is None else {"json": body}
        return FlaskClient(app).open(BASE + path, method=method, headers=named, **given)

    return send
