"""The history of signing in, in words."""

from portal.domain.people.signing_in import Way, Went
from portal.presentation.labels import Label
from portal.queries.sign_ins import SignInRecord
from portal.translation import _, lazy

WAYS: dict[str, str] = {
    Way.PASSWORD: lazy("password"),
    Way.PASSKEY: lazy("passkey"),
    Way.CODE: lazy("code from an app"),
    Way.RECOVERY_CODE: lazy("recovery code"),
    Way.PROVIDER: lazy("account of your organisation"),
    Way.LINK: lazy("link to set a password"),
}


def outcome(record: SignInRecord) -> Label:
    """What came of it."""
    match record.went:
        case Went.IN:
            return Label(_("Signed in"), "ok", "check")
        case Went.CONFIRMED:
            return Label(_("Confirmed"), "neutral", "check")
    return Label(_("Refused"), "bad", "x-circle")


def ways(record: SignInRecord) -> str:
    """How: by one way, or by two."""
    first = str(WAYS.get(record.how, record.how))
    if record.second is None:
        return first
    return _("%(first)s and %(second)s", first=first, second=str(WAYS.get(record.second, "")))
