"""Sealing, anchoring and verifying as activities: thin over `portal.proof`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog
from sqlalchemy import Engine, create_engine, insert
from temporalio import activity
from temporalio.exceptions import ApplicationError

from portal.background.checks import kept
from portal.config import Settings
from portal.domain.proof import notes
from portal.domain.proof.acts import ActKind, ActRecord
from portal.models import AuditVerification
from portal.models.acts import record_act
from portal.models.columns import new_id
from portal.proof import anchors, beginning, projections, sealing, verifying
from portal.proof.anchors import Anchoring, NotAnchored
from portal.proof.beginning import signer_of
from portal.proof.keys import NoKey
from portal.proof.sealing import NotSealed
from portal.proof.tiles import LogBroken, LogFiles
from portal.proof.verifying import Alive, Outside, Verification
from portal.workflows.ports import RecordSealer

SEALING, ANCHORING, VERIFICATION = "sealing", "anchoring", "verification"
CONNECT_SECONDS = 5

log = structlog.get_logger("portal.sealer")


class SealActivity(RecordSealer):
    """The sealer with its own role, over the log's files."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @activity.defn(name="seal_record")
    def seal(self) -> None:
        """Seal and anchor (see the port)."""
        with sealers(self._settings) as engine:
            seal_now(engine, self._settings)

    @activity.defn(name="verify_record")
    def verify(self) -> None:
        """Verify (see the port)."""
        with sealers(self._settings) as engine:
            verify_now(engine, self._settings, _go_on)


@contextmanager
def sealers(settings: Settings) -> Iterator[Engine]:
    """Connections with the rights of the sealer."""
    limits = {"connect_timeout": CONNECT_SECONDS, "application_name": "gloria-sealer"}
    url = settings.seal_sqlalchemy_url
    engine = create_engine(url, hide_parameters=True, connect_args=limits)
    try:
        yield engine
    finally:
        engine.dispose()


def seal_now(engine: Engine, settings: Settings) -> None:
    """One pass, and the anchors that are due; what came of it stands among the checks. Without a
    log that was begun nothing is done."""
    files = beginning.current(settings.audit_log_dir)
    if files is None:
        return
    with _alarmed(SEALING), kept(engine, SEALING) as keep:
        signer = signer_of(files, settings.audit_key_file, settings.public_url)
        sealed = sealing.seal(engine, files, signer)
        if sealed.note is None:
            return
        keep({"added": sealed.added, "size": notes.read(sealed.note).size})
    anchoring = Anchoring(engine, settings)
    if anchoring.kinds():
        with _alarmed(ANCHORING), kept(engine, ANCHORING) as keep:
            keep({"kept": anchoring.keep(sealed.note)})


def verify_now(engine: Engine, settings: Settings, alive: Alive) -> Verification:
    """Verify what changed and a seventh of the rest, record that it was done, and raise the alarm
    where something is wrong."""
    with kept(engine, VERIFICATION) as keep:
        wanted = projections.some(datetime.now(UTC))
        found = verifying.verify(engine, outside(settings), wanted=wanted, alive=alive)
        keep(found.report())
        with engine.begin() as connection:
            key, times = new_id(), {"begun_at": found.begun_at, "done_at": found.done_at}
            row = {"id": key, **times, "report": found.report()}
            connection.execute(insert(AuditVerification), row)
            said = {"problems": len(found.problems), "counts": dict(found.counts)}
            now, kind = datetime.now(UTC), ActKind.VERIFIED
            record_act(connection, ActRecord(id=key, at=now, kind=kind, actor="system", data=said))
    for problem in found.problems[:20]:
        log.error("record.not_whole", kind=problem.kind, problem=str(problem), alarm=True)
    return found


def outside(settings: Settings) -> Outside:
    """What can be reached from here beside the database."""
    files = beginning.current(settings.audit_log_dir)
    return Outside(
        files=files,
        checkpoints=anchors.in_folder(settings.audit_anchor_dir),
        key=None if files is None else _verifier(files, settings),
    )


def _verifier(files: LogFiles, settings: Settings) -> notes.VerifierKey | None:
    try:
        return signer_of(files, settings.audit_key_file, settings.public_url).verifier
    except NoKey:
        said = files.key()
        return None if said is None else notes.verifier_key(said)


@contextmanager
def _alarmed(what: str) -> Iterator[None]:
    """What the log refuses is an alarm, and no reason to try again at once."""
    try:
        yield
    except (NoKey, NotSealed, LogBroken, NotAnchored) as error:
        log.error("log.refused", step=what, reason=str(error), alarm=True)
        raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from error


def _go_on() -> None:
    if activity.is_worker_shutdown():
        raise ApplicationError("The worker is stopping.", type="Stopping")
    activity.heartbeat()
