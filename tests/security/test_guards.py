"""A view without a rule stops the start."""

import pytest
from flask import Flask

from portal.domain.people.permissions import Permission
from portal.security.guards import UnguardedView, check_all, guard_of, public, requires


def view() -> str:
    return "seen"


def test_a_view_without_a_rule_is_named() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/", "forgotten", lambda: "seen")
    with pytest.raises(UnguardedView, match="forgotten"):
        check_all(app)


def test_rules_are_noted_on_the_view() -> None:
    assert guard_of(view) is None
    rule = guard_of(requires(Permission.HOLD, own_settings=True)(lambda: "seen"))
    assert rule is not None
    assert (rule.permission, rule.own_settings) == (Permission.HOLD, True)
    assert guard_of(public(lambda: "seen")).permission is None
