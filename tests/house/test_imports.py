"""Who may import whom: the table of the architecture. Dependencies point inward only."""

import ast
import sys
from pathlib import Path

import pytest

from tests.house.tree import PORTAL, Import, imports, label, named, parsed

EVERYTHING = frozenset({"*"})

# A name with a dot grants that module only. Every room may import itself. Beside the architecture's
# table stand: `extensions.db`, the session through which models are read; `workflows.messages`, the
# dataclasses that travel between a workflow and its activities; `workflows.names`, the ids that
# workflows are started with; and `activities` for what is written in past time (`legacy`, `demo`):
# the record has one way of being written.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "translation": frozenset(),
    "environment": frozenset(),
    "config": frozenset({"environment", "mail_settings", "chat_settings"}),
    "mail_settings": frozenset({"environment"}),
    "chat_settings": frozenset({"environment", "domain"}),
    "extensions": frozenset(),
    "logs": frozenset({"config"}),
    "domain": frozenset(),
    "workflows": frozenset({"domain"}),
    "models": frozenset({"domain", "extensions"}),
    "directory": frozenset({"domain", "models"}),
    "activities": frozenset(
        {
            "workflows.ports",
            "workflows.messages",
            "domain",
            "models",
            "directory",
            "notifications",
            "extensions.db",
        }
    ),
    # What talks to chat services: the sender does, and the test message of an administrator.
    "chat": frozenset({"chat_settings", "domain"}),
    "temporal": frozenset({"workflows", "domain", "models", "config"}),
    "background": frozenset(
        {"temporal", "domain", "models", "directory", "notifications", "workflows", "config"}
    ),
    "queries": frozenset({"domain", "models", "extensions.db"}),
    "services": frozenset(
        {
            "domain",
            "models",
            "directory",
            "chat",
            "chat_settings",
            "temporal.gateway",
            "security.tokens",
            "extensions.db",
        }
    ),
    "notifications": frozenset({"domain", "models", "config", "chat"}),
    "forms": frozenset({"domain"}),
    "presentation": frozenset({"domain"}),
    "security": frozenset({"domain", "models", "extensions", "config"}),
    "presenters": frozenset({"forms", "services", "queries", "security", "presentation", "domain"}),
    "pages": frozenset(
        {"forms", "services", "queries", "presenters", "security", "presentation", "domain"}
    ),
    "api": frozenset({"forms", "services", "queries", "security", "presentation", "domain"}),
    # The mover writes the same rows as the recorder does, and starts the same workflows.
    "legacy": frozenset(
        {
            "domain",
            "models",
            "temporal",
            "background.reconcile",
            "config",
            "workflows.names",
            "workflows.messages",
            "activities.chaining",
            "activities.projection",
            "activities.record",
            "activities.standing",
        }
    ),
    "demo": frozenset(
        {
            "domain",
            "models",
            "directory",
            "activities.record",
            "workflows.messages",
            "workflows.names",
            "services.passwords",
            "extensions.db",
        }
    ),
    "cli": EVERYTHING - {"pages", "api", "app"},
    "app": EVERYTHING,
}
OUTSIDE = {"domain": frozenset(sys.stdlib_module_names)}
OUTSIDE["workflows"] = OUTSIDE["domain"] | {"temporalio"}
OUTERMOST = {"app", "cli"}
ONLY_APP = {"pages", "api"}

FILES = named(".py", under=("portal",))


def room(path: Path) -> str:
    """The room of a file: the folder or module right under ``portal``."""
    return path.relative_to(PORTAL).with_suffix("").parts[0]


def is_allowed(found: Import) -> bool:
    """Whether the table lets this file import that module."""
    own = room(found.file)
    parts = found.module.split(".")
    if parts[0] != "portal":
        return own not in OUTSIDE or parts[0] in OUTSIDE[own]
    target = parts[1] if len(parts) > 1 else ""
    if target == own:
        return True
    if own == "app":
        return True
    if target in OUTERMOST | ONLY_APP:
        return False
    granted = MAY_IMPORT[own]
    if target == "translation":  # whoever shows a text; the domain and workflows only mark theirs
        return own not in OUTSIDE
    return "*" in granted or target in granted or ".".join(parts[1:3]) in granted


def test_every_room_stands_in_the_table() -> None:
    rooms = {room(path) for path in FILES} - {"__init__"}
    assert rooms <= MAY_IMPORT.keys()


@pytest.mark.parametrize("path", FILES, ids=label)
def test_imports_follow_the_table(path: Path) -> None:
    wrong = [f"line {each.line}: {each.module}" for each in imports(path) if not is_allowed(each)]
    assert not wrong


def test_the_package_itself_imports_nothing() -> None:
    tree = parsed(PORTAL / "__init__.py")
    assert not [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
