"""The gallery, a browser on it, and templates without an application."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from jinja2 import StrictUndefined
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from portal import presentation
from portal.demo.load import load_demo
from portal.extensions import db
from portal.temporal import gateway
from tests.browsers import launched
from tests.conftest import settings_for
from tests.databases import Databases
from tests.in_process import InProcess
from tests.presentation.gallery import ROOT, Visits, create_gallery, notices


@pytest.fixture
def bare() -> Flask:
    """An application that has only the templates and what they are drawn with."""
    app = Flask("bare", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.jinja_env.undefined = StrictUndefined
    presentation.register(app)
    return app


@pytest.fixture(scope="module")
def drawn(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, TestResponse]:
    """What the application answers for each page of the gallery."""
    from portal.app import create_app

    folder = tmp_path_factory.mktemp("gallery")
    with databases.lent() as url, pytest.MonkeyPatch.context() as patched:
        settings = replace(settings_for(url), attachments_dir=folder / "attachments")
        app = create_app(settings)
        app.add_url_rule("/notices", view_func=notices)
        with app.app_context():
            load_demo(db.engine, folder / "accounts.txt")
            process = InProcess(settings, db.engine)
        patched.setattr(gateway, "_gateway", process)
        try:
            return Visits(app, process).drawn()
        finally:
            with app.app_context():
                db.engine.dispose()


@pytest.fixture(scope="module")
def gallery_url(drawn: dict[str, TestResponse]) -> Iterator[str]:
    """The address of a gallery that is being served."""
    server = make_server("127.0.0.1", 0, create_gallery(drawn), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def chromium(chromium: str) -> Iterator[Browser]:
    """The browser."""
    with launched(chromium) as browser:
        yield browser


@pytest.fixture(scope="module")
def sights(chromium: Browser, gallery_url: str) -> Iterator[list[Page]]:
    """A desktop in light and a phone in dark: what axe finds goes by the theme, and by whether the
    page is laid out for a phone."""
    shared: dict[str, Any] = {"base_url": gallery_url, "reduced_motion": "reduce"}
    wide, tall = {"width": 1280, "height": 844}, {"width": 390, "height": 844}
    desk = chromium.new_context(**shared, viewport=wide, color_scheme="light")
    phone = chromium.new_context(
        **shared, viewport=tall, color_scheme="dark", is_mobile=True, has_touch=True
    )
    yield [desk.new_page(), phone.new_page()]
    desk.close()
    phone.close()


@pytest.fixture
def desk(chromium: Browser, gallery_url: str) -> Iterator[Page]:
    """A fresh page on a desktop; addresses are relative to the gallery."""
    context = chromium.new_context(base_url=gallery_url, viewport={"width": 1280, "height": 860})
    yield context.new_page()
    context.close()
