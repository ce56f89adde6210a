"""Where to go after signing in: only ever to a page of the portal itself."""

from urllib.parse import urlsplit

from portal.domain.people.permissions import Role


def home(roles: frozenset[Role]) -> str:
    """The first page of a person: auditors decide nothing, so theirs is the history."""
    return "/history" if Role.AUDITOR in roles else "/inbox"


def is_safe(target: str) -> bool:
    """Whether a browser that follows the address stays here. Browsers drop control characters and
    read a backslash as a slash, so both are refused."""
    if not target.startswith("/") or target.startswith("//") or "\\" in target:
        return False
    if not target.isprintable():
        return False
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc and parts.path != "/sign-out"


def safe_next(target: str, roles: frozenset[Role]) -> str:
    """The wished page, or the person's first page where the wish leads elsewhere."""
    return target if is_safe(target) else home(roles)
