"""The gallery's Flask app: the product's layouts and components, no database, no sign-in."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, flash, jsonify, redirect, render_template, request
from flask_wtf import CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
from werkzeug.wrappers import Response as BaseResponse

from portal import presentation
from portal.presentation import errors, navigation
from tests.presentation.gallery import data, forms

ROOT = Path(__file__).resolve().parents[3]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
PAGES = (
    "inbox", "inbox-empty", "inbox-no-results", "requests", "history", "history-events",
    "detail", "detail-error", "detail-returned", "detail-closed", "new", "new-form", "new-check",
    "new-receipt", "pending", "confirm", "sign-in", "notices",
)  # fmt: skip


def create_gallery() -> Flask:
    """A fresh gallery."""
    app = Flask(
        "gallery", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static")
    )
    app.config.update(SECRET_KEY="gallery", TESTING=True, TEMPLATES_AUTO_RELOAD=True)
    own = FileSystemLoader(Path(__file__).parent / "pages")
    app.jinja_loader = ChoiceLoader([own, FileSystemLoader(ROOT / "templates")])
    app.jinja_env.undefined = StrictUndefined
    presentation.register(app, data.viewpoint)
    CSRFProtect(app)
    app.context_processor(_frame)
    app.after_request(_headers)
    app.add_url_rule("/", view_func=_contents)
    app.add_url_rule("/show/<name>", "show", _show)
    app.add_url_rule("/error/<int:code>", "error", _error)
    app.add_url_rule("/state", "state", lambda: jsonify(done="done" in request.args, location="/"))
    app.add_url_rule("/<path:path>", "sink", _sink, methods=["POST"])
    return app


def _frame() -> dict[str, Any]:
    person = navigation.Person("Ines Okafor", "Europe/Berlin", ("member", "admin"), ("Ana Ruiz",))
    places = ("inbox", "requests", "history", "notifications", "profile", "rules", "people")
    path = "/" + request.path.removeprefix("/show/").partition("-")[0]
    path = {"/new": "/requests/new"}.get(path, path)
    nav = navigation.build(person, path, places, {"inbox": 12, "requests": 3})
    return {
        "nav": nav,
        "theme": request.args.get("theme"),
        "shortcuts_off": request.args.get("shortcuts") == "off",
        "request_id": "01JD3W7Q9K",
    }


def _headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


def _contents() -> str:
    names = "".join(f'<li><a href="/show/{name}">{name}</a></li>' for name in PAGES)
    return f"<!doctype html><title>Gallery</title><ul>{names}</ul>"


def _show(name: str) -> tuple[str, int]:
    failing = name in {"detail-error", "new-form"}
    if name == "notices":
        flash({"text": "Approved PR-2052.", "undo_url": "/undo", "command_id": "c1"}, "success")
        flash("Saved.", "info")
        flash("The file was too large.", "error")
    context = {**vars(data), "forms": forms.examples(failing), "ns": SimpleNamespace()}
    return render_template(f"{name}.html", **context), 422 if failing else 200


def _error(code: int) -> tuple[str, int]:
    return render_template("errors/error.html", page=errors.error_page(code)), code


def _sink(path: str) -> BaseResponse:
    return redirect(f"/show/inbox?sent={path}", 303)
