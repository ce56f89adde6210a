"""Attached files from the shell: is each one still what was recorded of it?"""

import sys
from collections import Counter

import click
from flask.cli import AppGroup
from sqlalchemy import select

from portal.cli.running import batch, explained, settings
from portal.models import Attachment, Request
from portal.services.attachments import wrong_with
from portal.services.file_store import StoreAway, store_of

files = AppGroup("files", help="Attached files.")

ROWS = (
    select(Attachment.id, Attachment.sha256, Request.number)
    .outerjoin(Request, Request.id == Attachment.request_id)
    .order_by(Attachment.id)
    .execution_options(yield_per=500)
)


@files.command("verify")
def verify() -> None:
    """Read every file and compare its SHA-256. Exits with 1, naming each, where one is missing or
    was changed; with 2 where the store does not answer."""
    found: Counter[str] = Counter()
    store = store_of(settings())
    with explained(), batch() as connection:
        for attachment, digest, number in connection.execute(ROWS):
            try:
                wrong = wrong_with(store, attachment, digest)
            except StoreAway as away:
                raise _Away(f"The store of files does not answer: {away}") from away
            found[wrong or "whole"] += 1
            if wrong:
                click.echo(f"{number or 'a draft'}: file {attachment} is {wrong}.")
    click.echo(f"{found.total()} files, {found['missing']} missing, {found['changed']} changed.")
    sys.exit(1 if found.total() > found["whole"] else 0)


class _Away(click.ClickException):
    exit_code = 2


COMMANDS = (files,)
