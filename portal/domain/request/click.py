"""Where a command came from, kept beside it for auditors."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Click:
    """The address and the browser of a click; None where it did not come by the web."""

    ip: str | None = None
    user_agent: str | None = None
