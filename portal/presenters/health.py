"""Standing checks: what each found, how old that is, and what puts it right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.domain.alarms import WORKER_SECONDS
from portal.queries import attention, commands, messages
from portal.queries.attention import ProofSeen, Stuck
from portal.services.repairs import RepairKind
from portal.translation import _, ngettext

LONG = timedelta(minutes=1)
GRACE = timedelta(minutes=5)
# It is verified every night.
VERIFIED_WITHIN = timedelta(hours=26)
ANCHORED_WITHIN = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class StandingCheck:
    """One thing that has to be so. `tone`: "ok", "warn" or "bad"; `at`: when it was looked at, or
    since when it is wrong; `repair`: what puts it right; `more`: an endpoint that shows more."""

    name: str
    tone: str
    words: str
    at: datetime
    repair: RepairKind | None = None
    label: str = ""
    more: str | None = None


def standing_checks(now: datetime) -> list[StandingCheck]:
    """Every check, in the order in which people are hit by what is wrong."""
    proof = attention.proof(now)
    return [
        _workers(now), _commands(now), _approvers(now), _next_moment(now), _timers(now),
        _workflows(now), _messages(now), *_proof(proof, now),
    ]  # fmt: skip


def _since(found: Sequence[Stuck], now: datetime) -> datetime:
    return min((each.since for each in found if each.since is not None), default=now)


def _stuck(
    name: str, found: Sequence[Stuck], well: str, now: datetime, repair: RepairKind, label: str
) -> StandingCheck:
    if not found:
        return StandingCheck(name, "ok", well, now)
    words = ngettext("%(n)s request", "%(n)s requests", len(found))
    return StandingCheck(
        name, "bad", words, _since(found, now), repair, label, "admin.list_attention"
    )


def _approvers(now: datetime) -> StandingCheck:
    found = (*attention.without_approver(), *attention.asking_nobody_active())
    well = _("Every open request asks somebody who is active and may decide.")
    name, label = _("Approvers"), _("Find approvers again")
    return _stuck(name, found, well, now, RepairKind.APPROVERS, label)


def _next_moment(now: datetime) -> StandingCheck:
    well = _("Every open request has somebody who is asked, or a next moment.")
    name, label = _("Next moment"), _("Find approvers again")
    found = attention.without_next_moment()
    return _stuck(name, found, well, now, RepairKind.APPROVERS, label)


def _timers(now: datetime) -> StandingCheck:
    well = _("No reminder, escalation or deadline is overdue.")
    name, label = _("Timers"), _("Compare with Temporal now")
    return _stuck(name, attention.behind_the_clock(GRACE), well, now, RepairKind.WORKFLOWS, label)


def _workflows(now: datetime) -> StandingCheck:
    seen, name, label = attention.comparison(), _("Workflows"), _("Compare with Temporal now")
    repair, more = RepairKind.WORKFLOWS, "admin.list_attention"
    if seen.left:
        words = ngettext(
            "%(n)s workflow differs from the record", "%(n)s workflows differ from the record",
            seen.left,
        )  # fmt: skip
        return StandingCheck(name, "bad", words, seen.done_at or now, repair, label, more)
    if seen.trouble or seen.done_at is None:
        words = seen.trouble or _("Not compared with Temporal yet.")
        return StandingCheck(name, "warn", words, seen.done_at or now, repair, label, more)
    tone = "ok" if seen.is_fresh(now) else "warn"
    words = _("Every open request has its workflow, and no other has one.")
    return StandingCheck(name, tone, words, seen.done_at, repair, label)


def _commands(now: datetime) -> StandingCheck:
    name, parked, waiting = _("Commands"), commands.parked(), commands.waiting(LONG)
    if not parked and not waiting:
        return StandingCheck(name, "ok", _("Everything that people did was applied."), now)
    count = len(parked) + len(waiting)
    words = ngettext("%(n)s is not applied", "%(n)s are not applied", count)
    since = min(each.created_at for each in (*parked, *waiting))
    repair = RepairKind.COMMANDS if parked else None
    return StandingCheck(
        name, "bad", words, since, repair, _("Deliver again"), "admin.list_attention"
    )


def _workers(now: datetime) -> StandingCheck:
    name, seen = _("Workers"), attention.workers()
    living = [each for each in seen if now - each.seen_at < timedelta(seconds=WORKER_SECONDS)]
    if living:
        words = ngettext("%(n)s worker is active.", "%(n)s workers are active.", len(living))
        return StandingCheck(name, "ok", words, max(each.seen_at for each in living))
    words = _("No worker is running. Start it on the server: systemctl start gloria-worker")
    at = max((each.seen_at for each in seen), default=now)
    return StandingCheck(name, "bad", words, at, more="admin.list_attention")


def _messages(now: datetime) -> StandingCheck:
    name, failed, overdue = _("Messages"), messages.troubled(), messages.overdue()
    if not failed and not overdue.number:
        return StandingCheck(name, "ok", _("Every message was sent, or is on its way."), now)
    count = max(len(failed), overdue.number)
    words = ngettext("%(n)s message is not sent", "%(n)s messages are not sent", count)
    return StandingCheck(
        name, "bad", words, overdue.since or now, RepairKind.MESSAGES, _("Send again"),
        "admin.list_messages",
    )  # fmt: skip


def _proof(proof: ProofSeen, now: datetime) -> Iterator[StandingCheck]:
    if proof.sealed_at is None:
        words = _("No log of the record was begun: flask portal audit begin")
        yield StandingCheck(_("Sealing"), "warn", words, now)
        return
    yield _sealing(proof, now)
    yield _anchors(proof, now)
    yield _verification(proof, now)
    if proof.owns_all:
        words = _("One account does everything: whoever has its password can rewrite the record.")
        yield StandingCheck(_("Roles of the database"), "warn", words, now)


def _sealing(proof: ProofSeen, now: datetime) -> StandingCheck:
    label, repair = _("Seal now"), RepairKind.SEALING
    if proof.oldest is not None and now - proof.oldest > attention.STALLED:
        words = ngettext("%(n)s entry waits", "%(n)s entries wait", proof.waiting)
        words = "; ".join((words, *proof.troubles))
        return StandingCheck(_("Sealing"), "bad", words, proof.oldest, repair, label)
    words = _("What was recorded is in the log, or will be within a minute.")
    return StandingCheck(_("Sealing"), "ok", words, proof.sealed_at or now, repair, label)


def _anchors(proof: ProofSeen, now: datetime) -> StandingCheck:
    name = _("Copies outside")
    if not proof.anchors:
        words = _("None: without one there is no proof against whoever runs this server.")
        return StandingCheck(name, "warn", words, now)
    newest = max(at for _kind, at in proof.anchors)
    old = [kind for kind, at in proof.anchors if now - at > ANCHORED_WITHIN]
    words = ", ".join(kind for kind, _at in proof.anchors)
    if old:
        said = _("Nothing was kept since yesterday by: %(ways)s", ways=", ".join(old))
        return StandingCheck(name, "bad", said, min(at for _kind, at in proof.anchors))
    return StandingCheck(name, "ok", _("Kept by: %(ways)s", ways=words), newest)


def _verification(proof: ProofSeen, now: datetime) -> StandingCheck:
    name, label, repair = _("Verification"), _("Verify now"), RepairKind.VERIFICATION
    at = proof.verified_at
    if at is None:
        return StandingCheck(name, "warn", _("Not verified yet."), now, repair, label)
    if proof.problems:
        words = ngettext("%(n)s problem", "%(n)s problems", proof.problems)
        words = "; ".join((words, *proof.named))
        return StandingCheck(name, "bad", words, at, repair, label)
    tone = "ok" if now - at < VERIFIED_WITHIN else "warn"
    words = _("The record is what was recorded, and what is made of it agrees.")
    return StandingCheck(name, tone, words, at, repair, label)
