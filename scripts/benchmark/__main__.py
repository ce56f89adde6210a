"""`./scripts/bench`: every figure as a table and, with --json FILE, as JSON."""

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from scripts.benchmark import (
    approvals,
    audit,
    backtest,
    check,
    closed_loop,
    cutover,
    insights,
    legacy,
    organisation,
    pages,
    programs,
)
from scripts.benchmark.portal_load import Lane
from scripts.benchmark.report import table
from scripts.benchmark.stack import FloorWorker, Stack, bare_views, floor_worker, memory, running
from scripts.local.ports import any_free
from scripts.local.postgres import PostgresServer, running_postgres
from scripts.local.temporal import running_temporal

PARTS = (
    "approvals",
    "programs",
    "pages",
    "loop",
    "check",
    "backtest",
    "audit",
    "insights",
    "legacy",
    "cutover",
)


def main() -> None:
    """Run the parts asked for and print their tables."""
    options = _options()
    figures: dict[str, object] = {"load average before": os.getloadavg()}
    with tempfile.TemporaryDirectory(prefix="gloria-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if {"approvals", "loop", "programs"} & set(options.part):
            figures |= _with_stack(options, folder / "stack")
        for part, measure in ALONE.items():
            if part in options.part:
                figures[part] = measure(options, folder / part)
    figures["load average after"] = os.getloadavg()
    print(
        "load average before and after:",
        *(figures[f"load average {w}"] for w in ("before", "after")),
    )
    print(json.dumps(figures, default=str))
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1, default=str) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seconds", type=float, default=6.0, help="length of one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--temporal", choices=("memory", "wal"), default="memory")
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=200, help="how often each page is asked")
    parser.add_argument(
        "--open", type=int, default=20_000, help="open requests for the loop and the check"
    )
    parser.add_argument("--instances", type=int, default=10_000, help="of the old engine")
    parser.add_argument("--json", help="also write the figures to this file")
    return parser.parse_args()


def _with_stack(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    folder.mkdir(mode=0o755)
    found: dict[str, object] = {}
    with running(folder, on_disk=options.temporal == "wal") as stack:
        organisation.load(stack.postgres.url(), max(options.in_flight))
        lanes = approvals.lanes(stack, max(options.in_flight))
        found["memory at rest MB"] = _memory(stack.web_pid, stack.worker_pid)
        with floor_worker(stack.temporal, folder / "floor.log") as floor_at:
            if "approvals" in options.part:
                found["approvals"] = _approvals(options, stack, floor_at, lanes)
                found["paced"] = _paced(stack, floor_at, lanes[0])
            if "programs" in options.part:
                found["programs"] = _programs(options, stack, floor_at, lanes, folder)
            if "loop" in options.part:
                loop = closed_loop.measure(lanes[:8], options.open, options.rounds, options.seconds)
                found["loop"] = loop
                print(table("The closed loop with open requests", loop))
        found["memory after MB"] = _memory(stack.web_pid, stack.worker_pid)
        print("memory of web and worker, MB, at rest:", found["memory at rest MB"])
        print("memory of web and worker, MB, after:", found["memory after MB"])
    return found


def _programs(
    options: argparse.Namespace,
    stack: Stack,
    floor_at: FloorWorker,
    lanes: list[Lane],
    folder: Path,
) -> dict[str, object]:
    app, in_flight = programs.application(stack), min(8, len(lanes))
    with bare_views(stack, floor_at.queue, folder / "bare.log") as bare:
        load = programs.Load(in_flight, options.rounds, options.seconds)
        asked = programs.asking(app, stack, floor_at, bare, load)
        print(table("Asking by the API", [asked]))
        status = programs.status(app, stack, bare, load, options.times)
        print(table("Where a request stands", [status]))
    hooks = programs.webhooks(app, stack, lanes[:in_flight], options.rounds, options.seconds)
    print(table("Approvals beside webhooks to a slow receiver", [hooks]))
    return {"asking": asked, "status": status, "webhooks": hooks}


def _memory(web: int, worker: int) -> dict[str, float]:
    return {"web": round(memory(web), 1), "worker": round(memory(worker), 1)}


def _approvals(
    options: argparse.Namespace, stack: Stack, floor_at: FloorWorker, lanes: list[Lane]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for in_flight in options.in_flight:
        samples = approvals.measure(
            stack, floor_at, lanes, in_flight, options.rounds, options.seconds
        )
        rows += approvals.rows(in_flight, samples)
        for failure in samples[approvals.PORTAL].failures[:3]:
            print("failure:", failure)
    print(table("Approvals end to end", rows))
    return rows


def _paced(stack: Stack, floor_at: FloorWorker, lane: Lane) -> dict[str, object]:
    bare, ours = approvals.paced(stack, floor_at, lane, 8.0)
    signal, outcome = bare.milliseconds("outcome", 0.5), ours.milliseconds("outcome", 0.5)
    row: dict[str, object] = {
        "bare signal to result p50 ms": round(signal, 1),
        "decision to outcome p50 ms": round(outcome, 1),
        "ratio": round(outcome / signal, 2),
    }
    print(table("Decision to outcome, one at a time", [row]))
    return row


def _pages(options: argparse.Namespace, folder: Path) -> list[dict[str, object]]:
    folder.mkdir(mode=0o755)
    with running_postgres(folder / "postgres", any_free()) as server:
        apps = []
        for size in (options.small, options.large):
            print(f"filling {size:,} requests ...", flush=True)
            apps.append(pages.prepared(_database(server, f"size_{size}"), size, folder))
        rows = list(pages.rows(pages.measure(apps[0], apps[1], options.times)))
    print(table(f"Pages at {options.small:,} and {options.large:,} requests", rows))
    return rows


def _check(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    folder.mkdir(mode=0o755)
    with (
        running_postgres(folder / "postgres", any_free()) as server,
        running_temporal(folder / "temporal.log") as temporal,
    ):
        found = check.measure(_database(server, "check"), server, temporal, options.open, folder)
    print(table("Comparing the record with Temporal", [found]))
    return found


def _backtest(_options: argparse.Namespace, folder: Path) -> list[dict[str, object]]:
    folder.mkdir(mode=0o755)
    with running_postgres(folder / "postgres", any_free()) as server:
        found = backtest.measure(_database(server, "backtest"), (1_000, 10_000, 20_000), folder)
    print(table("Past requests by a draft beside the version in force", found))
    return found


def _audit(options: argparse.Namespace, folder: Path) -> list[dict[str, object]]:
    folder.mkdir(mode=0o755)
    with running_postgres(folder / "postgres", any_free()) as server:
        times = min(options.times, 40)
        found = audit.measure(_database(server, "audit"), options.large, times, folder)
    print(table(f"The audit log at {options.large:,} events", found))
    return found


def _insights(options: argparse.Namespace, folder: Path) -> list[dict[str, object]]:
    folder.mkdir(mode=0o755)
    with running_postgres(folder / "postgres", any_free()) as server:
        times = min(options.times, 20)
        found = insights.measure(_database(server, "insights"), options.large, times, folder)
    print(table(f"Insights at {options.large:,} requests", found))
    return found


def _legacy(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    folder.mkdir(mode=0o755)
    with (
        running_postgres(folder / "postgres", any_free()) as server,
        running_temporal(folder / "temporal.log") as temporal,
    ):
        in_flight = min(options.in_flight, key=lambda each: abs(each - 8))
        found = legacy.measure(
            server, temporal.address, options.instances, in_flight, options.rounds
        )
    print(table(f"Moving {options.instances:,} instances of the old engine", [found]))
    return found


def _cutover(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    folder.mkdir(mode=0o755)
    with running_postgres(folder / "postgres", any_free()) as server:
        print(f"making {options.large:,} old instances ...", flush=True)
        found = cutover.measure(server, _database(server, "cutover"), options.large)
    print(table(f"Cutting over {options.large:,} instances of the old engine", [found]))
    return found


def _database(server: PostgresServer, name: str) -> str:
    statement = SQL("CREATE DATABASE {} OWNER gloria_owner").format(Identifier(name))
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        connection.execute(statement)
    return server.url(name)


# Those that need no portal that runs.
ALONE: dict[str, Callable[[argparse.Namespace, Path], object]] = {
    "pages": _pages,
    "check": _check,
    "backtest": _backtest,
    "audit": _audit,
    "insights": _insights,
    "legacy": _legacy,
    "cutover": _cutover,
}


if __name__ == "__main__":
    main()
