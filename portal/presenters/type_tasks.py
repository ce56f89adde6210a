"""What is left to do of a draft: the list of tasks, and the state beside each tab of its pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.domain.policy.check import Problem
from portal.domain.policy.types import TypeContent
from portal.presentation.labels import some
from portal.queries import request_types, staff
from portal.queries.back_tests import BackTestRecord
from portal.queries.request_types import DraftOfType
from portal.services.type_checks import Examination
from portal.translation import _, language_name, lazy, ngettext, tell


@dataclass(frozen=True, slots=True)
class DraftTask:
    """One line of what is left to do. `state`: done, attn (a problem), stale (out of
    date), todo, next or locked."""

    title: str
    place: str
    hint: str
    state: str
    words: str
    tone: str
    icon: str


def tasks(
    draft: DraftOfType, found: Examination, test: BackTestRecord | None, live: int | None
) -> list[DraftTask]:
    """Form, Route, Who may ask, Languages, Checks, Preview, Past requests and Review of a draft.
    `live`: the number of the version in force, with which a back-test compares."""
    problems = found.problems
    errors = [each for each in problems if not each.is_warning]
    waiting = [each for each in problems if each.is_warning and not draft.reasons.get(each.code)]
    fields, stages = len(draft.content.form), len(draft.content.policy.stages)
    form_bad = any(each.about == "form" for each in errors)
    route_bad = any(each.about == "route" for each in errors)
    field_words = ngettext("%(n)s field.", "%(n)s fields.", fields)
    stage_words = ngettext("%(n)s stage.", "%(n)s stages.", stages)
    return [
        _task(_("Form"), "form", field_words, "bad" if form_bad else "ok" if fields else "todo"),
        _task(_("Route"), "route", stage_words, "ok" if stages and not route_bad else "bad"),
        _task(
            _("Who may ask"),
            "askers",
            _asking(draft.content),
            "bad" if any(each.about == "askers" for each in errors) else "ok",
        ),
        _task(_("Languages"), "languages", _spoken(draft.content), "look"),
        _checks(errors, waiting, found),
        _task(_("Preview"), "preview", _("The form as people will see it."), "look"),
        *([_past(draft, test, live)] if live is not None else []),
        _review(draft, blocked=bool(errors or waiting)),
    ]


def _spoken(content: TypeContent) -> str:
    """How many of the texts each language has that was begun."""
    texts = [each.text for each in content.texts]
    begun = sorted({code for by in content.translations.values() for code in by})
    parts = [
        _(
            "%(language)s: %(done)s of %(all)s texts.",
            language=language_name(code),
            done=sum(bool(content.translations.get(text, {}).get(code)) for text in texts),
            all=len(texts),
        )
        for code in begun
    ]
    return " ".join(parts) or _("What people read, in other languages.")


def _asking(content: TypeContent) -> str:
    only = content.policy.askers
    if only is None:
        return _("Everybody.")
    groups, departments = staff.groups(), request_types.departments()
    named = [departments.get(each, each) for each in only.departments]
    named += [groups.get(each, each) for each in only.groups]
    return _("Only %(names)s.", names=some(named, 4))


_STATES = {
    "ok": ("done", lazy("Done"), "ok", "check-circle"),
    "bad": ("attn", lazy("To do"), "bad", "x-circle"),
    "todo": ("todo", lazy("To do"), "neutral", "minus-circle"),
    "look": ("todo", lazy("Optional"), "neutral", "eye"),
}


def _task(title: str, place: str, hint: str, state: str) -> DraftTask:
    css, words, tone, icon = _STATES[state]
    return DraftTask(title, place, hint, css, str(words), tone, icon)


def _checks(errors: Sequence[Problem], waiting: Sequence[Problem], found: Examination) -> DraftTask:
    if errors:
        words = ngettext("%(n)s error", "%(n)s errors", len(errors))
        hint = tell(errors[0].sentence)
        return DraftTask(_("Checks"), "checks", hint, "attn", words, "bad", "x-circle")
    if waiting:
        words = ngettext("%(n)s warning", "%(n)s warnings", len(waiting))
        hint = f"{tell(waiting[0].sentence)} " + _("Each warning needs a reason.")
        return DraftTask(_("Checks"), "checks", hint, "attn", words, "warn", "exclamation-triangle")
    if not found.people:
        return _task(
            _("Checks"), "checks", _("Tries the route for everybody who could ask."), "todo"
        )
    notes = found.notes
    return _task(
        _("Checks"), "checks", tell(notes[0]) if notes else _("Nothing stands in the way."), "ok"
    )


def is_outdated(test: BackTestRecord, draft: DraftOfType, live: int | None) -> bool:
    """Whether the draft or the version in force is another one since that back-test."""
    return test.mark != draft.content.mark or test.live != live


def _past(draft: DraftOfType, test: BackTestRecord | None, live: int) -> DraftTask:
    title, place = _("Past requests"), "past"
    if test is None or test.result is None:
        return _task(title, place, _("What the draft would have done with past requests."), "look")
    hint = ngettext(
        "%(changed)s of %(n)s request would have gone otherwise.",
        "%(changed)s of %(n)s requests would have gone otherwise.",
        test.result.total,
        changed=test.result.changed,
    )
    if is_outdated(test, draft, live):
        hint += " " + _("The draft or the live version changed after it ran.")
        return DraftTask(
            title, place, hint, "stale", _("Out of date"), "warn", "exclamation-triangle"
        )
    return _task(title, place, hint, "ok")


def _review(draft: DraftOfType, *, blocked: bool) -> DraftTask:
    title, place = _("Review and publish"), "review"
    if blocked:
        hint = _("Opens when Checks has no open problem.")
        return DraftTask(
            title, place, hint, "locked", _("Cannot start yet"), "neutral", "lock-closed"
        )
    if draft.publish_at is not None:
        hint = _("Is published by itself on the date that was set.")
        return DraftTask(title, place, hint, "next", _("Scheduled"), "info", "clock")
    if draft.is_approved:
        hint = _("Approved by %(name)s.", name=draft.approved_by)
        return DraftTask(title, place, hint, "next", _("Ready to publish"), "ok", "check-circle")
    if draft.in_review:
        hint = _("Sent by %(name)s.", name=draft.sent_by)
        return DraftTask(title, place, hint, "next", _("In review"), "info", "clock")
    hint = _("Somebody who did not change the draft approves it.")
    return DraftTask(title, place, hint, "next", _("To do"), "neutral", "minus-circle")
