"""Server time of the pages at two sizes of database, and of a bare page, interleaved."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from flask import Flask, render_template_string
from flask.testing import FlaskClient
from sqlalchemy import create_engine

from portal.app import create_app
from portal.config import Settings
from portal.demo.load import load_demo
from scripts.benchmark.figures import Sample
from scripts.benchmark.fill import fill

Filling = Callable[[str, int, str, str], None]
APPROVER, REQUESTER = "marta.lindqvist", "tom.becker"
BARE = (
    "<!doctype html><title>Bare</title><table>{% for row in rows %}<tr>{% for cell in row %}"
    "<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>"
)


def bare_app() -> Flask:
    """A Flask page of 50 rows with 6 cells and no database: what a page costs at least."""
    app = Flask("bare")
    cells = [[f"row {row} cell {cell}" for cell in range(6)] for row in range(50)]
    app.add_url_rule("/", view_func=lambda: render_template_string(BARE, rows=cells))
    return app


def prepared(url: str, size: int, folder: Path, filling: Filling = fill) -> Flask:
    """The portal over a migrated database, with the demonstration and `size` requests more."""
    settings = replace(
        Settings.from_environment(
            {"DATABASE_URL": url, "SECRET_KEY": "bench" * 10, "ENVIRONMENT": "test",
             "PUBLIC_URL": "http://localhost", "TEMPORAL_ADDRESS": "127.0.0.1:1",
             "LOG_LEVEL": "WARNING"}
        ),
        attachments_dir=folder,
    )  # fmt: skip
    app = create_app(settings)
    with app.app_context():
        from flask_migrate import upgrade

        upgrade()
    engine = create_engine(settings.sqlalchemy_url)
    accounts = load_demo(engine, folder / f"accounts-{size}.txt")
    engine.dispose()
    filling(url, size, f"{APPROVER}@gloria.example", f"{REQUESTER}@gloria.example")
    app.config["BENCH_ACCOUNTS"] = {line.split()[2]: line.split()[3] for line in accounts}
    return app


def signed_in(app: Flask, person: str) -> FlaskClient:
    """A test client with a session."""
    from scripts.benchmark.portal_load import TOKEN

    client = app.test_client()
    token = TOKEN.search(client.get("/sign-in").get_data(as_text=True))
    email = f"{person}@gloria.example"
    answer = client.post(
        "/sign-in",
        data={
            "csrf_token": token.group(1) if token else "",
            "email": email,
            "password": app.config["BENCH_ACCOUNTS"][email],
        },
    )
    if answer.status_code != 303:
        raise RuntimeError(f"sign-in of {email}: {answer.status_code}")
    return client


def pages(app: Flask) -> dict[str, tuple[FlaskClient, str]]:
    """Each page with the person it is hardest for."""
    approver, requester = signed_in(app, APPROVER), signed_in(app, REQUESTER)
    auditor = signed_in(app, "victor.audit")
    number = "PR-1005"
    return {
        "/inbox (5,000 tasks)": (approver, "/inbox"),
        "/requests": (requester, "/requests"),
        "/requests/<number>": (auditor, f"/requests/{number}"),
        "/history (all)": (auditor, "/history"),
        "/history (own)": (approver, "/history"),
        "/history/<number>": (auditor, f"/history/{number}"),
    }


def measure(small: Flask, large: Flask, times: int) -> dict[str, tuple[Sample, Sample]]:
    """Ask each page alternately of both databases; and the bare page in between."""
    bare = bare_app().test_client()
    at_small, at_large = pages(small), pages(large)
    results = {name: (Sample(), Sample()) for name in ("bare page", *at_small)}
    calls: dict[str, tuple[Callable[[], int], Callable[[], int]]] = {
        "bare page": (_call(bare, "/"), _call(bare, "/"))
    }
    for name, (client, path) in at_small.items():
        calls[name] = (_call(client, path), _call(*at_large[name]))
    for warm in range(times + 5):
        for name, both in calls.items():
            for call, sample in zip(both, results[name], strict=True):
                started = time.perf_counter()
                status = call()
                if warm >= 5:
                    sample.add("page", time.perf_counter() - started)
                    sample.done += 1
                if status != 200:
                    raise RuntimeError(f"{name} answered {status}")
    return results


def _call(client: FlaskClient, path: str) -> Callable[[], int]:
    def call() -> int:
        answer = client.get(path)
        answer.get_data()
        return answer.status_code

    return call


def rows(results: dict[str, tuple[Sample, Sample]]) -> Iterator[dict[str, object]]:
    """One table row for each page."""
    bare = results["bare page"][0].milliseconds("page", 0.5)
    for name, (small, large) in results.items():
        first, second = small.milliseconds("page", 0.5), large.milliseconds("page", 0.5)
        yield {
            "page": name,
            "small p50 ms": round(first, 2),
            "small p99 ms": round(small.milliseconds("page", 0.99), 2),
            "large p50 ms": round(second, 2),
            "large p99 ms": round(large.milliseconds("page", 0.99), 2),
            "large/small": round(second / first, 2),
            "of the bare page": round(second / bare, 2),
        }


def views(asked: dict[str, tuple[FlaskClient, str]], times: int) -> Iterator[dict[str, object]]:
    """Each of these addresses in turns with the bare page: medians, and what they are of its."""
    bare, results = bare_app().test_client(), {"bare page": Sample()}
    results |= {name: Sample() for name in asked}
    for warm in range(times + 3):
        for name, (client, path) in ({"bare page": (bare, "/")} | asked).items():
            begun = time.perf_counter()
            status = _call(client, path)()
            if warm >= 3:
                results[name].add("page", time.perf_counter() - begun)
            if status != 200:
                raise RuntimeError(f"{path} answered {status}")
    least = results["bare page"].milliseconds("page", 0.5)
    for name, sample in results.items():
        median = sample.milliseconds("page", 0.5)
        yield {
            "what": name,
            "p50 ms": round(median, 1),
            "p95 ms": round(sample.milliseconds("page", 0.95), 1),
            "of the bare page": round(median / least, 1),
        }
