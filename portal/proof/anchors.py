"""Anchors: checkpoints where nobody who has the database can take them back.

A folder that the service can only add to (a mount with other owners, an object lock), and mail to
auditors; a witness that signs the checkpoint once it saw that the log only grew; a time stamp over
it (`outside`). Without one that is out of the administrators' reach there is no proof against them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine, func, insert, select

from portal.config import Settings
from portal.domain.proof import notes
from portal.models import AuditAnchor
from portal.models.columns import new_id
from portal.notifications.smtp import MailNotTaken, SmtpConnection
from portal.proof import outside, tiles
from portal.proof.outside import OutsideRefused
from portal.proof.tiles import LogBroken, LogFiles

FOLDER, MAIL, WITNESS, STAMP = "folder", "mail", "witness", "timestamp"
EVERY = {
    FOLDER: timedelta(hours=1),
    MAIL: timedelta(days=1),
    WITNESS: timedelta(hours=1),
    STAMP: timedelta(days=1),
}

log = structlog.get_logger("portal.sealer")


class NotAnchored(Exception):
    """A checkpoint could not be kept outside; the message is a sentence for people."""


@dataclass(frozen=True)
class Anchoring:
    """Keeps checkpoints outside, by every way that the settings name, each when it is due."""

    engine: Engine
    settings: Settings

    def kinds(self) -> tuple[str, ...]:
        """The ways that are set up."""
        has_mail = bool(self.settings.audit_anchor_mail and self.settings.mail.host)
        there = {
            FOLDER: self.settings.audit_anchor_dir is not None,
            MAIL: has_mail,
            WITNESS: bool(self.settings.audit_witness_url),
            STAMP: bool(self.settings.audit_timestamp_url),
        }
        return tuple(kind for kind, is_there in there.items() if is_there)

    def keep(self, note: str, now: datetime | None = None) -> list[str]:
        """Keep a checkpoint by each way that is due; those it was kept by. Raises NotAnchored once
        all were tried."""
        now, done, failed = now or datetime.now(UTC), [], []
        for kind in self.kinds():
            with self.engine.begin() as connection:
                due = _is_due(connection, kind, now)
            if not due:
                continue
            try:
                proof = self._by(kind, note, now)
            except (OSError, MailNotTaken, OutsideRefused, notes.Unreadable, LogBroken) as error:
                failed.append(f"{kind}: {error}")
                continue
            size = notes.read(note).size
            row = {"id": new_id(), "kind": kind, "size": size, "anchored_at": now, "proof": proof}
            with self.engine.begin() as connection:
                connection.execute(insert(AuditAnchor), row)
            log.info("log.anchored", kind=kind, size=size)
            done.append(kind)
        if failed:
            raise NotAnchored("; ".join(failed))
        return done

    def _by(self, kind: str, note: str, now: datetime) -> str:
        """Keep it that way; what came back, to be kept with it."""
        if kind == WITNESS:
            key = notes.cosigner_key(self.settings.audit_witness_key)
            return outside.cosigned(self.settings.audit_witness_url, key, note, self._log())
        if kind == STAMP:
            roots = self.settings.audit_timestamp_roots
            if roots is None:
                raise OutsideRefused("AUDIT_TIMESTAMP_ROOTS names no certificates to check it by")
            return outside.stamped(self.settings.audit_timestamp_url, roots, note)
        if kind == FOLDER:
            assert self.settings.audit_anchor_dir is not None
            put(self.settings.audit_anchor_dir, note, now)
            return ""
        with SmtpConnection(self.settings.mail) as server:
            for address in self.settings.audit_anchor_mail:
                server.send(letter(self.settings, address, note, now), address)
        return ""

    def _log(self) -> LogFiles:
        return tiles.logs(self.settings.audit_log_dir)[-1]


def _is_due(connection: Connection, kind: str, now: datetime) -> bool:
    newest = select(func.max(AuditAnchor.anchored_at)).where(AuditAnchor.kind == kind)
    last: datetime | None = connection.scalar(newest)
    return last is None or now - last >= EVERY[kind]


def put(folder: Path, note: str, now: datetime) -> None:
    """A file of its own for each checkpoint; nothing that is there is written over."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{now:%Y%m%dT%H%M%S%fZ}-{notes.read(note).size}.checkpoint"
    with (folder / name).open("x", encoding="utf-8") as out:
        out.write(note)


def in_folder(folder: Path | None) -> list[tuple[str, str]]:
    """Every checkpoint in the folder, with the name of its file."""
    if folder is None:
        return []
    files = sorted(folder.glob("*.checkpoint"))
    return [(file.name, file.read_text(encoding="utf-8", errors="replace")) for file in files]


def letter(settings: Settings, address: str, note: str, now: datetime) -> EmailMessage:
    """The mail that carries a checkpoint to an auditor, who keeps it."""
    point = notes.read(note)
    mail = EmailMessage()
    mail["From"] = settings.mail.sender
    mail["To"] = address
    mail["Subject"] = f"Checkpoint of the approval record: {point.size} entries"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Date"] = now
    mail["Message-ID"] = f"<checkpoint-{point.size}-{now:%Y%m%d}@{settings.mail.sender_domain}>"
    mail.set_content(
        f"Please keep this mail. It shows what the record of {settings.public_url} was at "
        f"{now:%Y-%m-%d %H:%M} UTC.\nWith the attached file anybody can check that nothing up to "
        "then was changed since:\n\n    flask portal audit verify --checkpoint FILE\n\n"
        f"{note}"
    )
    mail.add_attachment(note, filename=f"{point.size}.checkpoint")
    return mail
