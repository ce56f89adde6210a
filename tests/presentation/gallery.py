"""Pages of the demonstration as the application answers them: drawn once, kept, shown to a browser.

What a page's script asks for, and what its forms send, is answered here: nothing is decided.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask, Response, flash, jsonify, redirect, render_template_string
from sqlalchemy import select
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response as BaseResponse

from portal import models
from portal.domain.people.permissions import Permission
from portal.extensions import db
from portal.security.guards import requires
from tests.clients import PageClient, sign_in
from tests.in_process import InProcess

ROOT = Path(__file__).resolve().parents[2]
KEPT_HEADERS = ("Content-Type", "Content-Security-Policy", "Referrer-Policy")
PURCHASE = {
    "title": "Atlases, 20 copies", "amount": "480.00", "supplier": "Westermann",
    "cost_centre": "4100", "reason": "The borders have moved.",
}  # fmt: skip
WITH_MISTAKES = {**PURCHASE, "amount": "12,x", "title": ""}
PAGES = (
    "inbox", "inbox-empty", "inbox-no-results", "requests", "history",
    "history-events", "detail", "detail-error", "detail-returned", "detail-closed", "new",
    "new-form", "new-check", "new-receipt", "pending", "confirm", "sign-in", "notices",
)  # fmt: skip
NOTICES = """
{% extends "layouts/base.html" %}
{% from "components/headings.html" import page_title %}
{% from "components/feedback.html" import banner %}
{% from "components/badges.html" import status_badge, priority, pill, due %}
{% from "components/buttons.html" import button %}
{% block title %}Notices{% endblock %}
{% block page_header %}{{ page_title("Notices") }}{% endblock %}
{% block content %}
{% for kind in ["info", "warn", "bad", "ok"] %}
{{ banner(kind, "All is " ~ kind, "#", "Change") }}
{% endfor %}
<p>{% for name in statuses %}{{ status_badge(name) }} {% endfor %}</p>
<p>
{% for name in ["LOW", "HIGH", "URGENT", "CRITICAL"] %}{{ priority(name) }} {% endfor %}
{{ due(none) }} {{ pill("draft") }}
</p>
<p class="actions">
{% for kind in ["primary", "secondary", "danger", "quiet"] %}{{ button(kind, kind) }}{% endfor %}
</p>
{% endblock %}
"""
STATUSES = (
    "STARTING", "PENDING", "ON_HOLD", "RETURNED", "APPROVED", "REJECTED", "TIMEOUT", "WITHDRAWN",
    "CANCELLED", "FAILED", "ATTENTION",
)  # fmt: skip


@requires(Permission.READ_INVOLVED)
def notices() -> str:
    """Whatever the portal says back, and each badge and button, on one page."""
    flash({"text": "Approved PR-2052.", "undo_url": "/undo", "command_id": "c1"}, "success")
    flash("Saved.", "info")
    flash("The file was too large.", "error")
    return render_template_string(NOTICES, statuses=STATUSES)


@dataclass
class Visits:
    """People of the demonstration on their way through the application."""

    app: Flask
    process: InProcess

    def drawn(self) -> dict[str, TestResponse]:
        """The answer behind each of `PAGES`, and the inbox of somebody without shortcuts."""
        marta, tom = self._client("marta.lindqvist"), self._client("tom.becker")
        resting = self._client("marta.lindqvist")
        resting.set_cookie("shortcuts", "off")
        ben, giulia = self._client("ben.carter"), self._client("giulia.ferri")
        # By the hour of the day the demonstration has got further with some requests.
        camera, desk = self._place("Microscope camera"), self._waiting_for("marta.lindqvist")
        skis, tablets = (
            self._place("Ski week with the family"),
            self._place("Classroom tablets, 24 units"),
        )
        return {
            "inbox": marta.get("/inbox"),
            "inbox-resting": resting.get("/inbox"),
            "inbox-empty": tom.get("/inbox"),
            "inbox-no-results": marta.get("/inbox?q=zebra"),
            "requests": tom.get("/requests"),
            "history": marta.get("/history?status=APPROVED&type=purchase"),
            "history-events": marta.get(camera.replace("requests", "history")),
            "detail": marta.get(desk),
            "detail-error": self._rejected_without_words(marta, desk),
            "detail-returned": ben.get(tablets),
            "detail-closed": giulia.get(self._place("Projector for room 12")),
            "confirm": tom.get(f"{skis}/withdraw"),
            "sign-in": PageClient(self.app).get("/sign-in"),
            "notices": tom.get("/notices"),
            "new": tom.get("/requests/new"),
            **self._asking(tom),
            "pending": self._waiting(marta, desk),
        }  # fmt: skip

    def _client(self, key: str) -> PageClient:
        client = PageClient(self.app)
        with self.app.app_context():
            mine = select(models.User.id).where(models.User.email.startswith(f"{key}@"))
            sign_in(client, db.session.scalars(mine).one())
        return client

    def _place(self, title: str) -> str:
        with self.app.app_context():
            number = select(models.Request.number).where(models.Request.title == title)
            return f"/requests/{db.session.scalars(number).one()}"

    def _waiting_for(self, key: str) -> str:
        """A purchase that the person is asked about."""
        with self.app.app_context():
            number = (
                select(models.Request.number)
                .join(models.Task, models.Task.request_id == models.Request.id)
                .join(models.User, models.User.id == models.Task.assignee_id)
                .where(models.User.email.startswith(f"{key}@"), models.Task.status == "OPEN")
                .where(models.Request.type_code == "purchase")
                .order_by(models.Request.number)
            )
            return f"/requests/{db.session.scalars(number).first()}"

    def _rejected_without_words(self, client: PageClient, place: str) -> TestResponse:
        page = client.get_page(place)
        return client.post_form(page, "/tasks/", 422, decision="reject").response

    def _asking(self, client: PageClient) -> dict[str, TestResponse]:
        empty = client.get_page("/requests/new/purchase")
        wrong = client.post_form(empty, "/requests/new/purchase", 422, **WITH_MISTAKES)
        day = (datetime.now(UTC) + timedelta(days=90)).date().isoformat()
        check = client.post_form(wrong, "/requests/new/purchase", **PURCHASE, needed_by=day)
        receipt = client.post_form(check, "/requests/new/purchase/submit")
        pages = {"new-form": wrong, "new-check": check, "new-receipt": receipt}
        return {name: page.response for name, page in pages.items()}

    def _waiting(self, client: PageClient, place: str) -> TestResponse:
        self.process.is_away = True
        return client.post_form(client.get_page(place), "/tasks/", decision="approve").response


def create_gallery(drawn: dict[str, TestResponse]) -> Flask:
    """Shows each answer at /show/<name>, under the headers that it came with."""
    app = Flask("gallery", static_folder=str(ROOT / "static"))

    def show(name: str) -> Response:
        answer = drawn[name]
        headers = {key: answer.headers[key] for key in KEPT_HEADERS}
        return Response(answer.data, answer.status, headers)

    app.add_url_rule("/", "top", lambda: "<!doctype html><title>Gallery</title>")
    app.add_url_rule("/show/<name>", "show", show)
    app.add_url_rule("/commands/<key>/state", "state", lambda key: jsonify(done=False))
    app.add_url_rule("/<path:path>", "sink", _sink, methods=["POST"])
    return app


def _sink(path: str) -> BaseResponse:
    return redirect(f"/show/inbox?sent={path}", 303)
