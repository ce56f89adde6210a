"""From the organisation's account to a signed decision, in Chromium with a virtual key."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import insert, select, update
from werkzeug.serving import make_server

from portal.config import Settings
from portal.domain.people.providers import SignInProvider
from portal.domain.policy.policy import Policy, StepUp
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import AuditEvent, Challenge, ProviderAccount
from portal.models.columns import new_id
from portal.services import signatures
from scripts.local.ports import any_free
from tests.asking import MANAGER, insert_type
from tests.browsers import PATIENCE_MS, follow
from tests.in_process import NUMBER, asked, process  # noqa: F401
from tests.provider import CLIENT, SECRET, TestProvider, providing
from tests.web import People

KEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def provider() -> Iterator[TestProvider]:
    with providing() as running:
        running.person = {"sub": "ben-at-provider", "email": "ben@example.org"}
        yield running


@pytest.fixture
def app(make_app, settings: Settings, provider: TestProvider) -> Flask:
    known = SignInProvider(
        id="staff", name="Example account", issuer=provider.issuer, client_id=CLIENT,
        client_secret=SECRET,
    )  # fmt: skip
    here = f"http://localhost:{any_free()}"
    return make_app(replace(settings, public_url=here, sign_in_providers=(known,)))


@pytest.fixture
def kind(app: Flask, people: People, provider: TestProvider) -> dict[str, str]:
    stage = replace(MANAGER, step_up=StepUp.SIGNATURE)
    with app.app_context():
        ids = insert_type(policy=Policy(stages=(stage,), undo_seconds=0))
        row = {"issuer": provider.issuer, "subject": "ben-at-provider", "user_id": people.ben}
        db.session.execute(insert(ProviderAccount).values(id=new_id(), **row))
        db.session.commit()
    return ids


@pytest.fixture
def ben(app: Flask, chromium: Browser, asked: Approval) -> Iterator[Page]:  # noqa: F811
    """Ben's browser before he signs in, and the portal that it talks to."""
    here = app.config["SETTINGS"].public_url
    server = make_server("localhost", int(here.rpartition(":")[2]), app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    context = chromium.new_context(base_url=here, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    talk = context.new_cdp_session(page)
    talk.send("WebAuthn.enable")
    talk.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    yield page
    context.close()
    server.shutdown()
    thread.join(60)


def alter(app: Flask) -> None:
    """Make an approval of the rejection that waits to be signed."""
    with app.app_context():
        mine = Challenge.kind == "decision"
        data = db.session.scalar(select(Challenge.data).where(mine))
        assert data is not None
        changed = data | {"vote": data["vote"] | {"decision": "approve"}}
        db.session.execute(update(Challenge).where(mine).values(data=changed))
        db.session.commit()


def decisions(app: Flask) -> list[dict[str, object]]:
    with app.app_context():
        rows = db.session.execute(
            select(AuditEvent.actor, AuditEvent.command_id, AuditEvent.data).where(
                AuditEvent.kind == "TaskDecided"
            )
        ).all()
    return [{"actor": row.actor, "command_id": str(row.command_id), **row.data} for row in rows]


def press(page: Page, name: str) -> None:
    follow(page.get_by_role("button", name=name, exact=True).first)


def test_signs_in_elsewhere_adds_a_passkey_and_signs(ben: Page, app: Flask) -> None:
    ben.goto("/sign-in?next=/profile/security")
    press(ben, "Sign in with Example account")
    expect(ben.get_by_role("heading", level=1)).to_have_text("Sign-in and security")
    press(ben, "Add a passkey")
    ben.fill("main [name=name]", "Blue key")
    press(ben, "Create passkey")
    expect(ben.get_by_text("Passkey added.")).to_be_visible()

    ben.goto(f"/requests/{NUMBER}")
    ben.fill("main [name=comment]", "Too dear.")
    press(ben, "Reject")
    expect(ben.get_by_text("meaning: rejection.")).to_be_visible()
    alter(app)
    press(ben, "Sign with passkey")
    expect(ben.get_by_text("not the decision that was signed")).to_be_visible()
    assert decisions(app) == []

    ben.goto(f"/requests/{NUMBER}")
    press(ben, "Approve €120.00")
    expect(ben.get_by_text("You sign as Ben Example, meaning: approval.")).to_be_visible()
    press(ben, "Sign with passkey")
    expect(ben.get_by_text(f"You approved {NUMBER}.")).to_be_visible()
    (event,) = decisions(app)
    assert signatures.trouble_of(event) == ""
    assert signatures.trouble_of(event | {"decision": "reject"}) != ""
