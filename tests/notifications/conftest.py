"""A request of Ana's that waits for Ben, and the sender that tells him."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine

from portal import presentation
from portal.config import ROOT, Settings
from portal.notifications.outbox import Outbox
from portal.notifications.sending import Sending
from tests.asking import kind  # noqa: F401
from tests.in_process import asked, process  # noqa: F401
from tests.mailing import Catcher, mail_server, mailing
from tests.notifications.post import Post


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """Connections of a worker's."""
    engine = create_engine(settings.sqlalchemy_url)
    yield engine
    engine.dispose()


@pytest.fixture
def catcher() -> Iterator[Catcher]:
    """A mail server that takes everything."""
    with mail_server() as server:
        yield server


@pytest.fixture
def post(settings: Settings, engine: Engine, catcher: Catcher) -> Post:
    """What a worker does with the outbox, without Temporal, to that mail server."""
    words = presentation.letters(ROOT / "templates")
    sending = Sending(engine, mailing(settings, catcher.port), words)
    return Post(Outbox(engine, ("mail",)), sending)
