"""Deny by default: a view says who may come in, or the portal does not start.

    @blueprint.get("/inbox")
    @requires(Permission.DECIDE_OWN_TASKS)
    def inbox() -> str: ...

The rule is only noted here; `portal.security.gate` holds it before any view runs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask

from portal.domain.people.permissions import Permission

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Guard:
    """A view's rule. `permission` None lets everybody in. `own_settings`: what it changes is only
    the person's own (sign-out, theme, read marks), so auditors may do it too. `uploads`: its posts
    carry files, so they may be larger than others."""

    permission: Permission | None
    own_settings: bool = False
    uploads: bool = False


class UnguardedView(Exception):
    """A view has neither `@public` nor `@requires`."""


def public(view: View) -> View:
    """Let everybody in, signed in or not."""
    return _mark(view, Guard(None))


def requires(
    permission: Permission, *, own_settings: bool = False, uploads: bool = False
) -> Callable[[View], View]:
    """Let in signed-in people whose roles grant the permission; see `Guard` for the rest."""

    def decorate(view: View) -> View:
        return _mark(view, Guard(permission, own_settings, uploads))

    return decorate


def guard_of(view: Callable[..., Any] | None) -> Guard | None:
    """The view's rule, or None where nobody wrote one."""
    return getattr(view, "portal_guard", None)


def check_all(app: Flask) -> None:
    """Raise UnguardedView, naming the endpoints, where a view has no rule."""
    missing = [name for name, view in app.view_functions.items() if guard_of(view) is None]
    if missing:
        raise UnguardedView(f"without @public or @requires: {', '.join(sorted(missing))}")


def _mark(view: View, guard: Guard) -> View:
    view.portal_guard = guard  # type: ignore[attr-defined]  # functions may carry attributes
    return view
