"""Modules import in one direction. What rooms may import: .importlinter, by ./scripts/check."""

from graphlib import TopologicalSorter

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
    # A room with pages of its own. The mover writes the same rows as the recorder does, and starts
    # the same workflows.
    "legacy": frozenset(
        {
            "domain",
            "models",
            "temporal",
            "background.reconcile",
            "config",
            "extensions",
            "forms",
            "queries",
            "presenters",
            "presentation",
            "security",
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


def test_no_modules_import_each_other_by_whatever_way() -> None:
    graph = grimp.build_graph("portal", cache_dir=None)
    needs = {each: graph.find_modules_directly_imported_by(each) for each in graph.modules}
    TopologicalSorter(needs).prepare()  # raises CycleError, which names the modules
