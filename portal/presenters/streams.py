"""Streams of the log in words: how each stands, how far it is, and what its newest test said."""

from datetime import datetime

from portal.domain.proof.streams import StreamState
from portal.presentation.labels import Label, figure
from portal.queries.streams import StreamRecord
from portal.translation import _, ngettext


def stream_label(stream: StreamRecord, now: datetime) -> Label:
    """How a stream stands."""
    if stream.state == StreamState.UNVERIFIED:
        return Label(_("Needs a test"), "warn", "paper-airplane")
    if stream.state == StreamState.PAUSED:
        return Label(_("Paused"), "neutral", "pause")
    if stream.is_stuck(now):
        return Label(_("Behind"), "bad", "x-circle")
    if stream.failing_since is not None:
        return Label(_("Failing"), "warn", "exclamation-triangle")
    if stream.is_behind(now):
        return Label(_("Catching up"), "warn", "arrow-path")
    return Label(_("On"), "ok", "check")


def stream_trouble(stream: StreamRecord) -> str:
    """Why a stream sends nothing, or what is wrong with it; "" where all is well."""
    if stream.state == StreamState.UNVERIFIED:
        return _("Nothing is sent until its receiver has taken a test. Nothing is left out.")
    if stream.state == StreamState.PAUSED:
        return _("Entries wait until somebody turns it on. Nothing is left out.")
    if stream.is_beyond:
        return _(
            "It has come further than the log, which was put back to an older state. Choose the "
            "leaf that it goes on with."
        )
    if stream.failing_since is not None:
        return _(
            "The newest tries failed: %(error)s It goes on by itself where it stopped.",
            error=_ended(stream.last_error or ""),
        )
    return ""


def place_words(stream: StreamRecord) -> str:
    """How far it is."""
    if not stream.waiting:
        return _("Leaf %(leaf)s; everything was sent", leaf=figure(stream.next_leaf))
    waiting = ngettext("%(n)s entry waits", "%(n)s entries wait", stream.waiting)
    return _("Leaf %(leaf)s; %(waiting)s", leaf=figure(stream.next_leaf), waiting=waiting)


def trial_label(stream: StreamRecord) -> Label | None:
    """What became of the newest test; None where there was none."""
    if stream.test_asked_at is not None:
        return Label(_("Waiting"), "info", "arrow-path")
    if stream.tested_at is None:
        return None
    if stream.test_error:
        return Label(_("Failed"), "bad", "x-circle")
    return Label(_("Taken"), "ok", "check")


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
