"""What administrators are mailed about the portal itself: when it begins, and when it is over.

An alarm rings when its cause has lasted for a minute, so that a restart tells nobody; it is over
when there was no cause for two, so that what comes and goes is told once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from portal.domain.marked import msgid

LASTS = timedelta(minutes=1)
CALM = timedelta(minutes=2)
# A worker says every ten seconds that it lives, or as often as the settings say.
WORKER_SECONDS = 30
COMMANDS_SECONDS = 5 * 60
MESSAGES_SECONDS = 30 * 60
# Sealing comes every minute.
LOG_SECONDS = 10 * 60
DISK_BYTES = 300_000_000


class AlarmKind(StrEnum):
    """What is wrong."""

    NO_WORKER = "no_worker"
    COMMANDS_WAIT = "commands_wait"
    MESSAGES_FAIL = "messages_fail"
    WEBHOOKS_STOPPED = "webhooks_stopped"
    STREAMS_BEHIND = "streams_behind"
    DISK_FULL = "disk_full"
    LOG_WAITS = "log_waits"
    RECORD_NOT_WHOLE = "record_not_whole"
    MAIL_TEXTS = "mail_texts"


@dataclass(frozen=True, slots=True)
class AlarmWords:
    """What is said of it, where it leads, and its heading when it is over."""

    heading: str
    meaning: str
    todo: str
    path: str
    over: str


WORDS = {
    AlarmKind.NO_WORKER: AlarmWords(
        heading=msgid("No worker is running"),
        meaning=msgid("What people do is recorded, but nothing goes on until a worker runs."),
        todo=msgid("Start it: systemctl start gloria-worker. Its log says why it ended."),
        path="/admin/health",
        over=msgid("A worker is running again"),
    ),
    AlarmKind.COMMANDS_WAIT: AlarmWords(
        heading=msgid("Decisions are not being applied"),
        meaning=msgid("Something that a person did has waited for more than five minutes."),
        todo=msgid("Look whether Temporal answers and the workers keep up."),
        path="/admin/attention",
        over=msgid("Decisions are being applied again"),
    ),
    AlarmKind.MESSAGES_FAIL: AlarmWords(
        heading=msgid("Messages are not being sent"),
        meaning=msgid("Messages were given up, or have waited for more than half an hour."),
        todo=msgid("Look at the reasons, then send them again."),
        path="/admin/messages",
        over=msgid("Messages are being sent again"),
    ),
    AlarmKind.WEBHOOKS_STOPPED: AlarmWords(
        heading=msgid("Webhooks are not being delivered"),
        meaning=msgid("An endpoint takes no messages any more, or messages were given up."),
        todo=msgid("Look at the reasons, then turn it on or deliver again. Nothing is lost."),
        path="/admin/webhooks",
        over=msgid("Webhooks are being delivered again"),
    ),
    AlarmKind.STREAMS_BEHIND: AlarmWords(
        heading=msgid("The audit log is not reaching a security system"),
        meaning=msgid("A stream has sent nothing for a quarter of an hour, though entries wait."),
        todo=msgid("Look at its last problem. Nothing is lost: it goes on where it stopped."),
        path="/admin/streams",
        over=msgid("Every audit stream is sending again"),
    ),
    AlarmKind.DISK_FULL: AlarmWords(
        heading=msgid("The disk for attached files is full"),
        meaning=msgid("Less than 300 MB are free. Soon files cannot be stored."),
        todo=msgid("Free some space, or enlarge the disk."),
        path="/admin/health",
        over=msgid("The disk for attached files has room again"),
    ),
    AlarmKind.RECORD_NOT_WHOLE: AlarmWords(
        heading=msgid("The record is not what was recorded"),
        meaning=msgid("The newest verification found what was changed, removed or slipped in."),
        todo=msgid("Change nothing, look at what it names, and tell your auditors."),
        path="/admin/health",
        over=msgid("The newest verification found the record whole"),
    ),
    AlarmKind.LOG_WAITS: AlarmWords(
        heading=msgid("The record is not being sealed"),
        meaning=msgid("What was recorded has waited for its seal for more than ten minutes."),
        todo=msgid("Start the sealer: systemctl start gloria-sealer. Its log says why it ended."),
        path="/admin/health",
        over=msgid("The record is being sealed again"),
    ),
    AlarmKind.MAIL_TEXTS: AlarmWords(
        heading=msgid("A mail text cannot be used"),
        meaning=msgid("Mails of that kind go out with the product's own words."),
        todo=msgid("Open the text, and correct the variable that is named there."),
        path="/admin/organisation/mail-texts",
        over=msgid("All mail texts can be used again"),
    ),
}


@dataclass(frozen=True, slots=True)
class AlarmState:
    """One occurrence. `calm_since`: since when there has been no cause, while it is not over."""

    kind: AlarmKind
    began_at: datetime
    calm_since: datetime | None = None
    over_at: datetime | None = None

    def rings(self, now: datetime) -> bool:
        """Whether its beginning is to be told by now."""
        return self.over_at is None and self.calm_since is None and now - self.began_at >= LASTS


def causes(figures: Mapping[str, float | None]) -> frozenset[AlarmKind]:
    """What is wrong by the figures of `/metrics`. What is not known is no cause, but for the worker
    of which nothing was ever seen."""

    def above(name: str, most: float) -> bool:
        value = figures.get(name)
        return value is not None and value > most

    seen, free = figures.get("worker_seen_seconds"), figures.get("attachments_free_bytes")
    found = {
        AlarmKind.NO_WORKER: seen is None or seen > WORKER_SECONDS,
        AlarmKind.COMMANDS_WAIT: above("commands_oldest_seconds", COMMANDS_SECONDS),
        AlarmKind.MESSAGES_FAIL: above("messages_failed", 0)
        or above("messages_oldest_seconds", MESSAGES_SECONDS),
        AlarmKind.LOG_WAITS: above("log_oldest_seconds", LOG_SECONDS),
        AlarmKind.WEBHOOKS_STOPPED: above("webhooks_failed", 0) or above("webhooks_stopped", 0),
        AlarmKind.STREAMS_BEHIND: above("streams_behind", 0),
        AlarmKind.DISK_FULL: free is not None and free < DISK_BYTES,
        AlarmKind.RECORD_NOT_WHOLE: above("record_problems", 0),
        AlarmKind.MAIL_TEXTS: above("mail_texts_unusable", 0),
    }
    return frozenset(kind for kind, is_so in found.items() if is_so)


def looked(
    alarms: Iterable[AlarmState], found: frozenset[AlarmKind], now: datetime
) -> list[AlarmState]:
    """The alarms that are not over, as they stand after a look; new ones behind them."""
    after = [_after(each, each.kind in found, now) for each in alarms]
    begun = sorted(found - {each.kind for each in after})
    return after + [AlarmState(kind, now) for kind in begun]


def _after(alarm: AlarmState, is_so: bool, now: datetime) -> AlarmState:
    if is_so:
        return replace(alarm, calm_since=None)
    calm = alarm.calm_since or now
    return replace(alarm, calm_since=calm, over_at=now if now - calm >= CALM else None)
