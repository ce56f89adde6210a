"""A browser on the gallery."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from tests.presentation.gallery.app import create_gallery

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def gallery_url() -> Iterator[str]:
    """The address of a gallery that is being served."""
    server = make_server("127.0.0.1", 0, create_gallery(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def chromium(chromium: str) -> Iterator[Browser]:
    """The browser. For one file only: Playwright holds the thread's event loop meanwhile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def desk(chromium: Browser, gallery_url: str) -> Iterator[Page]:
    """A fresh page on a desktop; addresses are relative to the gallery."""
    context = chromium.new_context(base_url=gallery_url, viewport={"width": 1280, "height": 860})
    yield context.new_page()
    context.close()
