"""The portal's cookies: their names, and how they are set."""

from typing import TYPE_CHECKING

from portal.config import Settings

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


def is_https(settings: Settings) -> bool:
    """Whether people reach the portal over HTTPS."""
    return settings.public_url.startswith("https://")


def cookie_name(settings: Settings, name: str) -> str:
    """`gloria-session`; over HTTPS `__Host-gloria-session`, which no sibling site can set."""
    return f"__Host-gloria-{name}" if is_https(settings) else f"gloria-{name}"


def set_cookie(
    response: "Response", settings: Settings, name: str, value: str, max_age: int | None = None
) -> None:
    """Set a cookie that no script reads. Without `max_age` (seconds) it ends with the browser."""
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=max_age,
        path="/",
        secure=is_https(settings),
        httponly=True,
        samesite="Lax",
    )


def delete_cookie(response: "Response", settings: Settings, name: str) -> None:
    """Take a cookie back."""
    set_cookie(response, settings, name, "", max_age=0)
