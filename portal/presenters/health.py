"""Standing checks: what each found, how old that is, and what puts it right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.domain.alarms import DISK_BYTES, WORKER_SECONDS
from portal.domain.webhooks import EndpointState
from portal.presentation.money import file_size, number
from portal.presenters.streams import place_words, stream_label
from portal.presenters.webhooks import endpoint_label
from portal.queries import attention, commands, messages, retention, streams, webhooks
from portal.queries.attention import ProofSeen, Stuck, WorkerSeen
from portal.queries.webhooks import EndpointRecord
from portal.services.health import Installation
from portal.services.repairs import RepairKind
from portal.translation import _, ngettext

LONG = timedelta(minutes=1)
GRACE = timedelta(minutes=5)
# It is verified every night.
VERIFIED_WITHIN = timedelta(hours=26)
ANCHORED_WITHIN = timedelta(hours=26)
# One is sent every hour.
CANARY_WITHIN = timedelta(hours=2)
# It is every night.
CLEANED_WITHIN = timedelta(hours=26)


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


def standing_checks(now: datetime, here: Installation) -> list[StandingCheck]:
    """Every check, in the order in which people are hit by what is wrong."""
    workers, *others = machine_checks(now, here)
    return [
        workers, _commands(now), _approvers(now), _next_moment(now), _timers(now),
        _workflows(now), *others,
    ]  # fmt: skip


def machine_checks(now: datetime, here: Installation) -> list[StandingCheck]:
    """Those of the installation itself, that name no request; `list_attention` has the others, one
    by one."""
    found = [_workers(now)]
    if here.sends_canaries:
        found.append(_canary(now))
    found += [_messages(now), _webhooks(now), _streams(now)]
    if here.keeps_files:
        found.append(_disk(here.free, now))
    return [*found, *_proof(attention.proof(), now), _cleaning(now)]


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
            "%(n)s workflow differs from the record, or keeps failing",
            "%(n)s workflows differ from the record, or keep failing",
            seen.left,
        )  # fmt: skip
        return StandingCheck(name, "bad", words, seen.done_at or now, repair, label, more)
    if seen.trouble or seen.done_at is None:
        words = seen.trouble or _("Not compared with Temporal yet.")
        return StandingCheck(name, "warn", words, seen.done_at or now, repair, label, more)
    if not seen.is_fresh(now):
        words = _("Nothing differed then, and nothing was compared since.")
        return StandingCheck(name, "warn", words, seen.done_at, repair, label, more)
    words = _("Every open request has its workflow, and no other has one.")
    return StandingCheck(name, "ok", words, seen.done_at, repair, label)


def _commands(now: datetime) -> StandingCheck:
    name, parked, waiting = _("Commands"), commands.parked(), commands.waiting(LONG)
    if not parked and not waiting:
        return StandingCheck(name, "ok", _("Everything that people did was applied."), now)
    count = len(parked) + len(waiting)
    words = ngettext("%(n)s is not applied", "%(n)s are not applied", count)
    since = min(each.created_at for each in (*parked, *waiting))
    repair, label = RepairKind.COMMANDS, _("Deliver again")
    return StandingCheck(name, "bad", words, since, repair, label, "admin.list_attention")


def is_living(worker: WorkerSeen, now: datetime) -> bool:
    """Whether a worker was seen lately."""
    return now - worker.seen_at < timedelta(seconds=WORKER_SECONDS)


def _workers(now: datetime) -> StandingCheck:
    name, seen = _("Workers"), attention.workers()
    living = [each for each in seen if is_living(each, now)]
    if living:
        words = ngettext("%(n)s worker is active.", "%(n)s workers are active.", len(living))
        return StandingCheck(name, "ok", words, max(each.seen_at for each in living))
    words = _("No worker is running. Start it on the server: systemctl start gloria-worker")
    at = max((each.seen_at for each in seen), default=now)
    return StandingCheck(name, "bad", words, at)


def _canary(now: datetime) -> StandingCheck:
    name, label, repair = _("Canary"), _("Send one now"), RepairKind.CANARY
    seen = attention.canary()
    if seen is None or (seen.done_at is None and not seen.trouble):
        words = _("None has gone the whole way yet; one is sent every hour.")
        at = now if seen is None else seen.begun_at
        return StandingCheck(name, "warn", words, at, repair, label)
    if seen.trouble:
        words = _("It did not go the whole way: %(reason)s", reason=seen.trouble)
        return StandingCheck(name, "bad", words, seen.begun_at, repair, label)
    at = seen.done_at or now
    if now - at > CANARY_WITHIN:
        words = _("None has gone the whole way for long: do workers run with CANARY=on?")
        return StandingCheck(name, "bad", words, at, repair, label)
    seconds = number(seen.took_ms / 1000, 1)
    words = _("A request was submitted, decided and closed in %(seconds)s s.", seconds=seconds)
    return StandingCheck(name, "ok", words, at, repair, label)


def _disk(free: float | None, now: datetime) -> StandingCheck:
    name = _("Room for attached files")
    if free is None:
        words = _("The folder for attached files cannot be read: see ATTACHMENTS_DIR.")
        return StandingCheck(name, "bad", words, now)
    room = file_size(round(free))
    if free < DISK_BYTES:
        words = _("Only %(size)s are free. Free some space, or enlarge the disk.", size=room)
        return StandingCheck(name, "bad", words, now)
    return StandingCheck(name, "ok", _("%(size)s are free.", size=room), now)


def _webhooks(now: datetime) -> StandingCheck:
    name, troubled = _("Webhooks"), webhooks.troubled()
    late = webhooks.overdue(GRACE)
    if late.number:
        words = ngettext(
            "%(n)s message should be on its way: do workers run?",
            "%(n)s messages should be on their way: do workers run?",
            late.number,
        )
        return StandingCheck(name, "bad", words, late.since or now, more="admin.list_webhooks")
    if not troubled:
        return StandingCheck(name, "ok", _("Every message was delivered, or is on its way."), now)
    words = "; ".join(map(_endpoint_words, troubled))
    failed = sum(each.failed for each in troubled)
    tone = "bad" if failed or any(_takes_nothing(each) for each in troubled) else "warn"
    since = [each.failing_since for each in troubled if each.failing_since is not None]
    return StandingCheck(
        name, tone, words, min(since, default=now), RepairKind.WEBHOOKS if failed else None,
        _("Deliver again"), "admin.list_webhooks",
    )  # fmt: skip


def _endpoint_words(endpoint: EndpointRecord) -> str:
    words = f"{endpoint.name}: {endpoint_label(endpoint).words}"
    if not endpoint.failed:
        return words
    failed = ngettext("%(n)s message failed", "%(n)s messages failed", endpoint.failed)
    return f"{words}, {failed}"


def _takes_nothing(endpoint: EndpointRecord) -> bool:
    return endpoint.has_ended_token or endpoint.state == EndpointState.GONE


def _streams(now: datetime) -> StandingCheck:
    name, found = _("Audit streams"), streams.listed()
    if not found:
        return StandingCheck(name, "ok", _("None is set up."), now)
    said = [(each, stream_label(each, now)) for each in found]
    wrong = [(each, label) for each, label in said if label.tone != "ok"]
    if not wrong:
        words = _("Every entry of the log was sent, or is on its way.")
        return StandingCheck(name, "ok", words, now, more="admin.list_streams")
    tone = "bad" if any(label.tone == "bad" for _each, label in wrong) else "warn"
    words = " ".join(
        f"{each.name}: {label.words}. {place_words(each)}. {each.last_error or ''}".strip()
        for each, label in wrong
    )
    since = [each.failing_since or each.next_at for each, _label in wrong]
    repair = RepairKind.STREAMS if any(each.rest_until for each, _label in wrong) else None
    at = min((each for each in since if each is not None), default=now)
    return StandingCheck(
        name, tone, words, at, repair, _("Try again now"), "admin.list_streams"
    )  # fmt: skip


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


def _cleaning(now: datetime) -> StandingCheck:
    name, label, repair = _("Clean-up"), _("Clean up now"), RepairKind.CLEANING
    seen, more = retention.cleaned_up(), "admin.show_retention"
    at = seen.done_at or seen.begun_at or now
    failed, left = (int((seen.report or {}).get(each, 0)) for each in ("failed", "left"))
    if seen.trouble:
        return StandingCheck(name, "bad", seen.trouble, at, repair, label, more)
    if failed or left:
        words = "; ".join(
            (
                ngettext("%(n)s request was not erased", "%(n)s requests were not erased", failed),
                ngettext("%(n)s file is still stored", "%(n)s files are still stored", left),
            )
        )
        return StandingCheck(name, "bad", words, at, repair, label, more)
    if not retention.is_wanted():
        words = _("Everything is kept for ever: no retention is set.")
        return StandingCheck(name, "ok", words, now, more=more)
    if seen.done_at is None or now - seen.done_at > CLEANED_WITHIN:
        words = _("What is kept no longer was not cleaned up since yesterday.")
        return StandingCheck(name, "warn", words, at, repair, label, more)
    words = _("What is kept no longer is gone, but for what is held.")
    return StandingCheck(name, "ok", words, at, repair, label, more)


def _proof(proof: ProofSeen, now: datetime) -> Iterator[StandingCheck]:
    if proof.sealed_at is None and proof.verified_at is None and not proof.troubles:
        words = _("No log of the record was begun: flask portal audit begin")
        yield StandingCheck(_("Sealing"), "warn", words, now)
        return
    yield _sealing(proof, now)
    yield from _anchors(proof, now)
    yield _verification(proof, now)
    if proof.owns_all:
        words = _("One account does everything: whoever has its password can rewrite the record.")
        yield StandingCheck(_("Roles of the database"), "warn", words, now)


def _broke_off(proof: ProofSeen, what: str) -> str:
    """Why the newest try of it did not come to its end; "" where it did."""
    trouble = proof.troubles.get(what)
    return _("Broke off: %(reason)s", reason=trouble) if trouble else ""


def _sealing(proof: ProofSeen, now: datetime) -> StandingCheck:
    label, repair = _("Seal now"), RepairKind.SEALING
    if proof.oldest is not None and now - proof.oldest > attention.STALLED:
        words = ngettext("%(n)s entry waits", "%(n)s entries wait", proof.waiting)
        words = "; ".join(filter(None, (words, _broke_off(proof, "sealing"))))
        return StandingCheck(_("Sealing"), "bad", words, proof.oldest, repair, label)
    if said := _broke_off(proof, "sealing"):
        return StandingCheck(_("Sealing"), "bad", said, proof.sealed_at or now, repair, label)
    words = _("What was recorded is in the log, or will be within a minute.")
    return StandingCheck(_("Sealing"), "ok", words, proof.sealed_at or now, repair, label)


def _anchors(proof: ProofSeen, now: datetime) -> Iterator[StandingCheck]:
    if not proof.anchors:
        words = _("None: without one there is no proof against whoever runs this server.")
        yield StandingCheck(_("Copies outside"), "warn", words, now)
    if said := _broke_off(proof, "anchoring"):
        at = min((at for _kind, at in proof.anchors), default=now)
        again = _("Try again now")
        yield StandingCheck(_("Copies outside"), "bad", said, at, RepairKind.SEALING, again)
    for kind, at in proof.anchors:
        name = _("Copies outside: %(kind)s", kind=kind)
        if now - at > ANCHORED_WITHIN:
            words = _("Nothing was kept there since yesterday.")
            yield StandingCheck(name, "bad", words, at, RepairKind.SEALING, _("Try again now"))
        else:
            yield StandingCheck(name, "ok", _("The newest checkpoint was kept there."), at)


def _verification(proof: ProofSeen, now: datetime) -> StandingCheck:
    name, label, repair = _("Verification"), _("Verify now"), RepairKind.VERIFICATION
    at = proof.verified_at
    if at is None:
        return StandingCheck(name, "warn", _("Not verified yet."), now, repair, label)
    if proof.problems:
        words = ngettext("%(n)s problem", "%(n)s problems", proof.problems)
        words = "; ".join((words, *proof.named))
        return StandingCheck(name, "bad", words, at, repair, label)
    if said := _broke_off(proof, "verification"):
        return StandingCheck(name, "bad", said, at, repair, label)
    if now - at >= VERIFIED_WITHIN:
        words = _("All was well then, and nothing was verified since.")
        return StandingCheck(name, "warn", words, at, repair, label)
    words = _("The record is what was recorded, and what is made of it agrees.")
    return StandingCheck(name, "ok", words, at, repair, label)
