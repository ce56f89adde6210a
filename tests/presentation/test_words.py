"""Every name of the domain has words, a tone the stylesheet knows, and an icon that exists."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask, render_template_string

from portal.domain.people.absence import ChangeKind
from portal.domain.policy.policy import Decision
from portal.domain.proof.acts import ActKind
from portal.domain.request import events
from portal.domain.request.catalogue import ABOUT, EVENT_ENTRIES
from portal.domain.request.state import Content, Priority, Status
from portal.domain.routing.plan import StagePlan
from portal.presentation import labels
from portal.presentation.history import entry, unknown_entry
from portal.presentation.icons import icon
from portal.presentation.labels import listed
from portal.presentation.letters import letters
from portal.presenters import act_words, my_requests, rows
from portal.presenters.comments import OWN, remarks
from portal.queries.comments import CommentEntry
from portal.translation import speaking

TONES = {"neutral", "info", "ok", "warn", "bad"}
ALL = [
    *map(labels.status, [*Status, "STARTING", "ATTENTION"]),
    *map(labels.priority, Priority),
    *map(labels.decision, Decision),
    *(labels.Label(row.label, row.tone, row.icon) for row in EVENT_ENTRIES.values()),
]


@pytest.mark.parametrize("label", ALL, ids=lambda label: label.words)
def test_labels_can_be_drawn(label: labels.Label) -> None:
    assert label.tone in TONES
    assert "<svg" in icon(label.icon, "mini")


def test_an_unknown_name_becomes_words() -> None:
    assert labels.status("SOMETHING_NEW").words == "Something new"
    assert unknown_entry("AuditCheckpointWritten").label.words == "Audit checkpoint written"


def test_icons_carry_nothing_that_the_content_policy_forbids() -> None:
    for label in ALL:
        drawn = icon(label.icon)
        assert 'aria-hidden="true"' in drawn
        assert "style=" not in drawn


ROWS = """
{% from "components/badges.html" import pill %}
{% from "components/lists.html" import cell, row_title %}
{% from "components/rows.html" import inbox_rows, my_request_rows, request_rows %}
{{ row_title(evil, evil, evil, [evil], evil, evil) }}{{ cell(evil) }}{{ pill(evil, evil) }}
{{ inbox_rows([task], true) }}{{ request_rows([found]) }}{{ my_request_rows([mine]) }}
"""


def test_what_people_wrote_is_never_markup(bare: Flask) -> None:
    evil, now = "<b onclick='x'>", datetime(2026, 11, 29, tzinfo=UTC)
    task = rows.InboxRow(
        evil,
        evil,
        evil,
        evil,
        (evil,),
        evil,
        evil,
        1,
        evil,
        evil,
        evil,
        evil,
        evil,
        evil,
        evil,
        locked=False,
    )
    found = rows.RequestRow(evil, evil, evil, evil, evil, evil, evil, evil, evil, evil, evil, evil)
    mine = my_requests.MyRequestsRow(
        title=evil, url=evil, number=evil, kind=evil, note=evil, amount=1, currency="EUR",
        status=evil, turn=evil, todo=evil, since=now,
    )  # fmt: skip
    with bare.test_request_context():
        page = render_template_string(ROWS, evil=evil, task=task, found=found, mine=mine)
    assert "<b" not in page
    assert page.count("&lt;b") > 20


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("any", 4, None, "Finance"), "Any one of 4 people in Finance"),
        (("all", 3), "All 3 people"),
        (("quorum", 4, 2), "2 of 4 people"),
        (("per_group", 2), "One from each of 2 groups"),
        (("any", 1), "1 person"),
    ],
)
def test_modes_say_how_many(arguments: tuple[str, int], words: str) -> None:
    assert labels.mode(*arguments) == words


@pytest.mark.parametrize(
    ("kind", "fields", "words", "detail"),
    [
        (events.StageSkipped, {"index": 0, "key": "d", "name": "Director",
                               "reason": "Only from €50,000"},
         "Stage not needed", "Director: Only from €50,000"),
        (events.RequestResubmitted, {"round": 2, "content_version": 2, "content": Content(title=""),
                                     "content_hash": "", "changed": ("needed_by", "amount")},
         "Submitted again", "Changed: Needed by and Amount"),
        (events.ReminderDue, {"task_ids": ("a", "b"), "number": 1},
         "Reminder sent", "To 2 people"),
        (events.DecisionCarried, {"task_id": "t", "person_id": "x", "decision": Decision.REJECT,
                                  "decided_by": "x"},
         "Decision still stands", "Rejected"),
        (events.TaskDecided, {"task_id": "t", "decision": Decision.APPROVE, "content_version": 2,
                              "content_hash": "ab" * 32},
         "Approved", "Saw version 2, fingerprint abababababab"),
        (events.CommandRefused, {"kind": "Approve", "reason": "late"},
         "Refused, nothing changed",
         "Someone else already decided this, or the request has moved on."),
        (events.StageOpened, {"round": 1, "opening": 1,
                              "plan": StagePlan(index=0, key="f", name="Finance")},
         "Stage opened", "Finance"),
    ],
)  # fmt: skip
def test_events_read_as_sentences(
    kind: type[events.Event], fields: dict[str, object], words: str, detail: str
) -> None:
    found = entry(kind(request_id="r", seq=1, at=datetime(2026, 11, 2, tzinfo=UTC), **fields))
    assert (found.label.words, found.detail) == (words, detail)


def test_a_deadline_in_a_mail_is_absolute() -> None:
    due, now = datetime(2026, 12, 8, 16, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC)
    words = letters(Path("templates")).from_string("{{ due|due_words('Europe/Berlin', now) }}")
    assert words.render(due=due, now=now) == "Tue 8 Dec, 17:00"


@pytest.mark.parametrize(
    ("code", "words"),
    [("en", "Ana, Ben and Chloé"), ("de", "Ana, Ben und Chloé"), ("id", "Ana, Ben, dan Chloé")],
)
def test_names_are_listed_as_the_language_does(code: str, words: str) -> None:
    with speaking(code):
        assert listed(["Ana", "Ben", "Chloé"]) == words
    assert listed(["Ana"]) == "Ana"
    assert listed([]) == ""


def test_a_comment_of_ones_own_stands_under_a_sentence_and_anothers_under_the_name() -> None:
    assert set(OWN) == {about for about, words in ABOUT.items() if words}
    said = CommentEntry(1, "me", "Ana Ruiz", "approve", "Fine.", datetime(2026, 11, 2, tzinfo=UTC))
    with speaking("de"):
        own, other = (remarks([said], (), me)[0] for me in ("me", "someone"))
    assert (own.name, own.label, own.is_own) == ("Sie haben genehmigt", "", True)
    assert (other.name, other.label, other.is_own) == ("Ana Ruiz", "hat genehmigt", False)


def test_what_an_act_was_done_to_and_what_it_changed_are_no_codes() -> None:
    with speaking("de"):
        assert act_words.subject("history") == "Verlauf"
        assert act_words.subject("PR-1042") == "PR-1042"
        assert (
            act_words.change(ActKind.PERSON_CHANGED, ChangeKind.MANAGER)
            == "Vorgesetzte Person geändert"
        )
        assert act_words.change(ActKind.SIGNED_IN, "some_thing") == "Some thing"


@pytest.mark.parametrize(("code", "words"), [("en", "12,345"), ("de", "12.345")])
def test_a_counter_ends_at_99_and_a_figure_never(code: str, words: str) -> None:
    assert (labels.count(99), labels.count(100)) == ("99", "99+")
    with speaking(code):
        assert labels.figure(12_345) == words


def test_roles_fields_and_refusals_are_said_in_the_readers_language() -> None:
    late = events.CommandRefused(
        request_id="r", seq=1, at=datetime(2026, 11, 2, tzinfo=UTC), kind="Approve", reason="late"
    )
    with speaking("de"):
        assert labels.field_label("title", ()) == "Titel"
        assert labels.role("member") == "Mitglied"
        assert labels.role("fire_warden") == "Fire warden"
        assert "Approve" not in entry(late).detail
        assert entry(late).detail != entry(replace(late, reason="closed")).detail
        assert labels.some(["Ana", "Ben", "Chloé"], 3) == "Ana, Ben und Chloé"
