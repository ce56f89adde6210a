"""A program that uses the API: Flask's test client with a token."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.models.columns import new_id

BASE = "/api/v1"


class Program:
    """Sends JSON with its token. `get` and `post` return the response."""

    def __init__(self, app: Flask, secret: str, token_id: str = "") -> None:
        self.app, self.secret, self.token_id = app, secret, token_id

    def get(self, path: str, **headers: str) -> TestResponse:
        """GET under `/api/v1`."""
        return self._client().get(BASE + path, headers=self._headers(headers))

    def send(self, method: str, path: str, body: Any = None) -> TestResponse:
        """Any method, with JSON where there is a body, and without a key."""
        headers = self._headers({})
        return self._client().open(BASE + path, method=method, json=body, headers=headers)

    def send_bytes(self, path: str, data: bytes, kind: str, **headers: str) -> TestResponse:
        """POST a file as it is."""
        headers = self._headers(headers)
        return self._client().post(BASE + path, data=data, content_type=kind, headers=headers)

    def post(self, path: str, body: Any, key: str | None = "", **headers: str) -> TestResponse:
        """POST JSON; with a new Idempotency-Key unless one is given, None: without."""
        if key is not None:
            headers = {"Idempotency-Key": key or new_id(), **headers}
        return self._client().post(BASE + path, json=body, headers=self._headers(headers))

    def _client(self) -> FlaskClient:
        return FlaskClient(self.app)

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.secret}", **named}


def wanted(user_id: str, **changes: Any) -> dict[str, Any]:
    """A request for a chair as the old guide's controller would be asked for it."""
    body: dict[str, Any] = {
        "requestId": "PO-4711", "userId": user_id, "requestType": "chairs", "module": "PURCHASE",
        "entityType": "ORDER", "entityId": "4711", "priority": "HIGH", "title": "A chair",
        "fields": {"amount": "120.00", "reason": "It broke."}, "metadata": {"system": "erp"},
    }  # fmt: skip
    body |= changes
    return {name: value for name, value in body.items() if value is not None}
