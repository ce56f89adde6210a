"""Changes to people in words: what is asked before one, and what was done."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.domain.marked import msgid
from portal.domain.people.absence import ChangeKind
from portal.domain.people.signing_in import Way
from portal.presentation.filters import trouble
from portal.presentation.labels import Label, listed, role, words_of
from portal.queries.gaps import Estate
from portal.queries.password_links import EntryRecord, SignInProgress
from portal.queries.staff import PersonChangeRecord, StaffRecord
from portal.services.people import REPORTS, PersonAct, part
from portal.translation import _, lazy, ngettext


@dataclass(frozen=True, slots=True)
class ChangeQuestion:
    """What the page of a change says: its heading, what follows, the button, and the word after."""

    title: str
    text: str
    label: str
    done: str


# Of somebody who has no calendar of their own.
NO_PLACE = lazy("no location")

_QUESTIONS: dict[PersonAct, ChangeQuestion] = {
    PersonAct.DEACTIVATE: ChangeQuestion(
        lazy("Deactivate {name}?"),
        lazy(
            "They are signed out everywhere and can no longer sign in, and their delegations"
            " end. Records keep their name. You can activate them again."
        ),
        lazy("Deactivate {name}"),
        lazy("{name} was deactivated."),
    ),
    PersonAct.ACTIVATE: ChangeQuestion(
        lazy("Activate {name}?"),
        lazy("They can sign in and be asked again. Tasks that moved to others stay there."),
        lazy("Activate {name}"),
        lazy("{name} is active again."),
    ),
    PersonAct.JOIN: ChangeQuestion(
        lazy("Add {name} to {value}?"),
        lazy(
            "From now on they are asked wherever the group is asked. Open requests stay with"
            " their current approvers."
        ),
        lazy("Add to group"),
        lazy("{name} was added to {value}."),
    ),
    PersonAct.LEAVE: ChangeQuestion(
        lazy("Remove {name} from {value}?"),
        lazy("Tasks they have as a member of the group get new approvers."),
        lazy("Remove from group"),
        lazy("{name} was removed from {value}."),
    ),
    PersonAct.HEAD: ChangeQuestion(
        lazy("Make {name} the head of {value}?"),
        lazy("Open tasks that ask the department's current head get new approvers."),
        lazy("Change head"),
        lazy("{name} is now the head of {value}."),
    ),
    PersonAct.NO_HEAD: ChangeQuestion(
        lazy("Remove {name} as the head of {value}?"),
        lazy(
            "The department has no head then. Tasks that ask its head go to the fallback of their"
            " policy, or need attention."
        ),
        lazy("Remove as head"),
        lazy("{name} is no longer the head of {value}."),
    ),
    PersonAct.MANAGER: ChangeQuestion(
        lazy("Make {value} the manager of {name}?"),
        lazy("Their open requests that ask the current manager get new approvers."),
        lazy("Change manager"),
        lazy("{value} is now the manager of {name}."),
    ),
    PersonAct.PLACE: ChangeQuestion(
        lazy("Change the location of {name} to {value}?"),
        lazy(
            "Where a policy follows the approvers' locations, new tasks are due by these working"
            " hours. Their times and quiet hours follow the location's time zone. Existing"
            " deadlines do not change."
        ),
        lazy("Change location"),
        lazy("{name}'s location is now {value}."),
    ),
    PersonAct.ROLES: ChangeQuestion(
        lazy("Change the roles of {name} to {value}?"),
        lazy("Rights change at once. Tasks they have through a removed role get new approvers."),
        lazy("Change roles"),
        lazy("{name}'s roles are now {value}."),
    ),
}


def question(act: PersonAct, person: StaffRecord, value: str) -> ChangeQuestion:
    """The words before a change; `value`: the group's, the manager's or the roles' name."""
    words = _QUESTIONS[act]
    parts = (words.title, words.text, words.label, words.done)
    return ChangeQuestion(*(part.format(name=person.name, value=value) for part in parts))


KINDS: dict[str, str] = {
    ChangeKind.ADDED: lazy("Added"),
    ChangeKind.DETAILS: lazy("Record changed"),
    ChangeKind.DEACTIVATED: lazy("Deactivated"),
    ChangeKind.ACTIVATED: lazy("Activated"),
    ChangeKind.MANAGER: lazy("Manager changed"),
    ChangeKind.ROLES: lazy("Roles changed"),
    ChangeKind.PLACE: lazy("Location changed"),
    ChangeKind.GROUP_JOINED: lazy("Joined the group"),
    ChangeKind.GROUP_LEFT: lazy("Left the group"),
    ChangeKind.HEAD: lazy("Head of"),
    ChangeKind.NO_HEAD: lazy("No longer head of"),
    ChangeKind.INVITED: lazy("Invited"),
    ChangeKind.RESET: lazy("Link to a new password made"),
    ChangeKind.PASSWORD_SET: lazy("Password set"),
    ChangeKind.FACTOR_ADDED: lazy("Second factor added"),
    ChangeKind.FACTOR_REMOVED: lazy("Second factor removed"),
    ChangeKind.PROVIDER_LINKED: lazy("Account linked"),
    ChangeKind.PROVIDER_UNLINKED: lazy("Account no longer linked"),
    ChangeKind.AWAY: lazy("Absence added"),
    ChangeKind.BACK: lazy("Absence ended"),
}


FROM_TO = msgid("%(part)s from %(before)s to %(after)s")
# Changes that are about a group or department, and where they name it.
NAMING: dict[str, str] = {
    ChangeKind.GROUP_JOINED: "group",
    ChangeKind.GROUP_LEFT: "group",
    ChangeKind.HEAD: "department",
    ChangeKind.NO_HEAD: "department",
}
# How a link reached somebody, and who set a password.
WAYS: dict[str, str] = {
    "mail": lazy("by email"),
    "copied link": lazy("link to copy"),
    "link": lazy("by a link"),
    "themselves": lazy("by themselves"),
}
FACTORS: dict[str, str] = {
    Way.PASSKEY: lazy("passkey"),
    Way.CODE: lazy("authenticator app"),
    Way.RECOVERY_CODE: lazy("recovery codes"),
    "all": lazy("all"),
}
# Changes of which one thing is said in brackets: where it stands, and its words.
BRACKETED: dict[str, tuple[str, dict[str, str]]] = {
    ChangeKind.INVITED: ("by", WAYS),
    ChangeKind.RESET: ("by", WAYS),
    ChangeKind.PASSWORD_SET: ("by", WAYS),
    ChangeKind.FACTOR_ADDED: ("what", FACTORS),
    ChangeKind.FACTOR_REMOVED: ("what", FACTORS),
    ChangeKind.PROVIDER_LINKED: ("what", {}),
    ChangeKind.PROVIDER_UNLINKED: ("what", {}),
}
PARTS: dict[str, str] = {
    "name": lazy("name"),
    "email": lazy("email"),
    "employee_no": lazy("employee number"),
    "job_title": lazy("job title"),
    "department": lazy("department"),
    "time_zone": lazy("time zone"),
    "locale": lazy("language"),
}


def done(change: PersonChangeRecord, names: dict[str, str]) -> str:
    """What was changed, in a line. `names` by id."""
    words, data = KINDS.get(change.kind, words_of(change.kind)), change.data
    if change.kind in BRACKETED:
        key, table = BRACKETED[change.kind]
        return f"{words} ({table.get(data.get(key, ''), data.get(key, ''))})"
    if change.kind in NAMING:
        return _("%(what)s %(name)s", what=words, name=data.get(NAMING[change.kind], ""))
    match change.kind:
        case ChangeKind.DETAILS:
            return f"{words}: {_parts(data)}"
        case ChangeKind.MANAGER:
            before, after = (
                names.get(data.get(side) or "", _("nobody")) for side in ("before", "after")
            )
            return _(FROM_TO, part=words, before=before, after=after)
        case ChangeKind.PLACE:
            before, after = (
                data.get(side) or str(NO_PLACE) for side in ("place_before", "place_after")
            )
            return _(FROM_TO, part=words, before=before, after=after) + _zones(data)
        case ChangeKind.ROLES:
            before, after = (
                listed([role(each) for each in data.get(side) or ()]) or _("none")
                for side in ("before", "after")
            )
            return _(FROM_TO, part=words, before=before, after=after)
        case ChangeKind.AWAY:
            name = names.get(data.get("delegate_id") or "", _("somebody"))
            return _("%(what)s: %(name)s decides", what=words, name=name)
    return words


def entry(record: EntryRecord) -> Label:
    """How far somebody is with signing in, in words."""
    match record.entry:
        case SignInProgress.READY:
            return Label(_("Can sign in"), "ok", "check")
        case SignInProgress.NO_ADDRESS:
            return Label(_("Cannot sign in: no email address"), "warn", "exclamation-triangle")
        case SignInProgress.NOT_INVITED:
            return Label(_("Not invited"), "neutral", "minus-circle")
        case SignInProgress.LATE:
            return Label(_("Invitation expired"), "warn", "clock")
    if record.trouble and record.mailed_at is None:
        return Label(_("Email not sent: %(why)s", why=trouble(record.trouble)), "bad", "x-circle")
    if record.wants_mail and record.mailed_at is None:
        return Label(_("Invitation is being sent"), "info", "envelope")
    return Label(_("Invited"), "info", "envelope")


def _parts(data: dict[str, dict[str, str | None]]) -> str:
    before, after = data.get("before", {}), data.get("after", {})
    return "; ".join(
        _(
            "%(part)s from %(before)s to %(after)s",
            part=PARTS.get(name, words_of(name)),
            before=before.get(name) or "–",
            after=after[name] or "–",
        )
        for name in after
    )


def _zones(data: dict[str, str]) -> str:
    before, after = (data.get(side, "").replace("_", " ") for side in ("zone_before", "zone_after"))
    return (
        ""
        if before == after
        else _(", time zone from %(before)s to %(after)s", before=before, after=after)
    )


def people_in(changes: tuple[PersonChangeRecord, ...]) -> set[str]:
    """Ids of everybody whom the lines name."""
    found = (each.data.get(key) for each in changes for key in ("before", "after", "delegate_id"))
    return {each for each in found if isinstance(each, str)}


def parts_of(estate: Estate, *, types: bool, tasks: bool, titles: bool) -> dict[str, str]:
    """What a leaver can hand over, labels by the part's name: `types` for whoever may edit them,
    `tasks` for whoever may give tasks to others, with `titles` for whoever may read them."""
    found: dict[str, str] = {}
    if estate.reports:
        found[REPORTS] = ngettext(
            "Manager of %(n)s person who reports to them",
            "Manager of %(n)s people who report to them",
            estate.reports,
        )
    for code, name in estate.heads.items():
        found[part("head", code)] = _("Head of %(name)s", name=name)
    for code, name in estate.groups.items():
        found[part("group", code)] = _("Member of the group %(name)s", name=name)
    for code, name in (estate.types if types else {}).items():
        found[part("type", code)] = _("Named in the policy of %(name)s", name=name)
    for id_, (number, title) in (estate.tasks if tasks else {}).items():
        text = f"{number} {title}" if titles else number
        found[part("task", id_)] = _("Open task: %(request)s", request=text)
    return found


def given(estate: Estate, heirs: Mapping[str, str | None], names: Mapping[str, str]) -> list[str]:
    """What goes to whom, in sentences. `names`: of people by id."""
    for_all = heirs.get("person")
    reports = ngettext(
        "%(name)s manages %(n)s person who reported to them",
        "%(name)s manages %(n)s people who reported to them",
        estate.reports,
        name="%(name)s",
    )
    told = [(heirs.get(REPORTS) or for_all, reports, "")] if estate.reports else []
    heads, joins = _("%(name)s heads %(what)s"), _("%(name)s joins the group %(what)s")
    told += [(heirs.get(part("head", k)) or for_all, heads, n) for k, n in estate.heads.items()]
    told += [(heirs.get(part("group", k)) or for_all, joins, n) for k, n in estate.groups.items()]
    draft = _("A draft of %(what)s names %(name)s. It has to be reviewed and published")
    told += [(heirs.get(part("type", k)), draft, n) for k, n in estate.types.items()]
    task = _("%(name)s gets the task of %(what)s")
    told += [(heirs.get(part("task", k)), task, n) for k, (n, _title) in estate.tasks.items()]
    return [text % {"name": names.get(heir, heir), "what": w} for heir, text, w in told if heir]
