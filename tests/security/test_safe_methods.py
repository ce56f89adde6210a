"""Reading changes nothing, however often; that it was read may be recorded."""

import pytest
from flask import Flask
from sqlalchemy import text

from portal.extensions import db
from tests.clients import PageClient, sign_in
from tests.security.routes import PEOPLE, ROUTES
from tests.security.scene import path_of
from tests.web import People

# Who looked at the audit log, took a file or was refused, and what waits to be sealed of that.
NOTED = ("audit_acts", "audit_queue")


def fingerprints(app: Flask) -> dict[str, str]:
    """A checksum of every table's rows, by the table's name."""
    found = {}
    with app.app_context():
        for table in db.metadata.sorted_tables:
            if table.name in NOTED:
                continue
            rows = f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table.fullname} t"
            found[table.fullname] = db.session.execute(text(rows)).scalar()
    return found


@pytest.mark.parametrize("who", ["visitor", "requester", "approver", "auditor", "admin"])
def test_reading_changes_no_row(
    app: Flask, people: People, names: dict[str, str], who: str
) -> None:
    client, name = PageClient(app), PEOPLE[who]
    if name:
        sign_in(client, getattr(people, name))
    before = fingerprints(app)
    for route in ROUTES:
        for method in ("GET", "HEAD", "OPTIONS"):
            client.open(path_of(route, names), method=method)
    after = fingerprints(app)
    changed = {table for table in before if before[table] != after[table]}
    # When somebody who is asked first saw a request is kept, for insights.
    assert changed <= {"portal.first_looks"}
