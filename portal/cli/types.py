"""Request types as files: written out, looked at, taken in."""

import json
from pathlib import Path
from typing import TextIO

import click
from flask.cli import AppGroup, with_appcontext

from portal.cli.running import explained
from portal.models.columns import new_id
from portal.presenters import types as words
from portal.queries import request_types
from portal.services import people, type_file_schema, type_files
from portal.services import types as service

group = AppGroup("types", help="Request types as YAML files.")


@group.command("export")
@click.argument("code")
@click.option("--version", type=int, help="Which version; else the one in force.")
@with_appcontext
def export_type(code: str, version: int | None) -> None:
    """Print a published version of a request type."""
    kind = request_types.of_administrators(code)
    found = (kind.version(version) if version else kind.live) if kind else None
    if kind is None or found is None:
        raise click.ClickException(f"There is no such version of “{code}”.")
    click.echo(service.file_of(kind, found.content), nl=False)


@group.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@with_appcontext
def check_types(files: tuple[Path, ...]) -> None:
    """Say what is wrong with files; nothing is changed. Exits with 1 where anything is."""
    wrong = False
    for path in files:
        try:
            content = service.content_of(type_files.read(path.read_text(encoding="utf-8")))
        except (type_files.FileRefused, UnicodeDecodeError) as refused:
            click.echo(f"{path}: {refused}")
            wrong = True
            continue
        for problem in service.problems(content):
            level = "warning" if problem.is_warning else "error"
            click.echo(f"{path}: {level}: {problem.sentence}")
            wrong = wrong or not problem.is_warning
    if wrong:
        raise click.ClickException("Not every file can be published as it is.")


@group.command("import")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--as", "email", required=True, help="The address of the administrator who does it.")
@with_appcontext
def import_type(file: TextIO, email: str) -> None:
    """Make a draft of a file; it is reviewed and published by pages."""
    with explained():
        actor = people.by_email(email)
    try:
        act = service.DraftAct(key=new_id(), actor_id=actor)
        code = service.take_file(file.read(), act, words.in_words)
    except (type_files.FileRefused, service.TypeRefused) as refused:
        raise click.ClickException(f"{file.name}: {refused}") from refused
    click.echo(f"There is a draft of {code} now: look at /admin/types/{code}")


@group.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of the files, as docs/request-type.schema.json has it."""
    click.echo(json.dumps(type_file_schema.json_schema(), indent=2, sort_keys=True))


COMMANDS = (group,)
