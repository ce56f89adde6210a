"""The portal's commands."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.cli.running import explained
from portal.extensions import db
from portal.models import User
from tests.asking import insert_type
from tests.clients import PageClient
from tests.web import People

ADMIN = ["--email", "Root@Example.org", "--name", "Rita Root", "--password-stdin"]


def run(app: Flask, *arguments: str, typed: str = "", status: int = 0) -> str:
    result = app.test_cli_runner().invoke(args=["portal", *arguments], input=typed)
    assert result.exit_code == status, result.output
    return result.output


def test_the_first_admin_can_sign_in(app: Flask, client: PageClient) -> None:
    assert "can sign in" in run(app, "create-admin", *ADMIN, typed="a long password\n")
    form = client.get_page("/sign-in").form("/sign-in")
    data = {**form.values, "email": "root@example.org", "password": "a long password"}
    assert client.post("/sign-in", data=data).location == "/"


def test_it_asks_for_what_is_not_given(app: Flask) -> None:
    typed = "rita@example.org\nRita Root\nlong enough word\nlong enough word\n"
    run(app, "create-admin", typed=typed)
    with app.app_context():
        assert db.session.execute(select(User.roles)).scalar_one() == ["admin"]


@pytest.mark.parametrize(
    ("arguments", "password", "words"),
    [
        (ADMIN, "short", "at least 15 characters"),
        (ADMIN, "aaaaaaaaaaaaaaaa", "easy to guess"),
        (ADMIN, "", "at least 15 characters"),
        (["--email", "nobody", *ADMIN[2:]], "a long password", "cannot be used"),
        ([*ADMIN[:2], "--name", " ", "--password-stdin"], "a long password", "The name needs"),
    ],
)
def test_what_cannot_be_is_explained(app, arguments, password: str, words: str) -> None:
    assert words in run(app, "create-admin", *arguments, typed=f"{password}\n", status=1)
    with app.app_context():
        assert db.session.execute(select(User)).first() is None


def test_an_address_is_taken_once(app: Flask) -> None:
    run(app, "create-admin", *ADMIN, typed="a long password\n")
    again = ["--email", "root@example.org", *ADMIN[2:]]
    assert "already" in run(app, "create-admin", *again, typed="a long password\n", status=1)


def test_somebody_without_a_password_gets_one(app: Flask, people: People, client) -> None:
    given = ["ben@example.org", "--password-stdin"]
    assert "can sign in" in run(app, "set-password", *given, typed="a long password\n")
    form = client.get_page("/sign-in").form("/sign-in")
    data = {**form.values, "email": "ben@example.org", "password": "a long password"}
    assert client.post("/sign-in", data=data).location == "/"
    assert "15 characters" in run(app, "set-password", *given, typed="short\n", status=1)
    nobody = ["nobody@example.org", "--password-stdin"]
    assert "No one has" in run(app, "set-password", *nobody, typed="a long password\n", status=1)


def test_no_demonstration_in_production(make_app, settings) -> None:
    app = make_app(replace(settings, environment="production"))
    assert "production" in run(app, "load-demo", status=1)


def test_an_empty_record_is_whole(app: Flask) -> None:
    assert "whole" in run(app, "audit", "verify")
    assert "no request PR-1" in run(app, "audit", "verify", "--request", "PR-1", status=1)


def test_a_database_that_is_away_is_one_sentence(make_app, settings) -> None:
    app = make_app(replace(settings, database_url="postgresql://nobody@127.0.0.1:1/none"))
    output = run(app, "create-admin", *ADMIN, typed="a long password\n", status=1)
    assert output.startswith("Error: The database refused:")
    assert output.count("\n") == 1


@pytest.mark.temporal
def test_search_attributes_and_reconciling(make_app, temporal_settings) -> None:
    app = make_app(temporal_settings)
    assert "registered already" in run(app, "register-search-attributes")
    assert "0 open requests" in run(app, "reconcile", "--dry-run")


def test_a_temporal_that_is_away_is_one_sentence(app: Flask) -> None:
    output = run(app, "register-search-attributes", status=1)
    assert output == "Error: Temporal does not answer at 127.0.0.1:1.\n"


def test_another_error_is_not_called_temporals(app: Flask) -> None:
    """A fault of ours keeps its traceback; only what the SDK raises is a server that is away."""
    with app.app_context(), pytest.raises(RuntimeError, match="ours"), explained():
        raise RuntimeError("ours")


def test_people_are_changed_by_scripts(app: Flask, people: People) -> None:
    assert "ben@example.org: done." in run(app, "deactivate", "ben@example.org")
    assert "it was so already" in run(app, "deactivate", "ben@example.org")
    assert "done." in run(app, "activate", "BEN@example.org", "--reason", "Back")
    assert "done." in run(app, "group", "add", "finance", "eve@example.org")
    assert "done." in run(app, "group", "remove", "finance", "eve@example.org")
    unknown = run(app, "group", "add", "nowhere", "eve@example.org", status=1)
    assert "There is no group nowhere." in unknown
    assert "last administrator" in run(app, "deactivate", "adam@example.org", status=1)


def test_holds_are_placed_listed_and_lifted(app: Flask, people: People) -> None:
    why = ("--reason", "A claim.", "--as", "adam@example.org")
    hold_id = run(app, "holds", "place", "--person", "BEN@example.org", *why).strip()
    assert "person Ben Example" in run(app, "holds", "list")
    assert "Give one of" in run(app, "holds", "place", *why, status=2)
    past = ("--type", "none", "--until", "2020-01-01")
    assert "Choose a request type." in run(app, "holds", "place", *past, *why, status=1)
    assert "1 to 500" in run(app, "holds", "lift", hold_id, "--reason", " ", *why[2:], status=2)
    assert run(app, "holds", "lift", hold_id, *why) == "Lifted.\n"
    assert "it was lifted" in run(app, "holds", "lift", hold_id, *why, status=1)
    assert run(app, "holds", "list") == ""
    assert "A claim." in run(app, "holds", "list", "--ended")


def test_types_go_out_are_checked_and_come_in(app: Flask, people: People, tmp_path: Path) -> None:
    with app.app_context():
        insert_type()
        db.session.commit()
    text = run(app, "types", "export", "chairs")
    other = tmp_path / "lamps.yaml"
    other.write_text(
        text.replace("code: chairs", "code: lamps").replace("prefix: CH", "prefix: LA")
    )
    assert "warning: 3 of 7 people would be stuck at Line manager" in run(
        app, "types", "check", str(other)
    )
    told = run(app, "types", "import", str(other), "--as", "adam@example.org")
    assert "There is a draft of lamps now" in told
    assert "has a draft already" in run(
        app, "types", "import", str(other), "--as", "adam@example.org", status=1
    )
    other.write_text("schema: gloria/type/1\ncode: [")
    assert "line 2: " in run(app, "types", "check", str(other), status=1)
    assert "There is no such version" in run(app, "types", "export", "chairs", "--version", "9",
                                             status=1)  # fmt: skip


def test_a_type_in_the_short_form_comes_in(app: Flask, people: People, tmp_path: Path) -> None:
    short = tmp_path / "desks.yaml"
    head = "schema: gloria/type/1\ncode: desks\nroute:\n  - key: line_manager\n"
    short.write_text(f"{head}    ask: {{of: [boss]}}\n")
    told = run(app, "types", "check", str(short), status=1)
    assert f"{short}: line 5: route[0].ask.of[0] must have keys such as group" in told
    short.write_text(f"{head}    ask: {{of: [manager]}}\n    clocks: {{expire: 5d}}\n")
    assert "stuck at Line manager" in run(app, "types", "check", str(short))
    told = run(app, "types", "import", str(short), "--as", "adam@example.org")
    assert "There is a draft of desks now" in told


def test_the_schema_in_the_docs_is_that_of_the_reader(app: Flask) -> None:
    kept = Path(__file__).parents[1] / "docs" / "request-type.schema.json"
    assert kept.read_text() == run(app, "types", "schema"), "flask portal types schema > docs/..."
