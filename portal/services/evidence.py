"""Evidence packs for auditors."""

from pathlib import Path

from portal.domain.marked import msgid
from portal.domain.proof.acts import ActKind
from portal.extensions import db
from portal.proof import beginning, pack
from portal.proof.tiles import LogBroken
from portal.services import acts

NO_LOG = msgid("No log of the record was begun yet, so there is no evidence to hand out.")
NOT_YET = msgid("The newest events of this request are not sealed yet. Try again in a few minutes.")
BROKEN = msgid("The files of the log are damaged. An administrator has to look at them first.")


class NoEvidence(Exception):
    """There is no pack now; the message is a sentence for people."""


def of_request(request_id: str, number: str, log_dir: Path) -> bytes:
    """The pack of a request, a ZIP archive; that it was taken is recorded. Raises NoEvidence."""
    log = beginning.current(log_dir)
    if log is None:
        raise NoEvidence(NO_LOG)
    try:
        with db.engine.connect() as connection:
            body = pack.pack(connection, log, request_id)
    except pack.NotSealedYet as error:
        raise NoEvidence(NOT_YET) from error
    except LogBroken as error:
        raise NoEvidence(BROKEN) from error
    acts.keep(ActKind.EXPORTED, number, what="evidence")
    return body
