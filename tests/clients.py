"""A client that looks at every page it fetches, and ways to be signed in with it.

    client = PageClient(app)
    sign_in(client, people.ana)
    page = client.get_page("/inbox")              # GET, 200, and the page is well made
    page = client.post_form(page, "/sign-out")    # fills in the hidden fields that the form has

Whatever is fetched with `get`, `post` or the two above is examined: one h1, the title starts with
it, no id twice, every form has a method and an action and, when it posts, a CSRF token, no style or
script inside. CSRF protection is on in tests, as in life.
"""

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert
from werkzeug.test import TestResponse

from portal.models import UserSession
from portal.models.columns import new_id
from portal.security.guards import masked_token
from portal.security.sessions import cookie_name, portal_session
from portal.security.tokens import new_token, token_hash
from tests.pages_read import Page, examine, keep_document


class PageClient(FlaskClient):
    """Flask's test client that examines each page. `app.test_client()` makes one."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request, and examine the answer when it is a page."""
        kwargs.setdefault("buffered", True)  # closes files, which a browser would do later
        response = super().open(*args, **kwargs)
        is_page = response.mimetype == "text/html" and response.data  # HEAD and OPTIONS have none
        if is_page and not 300 <= response.status_code < 400:
            keep_document(response, examine(response.text))
        return response

    def get_page(self, path: str, status: int = 200) -> Page:
        """GET a page; follows redirects. Fails when it is not answered with `status`."""
        return self._page(self.get(path, follow_redirects=True), status)

    def post_form(
        self, page: Page, action: str, status: int = 200, follow: bool = True, **fields: str
    ) -> Page:
        """Send the page's form of that action, as a browser would: the values that stand in it,
        changed by `fields`. `action` may be the beginning of the form's address."""
        form = page.form(action)
        response = self.post(form.action, data={**form.values, **fields}, follow_redirects=follow)
        return self._page(response, status)

    def csrf_token(self) -> str:
        """A token for a form that the test makes up, as any page for this client would have it."""
        kept = self.get_cookie(cookie_name(self.application.config["SETTINGS"], "session"))
        if kept is not None:
            cookie = {"Cookie": f"{kept.key}={kept.value}"}
            with self.application.test_request_context("/profile", headers=cookie):
                if portal_session().identity is not None:
                    return masked_token()
        page = Page(self.get("/sign-in", follow_redirects=True))
        return next(f.values["csrf_token"] for f in page.document.forms if f.method == "post")

    def _page(self, response: TestResponse, status: int) -> Page:
        assert response.status_code == status, f"{response.status_code}: {_words(response)}"
        return Page(response)


def sign_in(client: FlaskClient, user_id: str) -> str:
    """Be that person from now on: a session row and its cookie, without the sign-in page, which
    would cost 30 ms a test. Returns the token. `user_id` may be a row or record with an `id`."""
    token = new_token()
    begin_session(client.application, getattr(user_id, "id", user_id), token)
    settings = client.application.config["SETTINGS"]
    client.set_cookie(cookie_name(settings, "session"), token)
    return token


def begin_session(app: Flask, user_id: str, token: str, **columns: Any) -> str:
    """Insert a session row and return its id; `columns` overrides, such as `last_seen_at`."""
    from portal.extensions import db

    row = {"id": new_id(), "token_hash": token_hash(token), "user_id": user_id}
    values = {"last_seen_at": func.now(), **row, **columns}
    with app.app_context():
        db.session.execute(insert(UserSession).values(values))
        db.session.commit()
    return row["id"]


def _words(response: TestResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))[:500]
