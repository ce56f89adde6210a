"""Where to go after signing in: only ever to a page of the portal itself."""

from urllib.parse import urlsplit

# Leads on to the first page of whoever is here.
START = "/"


def is_safe(target: str) -> bool:
    """Whether a browser that follows the address stays here. Browsers drop control characters and
    read a backslash as a slash, so both are refused."""
    if not target.startswith("/") or target.startswith("//") or "\\" in target:
        return False
    if not target.isprintable():
        return False
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc and parts.path != "/sign-out"


def safe_next(target: str) -> str:
    """The wished page, or the person's first page where the wish leads elsewhere."""
    return target if is_safe(target) else START
