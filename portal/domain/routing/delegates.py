"""Who acts for the people of a stage who are away: their delegates, where those may."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.domain.people.directory import Absence, Directory
from portal.domain.request.reasons import Code, Kept, reason
from portal.domain.routing.approver_rules import name_of
from portal.domain.routing.approver_selection import ApproverSelector
from portal.domain.routing.plan import Candidate, LeftOut, RouteQuestion, StandIn


def represented(
    people: Sequence[Candidate], chooser: ApproverSelector, left_out: list[LeftOut]
) -> tuple[Candidate, ...]:
    """The same people, those who are away with a stand-in; why some have none goes to `left_out`.

    No chains: a delegate who is away too gets nothing, and it stays with whose it is.
    """
    taken = {each.person_id for each in people}
    found: list[Candidate] = []
    for candidate in people:
        stand_in = None
        for absence in absences_of(chooser.directory, candidate.person_id, chooser.question):
            problem = _problem(absence, chooser, taken)
            if not problem:
                stand_in = _stand_in(absence, candidate, chooser.directory)
                taken.add(stand_in.person_id)
                break
            why = reason(Code.WOULD_ACT, name=candidate.name, because=problem)
            name = name_of(chooser.directory, absence.delegate_id)
            left_out.append(LeftOut(person_id=absence.delegate_id, name=name, reason=why))
        found.append(candidate if stand_in is None else replace(candidate, stand_in=stand_in))
    return tuple(found)


def absences_of(
    directory: Directory, person_id: str, question: RouteQuestion
) -> tuple[Absence, ...]:
    """The person's absences in force that are about such a request."""
    return tuple(
        each
        for each in directory.absences.get(person_id, ())
        if covers(each, question.type_code, question.amount, question.currency)
    )


def covers(absence: Absence, type_code: str, amount: int | None, currency: str | None) -> bool:
    """Whether an absence is about such a request. One without an amount is under every limit; one
    in another currency cannot be compared, and so is not covered."""
    if absence.type_codes is not None and type_code not in absence.type_codes:
        return False
    if absence.max_amount is None or amount is None:
        return True
    return currency == absence.currency and amount <= absence.max_amount


def until_words(at: datetime, zone: str) -> str:
    """The end of an absence on the calendar of a zone: its last day, `Fri 9 Jan 2026`, or a moment
    of it. It is kept with what happened, so the year stands there."""
    try:
        local = at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        local = at
    if local.hour == local.minute == 0:
        last = datetime.fromordinal(local.toordinal() - 1)
        return f"{last:%a} {last.day} {last:%b %Y}"
    return f"{local:%a} {local.day} {local:%b %Y at %H:%M}"


def _problem(absence: Absence, chooser: ApproverSelector, taken: set[str]) -> Kept:
    delegate = absence.delegate_id
    if delegate in taken:
        return reason(Code.ASKED_IN_STAGE)
    person = chooser.directory.people.get(delegate)
    if person is None or not person.is_active:
        return reason(Code.INACTIVE)
    if person.is_auditor:
        return reason(Code.AUDITOR)
    if absences_of(chooser.directory, delegate, chooser.question):
        return reason(Code.AWAY_TOO)
    return chooser.excluded.get(delegate, "")


def _stand_in(absence: Absence, candidate: Candidate, directory: Directory) -> StandIn:
    until = until_words(absence.ends_at, absence.zone)
    return StandIn(
        person_id=absence.delegate_id,
        name=name_of(directory, absence.delegate_id),
        delegation_id=absence.id,
        until=absence.ends_at,
        why=reason(Code.ACTS_FOR, name=candidate.name, until=until),
    )
