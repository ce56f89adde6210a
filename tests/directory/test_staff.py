"""Who may be given a task."""

import pytest
from flask import Flask

from portal.directory.staff import name_of
from portal.extensions import db
from tests.web import People


@pytest.mark.parametrize(
    ("name", "called"),
    [("ben", "Ben Example"), ("adam", "Adam Example"), ("olga", ""), ("inga", "")],
)
def test_somebody_active_who_may_do_more_than_read(
    app: Flask, people: People, name: str, called: str
) -> None:
    with app.app_context():
        assert name_of(db.session.connection(), getattr(people, name)) == called


@pytest.mark.parametrize("unknown", ["01890a5d-ac96-774b-bcce-b302099a8057", "nobody", "", "x\x00"])
def test_nobody_else(app: Flask, people: People, unknown: str) -> None:
    with app.app_context():
        assert name_of(db.session.connection(), unknown) == ""
