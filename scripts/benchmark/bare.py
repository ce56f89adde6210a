"""The bare views, what an answer costs at least, without who asks, rates, headers and a line in the
log: one row by SQL as JSON, and one row stored with the floor's workflow started.

Flask and Flask-SQLAlchemy as their documentation has them, served by the same gunicorn as the
portal, from the same database: `scripts.benchmark.stack.bare_views`.
"""

import asyncio
import os
import threading
import uuid
from datetime import timedelta

from flask import Flask, Response, abort, jsonify, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text
from temporalio.client import Client

from scripts.benchmark.floor import LocalFloor

ROW = text("SELECT id, number, status, last_seq, updated_at FROM portal.requests WHERE id = :id")
TABLE = text("CREATE TABLE IF NOT EXISTS portal.bare (id uuid PRIMARY KEY, said jsonb NOT NULL)")
STORE = text("INSERT INTO portal.bare (id, said) VALUES (:id, :said)")
LIMIT = timedelta(seconds=10)


class Starter:
    """A client on a loop of its own; one for each process, made with the first start."""

    def __init__(self) -> None:
        self._lock, self._loop = threading.Lock(), asyncio.new_event_loop()
        self._client: Client | None = None

    def start(self, workflow_id: str) -> str:
        """The id of the run."""
        with self._lock:
            if self._client is None:
                threading.Thread(target=self._loop.run_forever, daemon=True).start()
                connected = Client.connect(os.environ["TEMPORAL_ADDRESS"])
                self._client = asyncio.run_coroutine_threadsafe(connected, self._loop).result()
        begun = self._client.start_workflow(
            LocalFloor.run, "x", id=workflow_id, task_queue=os.environ["FLOOR_QUEUE"],
            rpc_timeout=LIMIT,
        )  # fmt: skip
        handle = asyncio.run_coroutine_threadsafe(begun, self._loop).result()
        return str(handle.result_run_id)


def create_app() -> Flask:
    """Serve them from the database in DATABASE_URL, with as large a pool as the portal has."""
    app, db, starter = Flask("bare"), SQLAlchemy(), Starter()
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"].replace(
        "postgresql://", "postgresql+psycopg://", 1
    )
    size = int(os.environ["DATABASE_POOL_SIZE"])
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": size, "max_overflow": 0}
    db.init_app(app)

    @app.get("/")
    def prepare() -> str:
        db.session.execute(TABLE)
        db.session.commit()
        return "ready"

    @app.get("/requests/<uuid:request_id>")
    def show(request_id: uuid.UUID) -> Response:
        row = db.session.execute(ROW, {"id": request_id}).one_or_none()
        if row is None:
            abort(404)
        return jsonify(
            id=str(row.id), number=row.number, status=row.status, seq=row.last_seq,
            updatedAt=row.updated_at.isoformat(),
        )  # fmt: skip

    @app.post("/requests")
    def ask() -> tuple[Response, int]:
        key = uuid.uuid4()
        db.session.execute(STORE, {"id": key, "said": request.get_data(as_text=True)})
        db.session.commit()
        workflow_id = f"floor-{key}"
        run_id = starter.start(workflow_id)
        return jsonify(workflowId=workflow_id, runId=run_id, status="STARTED"), 201

    return app
