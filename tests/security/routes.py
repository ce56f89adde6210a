"""Who gets which answer from which route: one table, walked by test_authorisation.py.

Every route of the application must stand here, for each method, or the build fails. To add one:

    Route("GET", "/requests/<number>", stranger=404)
    Route("POST", "/tasks/<task_id>/decision", 404, approver=303, auditor=403,
          data={"decision": "approve", "content_version": "1", "command_id": "<new>"})

- `rule` is written exactly as in the blueprint, with the prefix; converters too (`<uuid:task_id>`).
- `everybody` is the answer for each signed-in person that is not named otherwise. A visitor is sent
  to the sign-in page (302 for GET, 303 for POST) unless `visitor` says else; what they typed into
  a form is shown to them with a 401.
- Names in `<...>` are filled from the fixture `names` of scene.py: a request of Ana's
  with an open task for Ben. `args` overrides, for a route that means something else by that name.
- `data` is the form; the CSRF token is added, "<new>" becomes a new id, and the same names may be
  used as "<task_id>". Say what makes the form valid, so that 422 does not hide a 403.
- Rows are asked in their order, in one database for each person.
- The people: requester = Ana, approver = Ben (has the open task), stranger = Eve (a member who has
  nothing to do with the request), auditor = Olga, admin = Adam.
"""

from dataclasses import dataclass, field

from portal.presenters.kept_forms import CARRIED
from portal.security.kept_forms import is_secret
from tests.asking import ANSWERS

PEOPLE = {
    "visitor": None,
    "requester": "ana",
    "approver": "ben",
    "stranger": "eve",
    "auditor": "olga",
    "admin": "adam",
}


@dataclass(frozen=True)
class Route:
    """One method of one route, and the status that each kind of person gets."""

    method: str
    rule: str
    everybody: int = 200
    visitor: int | None = None
    requester: int | None = None
    approver: int | None = None
    stranger: int | None = None
    auditor: int | None = None
    admin: int | None = None
    args: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)

    def status(self, who: str) -> int:
        """The expected status for one of `PEOPLE`."""
        named: int | None = getattr(self, who)
        if named is not None:
            return named
        if who == "visitor":
            return 302 if self.method == "GET" else 401 if self._says_something else 303
        return self.everybody

    @property
    def _says_something(self) -> bool:
        """Whether the form holds more than keys, ids and passwords."""
        return any(
            text.strip() and not text.startswith("<")
            for name, text in self.data.items()
            if name not in CARRIED and not is_secret(name)
        )


# One-time keys and the version seen, as the forms carry them.
NEW = {"command_id": "<new>"}
SEEN = {**NEW, "content_version": "1", "comment": "Seen."}
REASON = {**NEW, "reason": "Waiting for the budget."}
OFFICE = {
    "name": "Office", "time_zone": "UTC", "day_1": "8-12, 13-17", "country": "DE",
    "subdivision": "Berlin", "closed_days": "2026-12-24 Eve", "worked_days": "2026-05-01",
    "version": "1",
}  # fmt: skip

RECORD = {"name": "Nia New", "email": "nia@example.org", "time_zone": "UTC", "locale": "en"}
CHAIRS = {"name": "Chairs"}
FIRST, FIELD, STAGE = {"number": "1"}, {"name": "amount"}, {"key": "manager"}
CHANNEL = {
    "channel_id": "<new>",
    "name": "Team chat",
    "secret_address": "ntfys://ntfy.example.org/approvals-{employee_no}",
}
HOOK = {
    "endpoint_id": "<endpoint_id>", "name": "ERP", "url": "https://erp.example.org/hooks",
    "types": "request.approved",
}  # fmt: skip
STREAM = {
    "stream_id": "<stream_id>", "name": "SIEM", "protocol": "https", "shape": "ocsf",
    "address": "https://siem.example.org/gloria", "begin": "next",
}  # fmt: skip

# fmt: off
ROUTES = [
    # The frame
    Route("GET", "/static/<path:filename>", visitor=200, args={"filename": "css/app.css"}),
    Route("GET", "/favicon.ico", visitor=200),
    Route("GET", "/healthz", visitor=200),
    Route("GET", "/seen", visitor=200),
    Route("GET", "/metrics", 404, visitor=404),  # without its token
    Route("GET", "/readyz/pages", visitor=200),
    Route("GET", "/readyz", 503, visitor=503),  # in tests no Temporal and no worker are running
    Route("GET", "/", 302),
    # Caught mail: only where a development installation catches it
    Route("GET", "/dev/mail", 404, visitor=404),
    Route("GET", "/dev/mail/<name>", 404, visitor=404, args={"name": "0" * 32}),
    Route("GET", "/dev/mail/<name>/html", 404, visitor=404, args={"name": "0" * 32}),
    # Signing in and out
    Route("GET", "/sign-in", 302, visitor=200),
    Route("POST", "/sign-in", 422, visitor=422, data={"email": "a@b.example", "password": "no"}),
    Route("GET", "/sign-in/continue", 302),
    Route("POST", "/sign-in/passkey", 303, visitor=303),
    Route("GET", "/sign-in/passkey", 303, visitor=303),
    Route("POST", "/sign-in/passkey/answer", 303, visitor=303, data={"secret_answer": "{}"}),
    Route("POST", "/sign-in/provider/<provider_id>", 404, visitor=404),
    Route("GET", "/sign-in/provider/<provider_id>/callback", 404, visitor=404),
    Route("POST", "/sign-in/provider/<provider_id>/finish", 404, visitor=404),
    Route("POST", "/sign-in/provider/<provider_id>/logout", 404, visitor=404),
    Route("POST", "/confirm/provider/<provider_id>", 404),
    Route("POST", "/profile/security/providers/<provider_id>", 404),
    Route("POST", "/profile/security/accounts/<uuid:account_id>/remove", 303),
    Route("GET", "/sign-in/second", 303, visitor=303),
    Route("POST", "/sign-in/second", 303, visitor=303),
    Route("POST", "/sign-out", 303),
    Route("GET", "/password/forgot", visitor=200),
    Route("POST", "/password/forgot", 303, visitor=303, data={"email": "nobody@example.org"}),
    Route("GET", "/password/sent", visitor=200),
    Route("GET", "/p/<token>", 410, visitor=410, args={"token": "x" * 43}),
    Route("GET", "/password/new", 410, visitor=410),
    Route("POST", "/password/new", 410, visitor=410),
    Route("POST", "/password/arrived", 410, visitor=410),
    # The profile
    Route("GET", "/profile"),
    Route("GET", "/profile/password"),
    Route("POST", "/profile/password", 422, data={"current_password": "no"}),
    Route("POST", "/profile/language", 303, data={"language": "en"}),
    Route("POST", "/profile/time-zone", 303, data={"time_zone": "Europe/Berlin"}),
    Route("GET", "/profile/notifications"),
    Route("POST", "/profile/notifications", 303, data={"mail_asked": "daily"}),
    Route("POST", "/profile/sessions/<uuid:session_id>/end", 303),
    Route("POST", "/profile/sessions/end-others", 303),
    Route("GET", "/profile/security"),
    Route("GET", "/profile/tokens"),
    Route("GET", "/profile/tokens/new"),
    Route("POST", "/profile/tokens/new",
          data={"token_id": "<new>", "name": "ERP", "scopes": "approvals:read", "days": "30"}),
    Route("POST", "/profile/tokens/confirm", 303),
    Route("GET", "/profile/tokens/<uuid:token_id>/<any(rotate, revoke):act>", 404,
          args={"act": "rotate"}),
    Route("POST", "/profile/tokens/<uuid:token_id>/rotate", 404),
    Route("POST", "/profile/tokens/<uuid:token_id>/revoke", 303),
    Route("POST", "/profile/security/passkeys", 303),
    Route("GET", "/profile/security/passkeys/new", 303),
    Route("POST", "/profile/security/passkeys/new", 303, data={"secret_answer": "{}"}),
    Route("POST", "/profile/security/passkeys/<uuid:passkey_id>/name", 303),
    Route("POST", "/profile/security/passkeys/<uuid:passkey_id>/remove", 303),
    Route("POST", "/profile/security/app", 303),
    Route("GET", "/profile/security/app"),
    Route("POST", "/profile/security/app/confirm", 422, data={"secret_code": "000000"}),
    Route("POST", "/profile/security/app/remove", 303),
    Route("POST", "/profile/security/codes", 303),
    Route("GET", "/profile/sign-ins"),
    Route("GET", "/profile/kept"),
    Route("GET", "/profile/kept.zip"),
    Route("GET", "/people/<uuid:person_id>/kept", 403, admin=200),
    Route("GET", "/people/<uuid:person_id>/kept.zip", 403, admin=200),
    Route("GET", "/people/<uuid:person_id>/sign-ins", 403, auditor=200, admin=200),
    Route("GET", "/confirm"),
    Route("POST", "/confirm/begin", 303),
    Route("POST", "/confirm", 422, data={"password": "not this"}),
    Route("POST", "/profile/shortcuts", 303, data={"shortcuts": "off"}),
    Route("POST", "/theme", 303, visitor=303, data={"theme": "dark"}),
    # Links in messages: these names are no tokens, and nobody here came by one
    Route("GET", "/a/<token>", 410, visitor=410, args={"token": "x" * 43}),
    Route("GET", "/links/decision", 410, visitor=410),
    Route("POST", "/links/decision", 410, visitor=410, data=SEEN),
    # Inbox and tasks
    Route("GET", "/inbox", auditor=403),
    Route("GET", "/tasks/<uuid:task_id>", 303, stranger=404),
    Route("POST", "/tasks/<uuid:task_id>/decision", 404, requester=403, approver=303, auditor=403,
          admin=403, data={**SEEN, "decision": "approve"}),
    Route("GET", "/tasks/sign", 303, auditor=403),
    Route("POST", "/tasks/sign", 303, auditor=403),
    Route("POST", "/tasks/<uuid:task_id>/undo", 404, requester=403, approver=303, auditor=403,
          admin=403, data=NEW),
    Route("GET", "/tasks/<uuid:task_id>/reassign", 404, requester=403, approver=200, auditor=403,
          admin=200),
    Route("POST", "/tasks/<uuid:task_id>/reassign", 404, requester=403, approver=303, auditor=403,
          admin=303, data={**REASON, "person": "Cleo Example"}),
    Route("GET", "/tasks/<uuid:task_id>/delegate", 404, requester=403, approver=200, auditor=403,
          admin=403),
    Route("POST", "/tasks/<uuid:task_id>/delegate", 404, requester=403, approver=303, auditor=403,
          admin=403, data={**REASON, "person": "Cleo Example"}),
    Route("POST", "/tasks/<uuid:task_id>/take-back", 404, requester=403, approver=409, auditor=403,
          admin=403, data=NEW),
    Route("GET", "/tasks/<uuid:task_id>/question", 404, requester=403, approver=200, auditor=403,
          admin=403),
    Route("POST", "/tasks/<uuid:task_id>/question", 404, requester=403, approver=303, auditor=403,
          admin=403, data={**NEW, "comment": "Which colour?"}),
    Route("POST", "/tasks/<uuid:task_id>/answer", 404, requester=409, approver=403, auditor=403,
          admin=403, data={**NEW, "comment": "Blue."}),
    Route("GET", "/requests/<number>/approvers", 403, requester=200, approver=200, stranger=404),
    Route("POST", "/requests/<number>/approvers", 403, requester=303, approver=303, stranger=404,
          data={**REASON, "person": "Cleo Example"}),
    # Many at once
    Route("POST", "/batches", 303, auditor=403, data={**NEW, "task": "<task_id>"}),
    Route("GET", "/batches/<uuid:batch_id>", 404, auditor=403),
    Route("POST", "/batches/<uuid:batch_id>/decision", 404, auditor=403,
          data={**NEW, "decision": "approve", "seen": "1", "comment": "Seen."}),
    Route("POST", "/batches/<uuid:batch_id>/undo", 404, auditor=403, data=NEW),
    Route("GET", "/batches/<uuid:batch_id>/state", 404, auditor=403),
    # Requests
    Route("GET", "/requests"),
    Route("GET", "/requests/<number>", stranger=404),
    Route("POST", "/requests/<number>/comments", 303, stranger=404, auditor=403,
          data={**NEW, "comment": "Which colour?"}),
    Route("POST", "/requests/<number>/remind", 403, requester=303, stranger=404, data=NEW),
    Route("GET", "/requests/<number>/withdraw", 403, requester=200, stranger=404),
    Route("POST", "/requests/<number>/withdraw", 403, requester=303, stranger=404, data=NEW),
    Route("GET", "/requests/<number>/resubmit", 403, requester=409, stranger=404),
    Route("POST", "/requests/<number>/resubmit", 403, requester=409, stranger=404, data=NEW),
    Route("GET", "/requests/<number>/amend", 403, requester=200, stranger=404),
    Route("POST", "/requests/<number>/amend", 403, requester=303, stranger=404,
          data={**SEEN, **ANSWERS, "title": "Another chair"}),
    # What administrators do with them
    Route("GET", "/requests/<number>/hold", 403, admin=200),
    Route("POST", "/requests/<number>/hold", 403, admin=303, data=REASON),
    Route("GET", "/requests/<number>/resume", 403, admin=200),
    Route("POST", "/requests/<number>/resume", 403, admin=303, data=REASON),
    Route("GET", "/requests/<number>/cancel", 403, admin=200),
    Route("POST", "/requests/<number>/cancel", 403, admin=303, data=REASON),
    Route("GET", "/requests/<number>/override", 403, admin=200),
    Route("POST", "/requests/<number>/override", 403, admin=303,
          data={**SEEN, **REASON, "decision": "approve"}),
    Route("GET", "/admin/retention", 403, auditor=200, admin=200),
    Route("GET", "/admin/retention/types", 403, admin=200),
    Route("POST", "/admin/retention/types", 403, admin=303),
    Route("GET", "/admin/retention/months", 403, auditor=200, admin=200),
    Route("GET", "/admin/retention/months/<month>", 403, auditor=404, admin=404,
          args={"month": "1999-01"}),
    Route("GET", "/admin/retention/months/<month>/evidence.zip", 403, auditor=404, admin=404,
          args={"month": "1999-01"}),
    Route("POST", "/admin/retention/months/<month>", 403, admin=404, args={"month": "1999-01"}),
    Route("GET", "/admin/holds/new/<scope>", 403, admin=200, args={"scope": "person"}),
    Route("POST", "/admin/holds/new/<scope>", 403, admin=303, args={"scope": "request"},
          data={**NEW, "number": "<number>", "reason": "A claim."}),
    Route("GET", "/admin/holds/<uuid:hold_id>/lift", 403, admin=404),
    Route("POST", "/admin/holds/<uuid:hold_id>/lift", 403, admin=404),
    Route("GET", "/admin/people/<uuid:person_id>/erase", 403, admin=200),
    Route("POST", "/admin/people/<uuid:person_id>/erase", 403, admin=409,
          data={**NEW, "reason": "They left."}),
    Route("GET", "/admin/requests/<number>/erase", 403, admin=200),
    # It was closed only a moment ago, and is held.
    Route("POST", "/admin/requests/<number>/erase", 403, admin=409, data={"reason": "Asked."}),
    Route("GET", "/admin/policy-moves", 403, admin=200),
    Route("GET", "/admin/policy-moves/preview", 403, admin=303),
    Route("POST", "/admin/policy-moves", 403, admin=303,
          data={**REASON, "number": "<number>"}),
    Route("GET", "/admin/attention", 403, admin=200),
    Route("POST", "/admin/attention/<number>/review", 403, admin=303, data=NEW),
    Route("GET", "/admin/cutover", 403, admin=200),
    Route("GET", "/admin/cutover/state", 403, admin=200),
    Route("GET", "/admin/cutover/instances", 403, admin=200),
    Route("GET", "/admin/cutover/findings", 403, admin=200),
    Route("GET", "/admin/cutover/left-behind.txt", 403, admin=200),
    Route("GET", "/admin/cutover/instances/<path:instance_id>", 403, admin=200),
    Route("POST", "/admin/cutover/instances/<path:instance_id>", 403, admin=303,
          data={**NEW, "kind": "leave"}),
    # People
    Route("GET", "/admin/people", 403, admin=200),
    Route("GET", "/admin/people/new", 403, admin=200),
    Route("POST", "/admin/people/new", 403, admin=303, data={**NEW, **RECORD}),
    Route("GET", "/admin/people/<uuid:person_id>/edit", 403, admin=200),
    Route("POST", "/admin/people/<uuid:person_id>/edit", 403, admin=409,  # which state was seen?
          data=RECORD),
    Route("GET", "/admin/people/<uuid:person_id>", 403, admin=200),
    Route("GET", "/admin/people/<uuid:person_id>/change", 403, admin=404),  # no act is named
    Route("POST", "/admin/people/<uuid:person_id>/change", 403, admin=303,
          data={"act": "activate", "reason": "Back."}),
    Route("GET", "/admin/people/<uuid:person_id>/away", 403, admin=200),
    Route("GET", "/admin/people/<uuid:person_id>/away/check", 403, admin=422),
    Route("POST", "/admin/people/<uuid:person_id>/away", 403, admin=422, data=NEW),
    Route("POST", "/admin/people/<uuid:person_id>/second-factor", 403, admin=303),
    Route("POST", "/admin/people/<uuid:person_id>/password-link", 403, admin=200,
          data={"by": "copy"}),
    Route("GET", "/admin/invitations", 403, admin=200),
    Route("POST", "/admin/invitations", 403, admin=303),
    Route("GET", "/admin/people/chart", 403, admin=200),
    Route("GET", "/admin/people/import", 403, admin=200),
    Route("POST", "/admin/people/import", 403, admin=422, data=NEW),  # without a file
    Route("GET", "/admin/people/import/<uuid:import_id>", 403, admin=404),
    Route("POST", "/admin/people/import/<uuid:import_id>", 403, admin=404),
    Route("GET", "/admin/people/import/<uuid:import_id>/state", 403, admin=404),
    Route("GET", "/admin/people/import/<uuid:import_id>/refused.csv", 403, admin=404),
    Route("GET", "/admin/people/import/<uuid:import_id>/columns", 403, admin=404),
    Route("POST", "/admin/people/import/<uuid:import_id>/columns", 403, admin=404),
    Route("GET", "/admin/setup", 403, admin=200),
    Route("POST", "/admin/setup/hide", 403, admin=303, data={"hide": "1"}),
    Route("GET", "/admin/setup/mail", 403, admin=200),
    Route("POST", "/admin/setup/mail", 403, admin=303),
    Route("GET", "/admin/organisation", 403, admin=200),
    Route("GET", "/admin/organisation/logo", 403, admin=200),
    Route("POST", "/admin/organisation/logo", 403, admin=422),  # without a file
    Route("GET", "/admin/organisation/mail-texts", 403, admin=200),
    Route("GET", "/admin/organisation/mail-texts/<code>/<locale>", 403, admin=200,
          args={"code": "asked", "locale": "en"}),
    Route("POST", "/admin/organisation/mail-texts/<code>/<locale>", 403, admin=303,
          args={"code": "asked", "locale": "en"}, data={"reset": "1"}),
    Route("GET", "/admin/organisation/<part>", 403, admin=200, args={"part": "name"}),
    Route("POST", "/admin/organisation/<part>", 403, admin=409, args={"part": "name"},
          data={"name": "St Gloria"}),  # which state was seen?
    Route("GET", "/branding/<accent>.css", visitor=200, args={"accent": "1f5fbf"}),
    Route("GET", "/branding/<digest>.png", 404, visitor=404, args={"digest": "0" * 64}),
    # Departments and groups
    Route("GET", "/admin/departments", 403, admin=200),
    Route("GET", "/admin/departments/new", 403, admin=200),
    Route("POST", "/admin/departments/new", 403, admin=303,
          data={**NEW, "name": "Art", "code": "ART"}),
    Route("GET", "/admin/departments/<uuid:unit_id>", 403, admin=404),
    Route("POST", "/admin/departments/<uuid:unit_id>", 403, admin=404),
    Route("GET", "/admin/departments/<uuid:unit_id>/head", 403, admin=404),
    Route("GET", "/admin/groups", 403, admin=200),
    Route("GET", "/admin/groups/new", 403, admin=200),
    Route("POST", "/admin/groups/new", 403, admin=303, data={**NEW, "name": "Art", "code": "art"}),
    Route("GET", "/admin/groups/<uuid:unit_id>", 403, admin=404),
    Route("POST", "/admin/groups/<uuid:unit_id>", 403, admin=404),
    Route("GET", "/admin/groups/<uuid:unit_id>/member", 403, admin=404),
    # Calendars
    # Types: the second post below makes a draft, which the rest is about. Forms that say no
    # revision change nothing: somebody else was faster.
    Route("GET", "/admin/types", 403, admin=200),
    Route("GET", "/admin/types/<code>/readers", 403, admin=200),
    Route("POST", "/admin/types/<code>/readers", 403, admin=303, data=NEW),
    Route("GET", "/admin/types/new", 403, admin=200),
    Route("POST", "/admin/types/new", 403, admin=303, data={**NEW, "name": "Lamp", "prefix": "LA"}),
    Route("GET", "/admin/types/gallery/<name>", 403, admin=200, args={"name": "leave"}),
    Route("POST", "/admin/types/gallery/<name>", 403, admin=422, args={"name": "leave"}, data=NEW),
    Route("GET", "/admin/types/gallery/<name>.svg", 403, admin=200, args={"name": "leave"}),
    Route("GET", "/admin/types/import", 403, admin=200),
    Route("POST", "/admin/types/import", 403, admin=422, data=NEW),
    Route("GET", "/admin/types/<code>/versions/<int:number>.yaml", 403, admin=200, args=FIRST),
    Route("GET", "/admin/types/<code>/versions/<int:number>.svg", 403, admin=200, args=FIRST),
    Route("GET", "/admin/types/<code>", 403, admin=200),
    Route("GET", "/admin/types/<code>/versions/<int:number>", 403, admin=200, args=FIRST),
    Route("POST", "/admin/types/<code>/draft", 403, admin=303, data={**NEW, "version": "1"}),
    Route("GET", "/admin/types/<code>/draft/texts", 403, admin=200),
    Route("POST", "/admin/types/<code>/draft/texts", 403, admin=303, data={**NEW, **CHAIRS}),
    Route("GET", "/admin/types/<code>/draft/preview", 403, admin=200),
    Route("GET", "/admin/types/<code>/draft/form", 403, admin=200),
    Route("POST", "/admin/types/<code>/draft/form", 403, admin=409,
          data={**NEW, "label": "Colour", "kind": "text"}),
    Route("POST", "/admin/types/<code>/draft/form/order", 403, admin=303, data=NEW),
    Route("GET", "/admin/types/<code>/draft/form/<name>", 403, admin=200, args=FIELD),
    Route("POST", "/admin/types/<code>/draft/form/<name>", 403, admin=422, args=FIELD, data=NEW),
    Route("GET", "/admin/types/<code>/draft/form/<name>/condition", 403, admin=200, args=FIELD),
    Route("POST", "/admin/types/<code>/draft/form/<name>/condition", 403, admin=303, args=FIELD,
          data=NEW),
    Route("POST", "/admin/types/<code>/draft/form/<name>/columns", 403, admin=404, args=FIELD,
          data=NEW),
    Route("GET", "/admin/types/<code>/draft/form/<name>/columns/<column>", 403, admin=404,
          args={**FIELD, "column": "amount"}),
    Route("POST", "/admin/types/<code>/draft/form/<name>/columns/<column>", 403, admin=404,
          args={**FIELD, "column": "amount"}, data=NEW),
    Route("GET", "/admin/types/<code>/draft/route", 403, admin=200),
    Route("GET", "/admin/types/<code>/draft/route.svg", 403, admin=200),
    Route("POST", "/admin/types/<code>/draft/route", 403, admin=422, data=NEW),
    Route("GET", "/admin/types/<code>/draft/bands", 403, admin=200),
    Route("POST", "/admin/types/<code>/draft/bands", 403, admin=303, data=NEW),
    Route("GET", "/admin/types/<code>/draft/policy", 403, admin=200),
    Route("POST", "/admin/types/<code>/draft/policy", 403, admin=422, data=NEW),
    Route("GET", "/admin/types/<code>/draft/route/<key>", 403, admin=200, args=STAGE),
    Route("POST", "/admin/types/<code>/draft/route/<key>", 403, admin=422, args=STAGE, data=NEW),
    Route("GET", "/admin/types/<code>/draft/route/<key>/clocks", 403, admin=200, args=STAGE),
    Route("POST", "/admin/types/<code>/draft/route/<key>/clocks", 403, admin=422, args=STAGE,
          data=NEW),
    Route("GET", "/admin/types/<code>/draft/route/<key>/condition", 403, admin=200, args=STAGE),
    Route("POST", "/admin/types/<code>/draft/route/<key>/condition", 403, admin=303, args=STAGE,
          data=NEW),
    Route("GET", "/admin/types/<code>/draft/languages", 403, admin=200),
    Route("POST", "/admin/types/<code>/draft/languages", 403, admin=303, data=NEW),
    Route("GET", "/admin/types/<code>/draft/checks", 403, admin=200),
    Route("POST", "/admin/types/<code>/draft/checks", 403, admin=303, data=NEW),
    Route("GET", "/admin/types/<code>/draft/askers", 403, admin=200),
    Route("POST", "/admin/types/<code>/draft/askers", 403, admin=303, data=NEW),
    Route("GET", "/admin/types/<code>/draft/try", 403, admin=200),
    Route("POST", "/admin/types/<code>/draft/try", 403, admin=422, data=NEW),
    Route("GET", "/admin/types/<code>/draft/past", 403, admin=200),
    Route("POST", "/admin/types/<code>/draft/past", 403, admin=303, data={**NEW, "days": "30"}),
    Route("GET", "/admin/types/<code>/draft/past/state", 403, admin=200),
    Route("GET", "/admin/types/<code>/draft/past.csv", 403, admin=200),
    Route("GET", "/admin/types/<code>/draft/review", 403, admin=200),
    Route("POST", "/admin/types/<code>/draft/review", 403, admin=303, data=NEW),
    Route("POST", "/admin/types/<code>/draft/approve", 403, admin=303, data=NEW),
    Route("POST", "/admin/types/<code>/draft/return", 403, admin=303, data=NEW),
    Route("POST", "/admin/types/<code>/draft/publish", 403, admin=303, data=NEW),
    Route("POST", "/admin/types/<code>/draft/unschedule", 403, admin=303, data=NEW),
    Route("GET", "/admin/types/<code>/draft/discard", 403, admin=200),
    Route("POST", "/admin/types/<code>/draft/discard", 403, admin=303, data=NEW),
    Route("GET", "/admin/types/<code>/retire", 403, admin=200),
    Route("POST", "/admin/types/<code>/retire", 403, admin=303, data={**NEW, "again": "yes"}),
    Route("GET", "/admin/calendars", 403, admin=200),
    Route("GET", "/admin/calendars/due", 403, admin=200),
    Route("GET", "/admin/calendars/new", 403, admin=200),
    Route("POST", "/admin/calendars/new", 403, admin=303, data={**NEW, **OFFICE, "name": "Other"}),
    Route("GET", "/admin/calendars/types/<code>", 403, admin=200),
    Route("POST", "/admin/calendars/types/<code>", 403, admin=303),
    Route("GET", "/admin/calendars/<uuid:calendar_id>", 403, admin=200),
    Route("POST", "/admin/calendars/<uuid:calendar_id>", 403, admin=303, data=OFFICE),
    Route("GET", "/admin/calendars/<uuid:calendar_id>/delete", 403, admin=200),
    Route("POST", "/admin/calendars/<uuid:calendar_id>/delete", 403, admin=303),
    # Being away
    Route("GET", "/away", auditor=403),
    Route("GET", "/away/check", 422, auditor=403),
    Route("POST", "/away", 422, auditor=403, data=NEW),
    Route("POST", "/away/<uuid:delegation_id>/end", 404, auditor=403),
    Route("GET", "/admin/channels", 403, admin=200),
    Route("GET", "/admin/channels/new", 403, admin=200),
    Route("POST", "/admin/channels", 403, admin=303, data=CHANNEL),
    Route("GET", "/admin/channels/<uuid:channel_id>", 403, admin=200),
    # The form does not say which state of the channel was seen.
    Route("POST", "/admin/channels/<uuid:channel_id>/change", 403, admin=409,
          data={"name": "Other"}),
    Route("POST", "/admin/channels/<uuid:channel_id>/switch", 403, admin=303, data={"to": "off"}),
    # Nobody is written to: what is stored is no address.
    Route("POST", "/admin/channels/<uuid:channel_id>/test", 403, admin=303),
    Route("GET", "/admin/channels/<uuid:channel_id>/remove", 403, admin=200),
    Route("POST", "/admin/channels/<uuid:channel_id>/remove", 403, admin=303),
    Route("GET", "/admin/tokens", 403, admin=200),
    Route("GET", "/admin/tokens/new", 403, admin=200),
    Route("POST", "/admin/tokens/new", 403, admin=200,
          data={"token_id": "<new>", "name": "ERP", "scopes": "approvals:read", "days": "30"}),
    Route("GET", "/admin/tokens/<uuid:token_id>/<any(rotate, revoke):act>", 403, admin=404,
          args={"act": "rotate"}),
    Route("POST", "/admin/tokens/<uuid:token_id>/rotate", 403, admin=404),
    Route("POST", "/admin/tokens/<uuid:token_id>/revoke", 403, admin=303),
    Route("GET", "/admin/webhooks", 403, admin=200),
    Route("GET", "/admin/webhooks/new", 403, admin=200),
    Route("POST", "/admin/webhooks/new", 403, admin=200, data=HOOK),
    Route("GET", "/admin/webhooks/deliveries", 403, admin=200),
    Route("GET", "/admin/webhooks/deliveries/<uuid:delivery_id>", 403, admin=404),
    Route("POST", "/admin/webhooks/deliveries/<uuid:delivery_id>/deliver-again", 403, admin=404),
    # The endpoint that was added two rows before.
    Route("GET", "/admin/webhooks/<uuid:endpoint_id>", 403, admin=200),
    # The form does not say which state of the endpoint was seen.
    Route("POST", "/admin/webhooks/<uuid:endpoint_id>/change", 403, admin=303, data=HOOK),
    Route("POST", "/admin/webhooks/<uuid:endpoint_id>/switch", 403, admin=303, data={"to": "off"}),
    Route("POST", "/admin/webhooks/<uuid:endpoint_id>/test", 403, admin=303),
    Route("GET", "/admin/webhooks/<uuid:endpoint_id>/rotate", 403, admin=200),
    Route("POST", "/admin/webhooks/<uuid:endpoint_id>/rotate", 403, admin=200),
    Route("POST", "/admin/webhooks/<uuid:endpoint_id>/end-old-secret", 403, admin=303),
    Route("POST", "/admin/webhooks/<uuid:endpoint_id>/deliver-again", 403, admin=303,
          data={"day": "2026-11-30"}),
    Route("GET", "/admin/webhooks/<uuid:endpoint_id>/remove", 403, admin=200),
    Route("POST", "/admin/webhooks/<uuid:endpoint_id>/remove", 403, admin=303),
    Route("GET", "/admin/streams", 403, admin=200),
    Route("GET", "/admin/streams/new", 403, admin=200),
    Route("POST", "/admin/streams/new", 403, admin=200, data=STREAM),
    # The stream that was added a row before.
    Route("GET", "/admin/streams/<uuid:stream_id>", 403, admin=200),
    Route("POST", "/admin/streams/<uuid:stream_id>/change", 403, admin=409, data=STREAM),
    Route("POST", "/admin/streams/<uuid:stream_id>/switch", 403, admin=303, data={"to": "off"}),
    Route("POST", "/admin/streams/<uuid:stream_id>/test", 403, admin=303),
    Route("POST", "/admin/streams/<uuid:stream_id>/move", 403, admin=303, data={"leaf": "0"}),
    Route("GET", "/admin/streams/<uuid:stream_id>/rotate", 403, admin=200),
    Route("POST", "/admin/streams/<uuid:stream_id>/rotate", 403, admin=200),
    Route("POST", "/admin/streams/<uuid:stream_id>/end-old-secret", 403, admin=303),
    Route("GET", "/admin/streams/<uuid:stream_id>/remove", 403, admin=200),
    Route("POST", "/admin/streams/<uuid:stream_id>/remove", 403, admin=303),
    Route("GET", "/admin/health", 403, admin=200),
    # Temporal is away: nothing was started, and the page says so.
    Route("POST", "/admin/health/<kind>", 403, admin=303, args={"kind": "sealing"}, data=NEW),
    Route("GET", "/admin/messages", 403, admin=200),
    Route("POST", "/admin/messages/send-again", 403, admin=303),
    Route("POST", "/admin/messages/<uuid:message_id>/send-again", 403, admin=303),
    # Asking
    Route("GET", "/requests/new", auditor=403),
    Route("GET", "/requests/new/<code>", 303, auditor=403),
    Route("POST", "/requests/new/<code>", 303, auditor=403, data={**NEW, **ANSWERS}),
    Route("GET", "/requests/new/<code>/check", 404, auditor=403),
    Route("POST", "/requests/new/<code>/submit", 404, auditor=403, data=NEW),
    Route("GET", "/requests/receipt/<uuid:command_id>", 404),
    Route("GET", "/requests/drafts/<uuid:draft_id>/delete", 404, auditor=403),
    Route("POST", "/requests/drafts/<uuid:draft_id>/delete", 404, auditor=403),
    Route("GET", "/attachments/<uuid:attachment_id>", 404),
    # Commands, history, notifications
    Route("GET", "/commands/<uuid:command_id>", 404),
    Route("GET", "/commands/<uuid:command_id>/state", 404),
    Route("GET", "/history"),
    Route("GET", "/history.csv"),
    Route("GET", "/history/<number>", stranger=404),
    Route("GET", "/history/<number>.ndjson", stranger=404),
    Route("GET", "/history/<number>/time", stranger=404),
    Route("GET", "/history/<number>/evidence.zip", 403, auditor=409, admin=409),
    Route("GET", "/audit", 403, auditor=200, admin=200),
    Route("GET", "/audit/exports", 403, auditor=200, admin=200),
    Route("GET", "/audit/<int:number>", 403, auditor=404, admin=404, args={"number": "7"}),
    Route("GET", "/audit/<uuid:subject_id>/<int:seq>", 403, auditor=404, admin=404,
          args={"subject_id": "01a22bd0-0000-7000-8000-000000000001", "seq": "1"}),
    # Nothing was sealed.
    Route("GET", "/audit/evidence.zip", 403, auditor=303, admin=303),
    Route("GET", "/audit.<kind>", 403, auditor=409, admin=409, args={"kind": "csv"}),
    Route("GET", "/search"),
    Route("GET", "/views"),
    Route("POST", "/views", 303, data={"place": "history", "text": "oak", "name": "Oak"}),
    Route("POST", "/views/<uuid:view_id>/delete", 404),
    Route("GET", "/team"),
    Route("GET", "/insights"),
    Route("GET", "/insights/<name>.csv", args={"name": "time"}),
    Route("GET", "/insights/targets", 403, admin=200),
    Route("POST", "/insights/targets", 403, admin=303),
    Route("GET", "/notifications"),
    Route("POST", "/notifications/read", 303),
    Route("POST", "/notifications/<uuid:notification_id>/read", 303),
    # Programs: no cookie counts there; what tokens may do is walked in tests/api/test_tokens.py
    Route("POST", "/api/v1/approvals", 401, visitor=401),
    Route("GET", "/api/v1/approvals", 401, visitor=401),
    Route("GET", "/api/v1/approvals/<workflow_id>/status", 401, visitor=401),
    Route("GET", "/api/v1/approvals/<workflow_id>", 401, visitor=401),
    Route("GET", "/api/v1/approvals/<workflow_id>/events", 401, visitor=401),
    Route("POST", "/api/v1/approvals/<workflow_id>/comments", 401, visitor=401),
    Route("POST", "/api/v1/approvals/<workflow_id>/withdraw", 401, visitor=401),
    Route("POST", "/api/v1/approvals/<workflow_id>/cancel", 401, visitor=401),
    Route("GET", "/api/v1/approvals/<workflow_id>/files", 401, visitor=401),
    Route("POST", "/api/v1/approvals/<workflow_id>/files", 401, visitor=401),
    Route("GET", "/api/v1/approvals/<workflow_id>/files/<file_id>", 401, visitor=401),
    Route("POST", "/api/v1/files", 401, visitor=401),
    Route("GET", "/api/v1/files", 401, visitor=401),
    Route("DELETE", "/api/v1/files/<file_id>", 401, visitor=401),
    Route("GET", "/api/v1/commands/<command_id>", 401, visitor=401),
    Route("GET", "/api/v1/tasks", 401, visitor=401),
    Route("POST", "/api/v1/tasks/<task_id>/decision", 401, visitor=401),
    Route("GET", "/api/v1/people", 401, visitor=401),
    Route("GET", "/api/v1/me", 401, visitor=401),
    Route("GET", "/api/v1/request-types", 401, visitor=401),
    Route("GET", "/api/v1/request-types/<code>", 401, visitor=401),
    # SCIM: as above; tests/scim has what its tokens may do
    Route("GET", "/scim/v2", 401, visitor=401),
    Route("POST", "/scim/v2", 401, visitor=401),
    Route("PUT", "/scim/v2", 401, visitor=401),
    Route("PATCH", "/scim/v2", 401, visitor=401),
    Route("DELETE", "/scim/v2", 401, visitor=401),
    Route("GET", "/scim/v2/<path:path>", 401, visitor=401, args={"path": "Users"}),
    Route("POST", "/scim/v2/<path:path>", 401, visitor=401, args={"path": "Users"}),
    Route("PUT", "/scim/v2/<path:path>", 401, visitor=401, args={"path": "Users"}),
    Route("PATCH", "/scim/v2/<path:path>", 401, visitor=401, args={"path": "Users"}),
    Route("DELETE", "/scim/v2/<path:path>", 401, visitor=401, args={"path": "Users"}),
    Route("GET", "/api/v1/webhooks", 401, visitor=401),
    Route("POST", "/api/v1/webhooks", 401, visitor=401),
    Route("GET", "/api/v1/webhooks/<endpoint_id>", 401, visitor=401),
    Route("PUT", "/api/v1/webhooks/<endpoint_id>", 401, visitor=401),
    Route("DELETE", "/api/v1/webhooks/<endpoint_id>", 401, visitor=401),
    Route("POST", "/api/v1/webhooks/<endpoint_id>/state", 401, visitor=401),
    Route("POST", "/api/v1/webhooks/<endpoint_id>/test", 401, visitor=401),
    Route("POST", "/api/v1/webhooks/<endpoint_id>/rotate", 401, visitor=401),
    Route("POST", "/api/v1/webhooks/<endpoint_id>/end-old-secret", 401, visitor=401),
    Route("POST", "/api/v1/webhooks/<endpoint_id>/redeliver", 401, visitor=401),
    Route("GET", "/api/v1/webhooks/<endpoint_id>/deliveries", 401, visitor=401),
    Route("GET", "/api/v1/webhooks/<endpoint_id>/deliveries/<delivery_id>", 401, visitor=401),
    Route("POST", "/api/v1/webhooks/<endpoint_id>/deliveries/<delivery_id>/redeliver", 401,
          visitor=401),
    Route("GET", "/api/openapi.json", visitor=200),
    Route("GET", "/api/docs", visitor=200),
    Route("GET", "/api/problems/<name>", visitor=200, args={"name": "not-found"}),
]
