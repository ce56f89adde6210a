"""Migrations without the whole portal: on a bare application that knows only the database."""

import re
import sys
import tempfile
from pathlib import Path

from scripts.local.installation import ROOT
from scripts.local.ports import any_free
from scripts.local.postgres import running_postgres

VERSIONS = ROOT / "migrations" / "versions"
NUMBERED = re.compile(r"(\d{4})_[a-z0-9_]+\.py")


def migrate(database_url: str, *, check: bool = False) -> None:
    """Bring a database to the newest version; with ``check``, also compare it with the models.

    Raises alembic's CommandError or SystemExit where the models say something else.
    """
    import flask_migrate
    from flask import Flask

    from portal.extensions import db
    from portal.legacy.cutover import chain

    app = Flask("migrations")
    _, _, rest = database_url.partition("://")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"postgresql+psycopg://{rest}"
    db.init_app(app)
    flask_migrate.Migrate(app, db, directory=str(ROOT / "migrations")).configure(chain.configure)
    with app.app_context():
        try:
            flask_migrate.upgrade()
            if check:
                flask_migrate.check()
        finally:
            db.engine.dispose()


def badly_numbered(versions: Path = VERSIONS) -> list[str]:
    """What is wrong with the files' names and chain: 0001_..., 0002_..., each after the last."""
    problems = []
    previous = "None"
    for place, file in enumerate(sorted(versions.glob("*.py")), start=1):
        text = file.read_text(encoding="utf-8")
        number = f"{place:04d}"
        if not NUMBERED.fullmatch(file.name) or not file.name.startswith(number):
            problems.append(f"{file.name}: should be number {number}")
        if not re.search(rf'^revision\b.*= "{number}"$', text, re.MULTILINE):
            problems.append(f'{file.name}: revision should be "{number}"')
        if not re.search(rf'^down_revision\b.*= "?{previous}"?$', text, re.MULTILINE):
            problems.append(f"{file.name}: down_revision should be {previous}")
        previous = number
    return problems


def main() -> int:
    """Check the chain, then migrate an empty database and compare it with the models."""
    problems = badly_numbered()
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    with tempfile.TemporaryDirectory(prefix="gloria-check-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # ours: PostgreSQL's user passes through when we are root
        with running_postgres(home, any_free(), durable=False) as server:
            migrate(server.url(), check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
