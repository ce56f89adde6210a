"""What each application works out anew when it is made, kept for the next one of the process.

Nearly every test of pages makes an application. Compiling its templates, its rules of addresses
and its statements took longer than the test.
"""

from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Map
from werkzeug.routing.rules import Rule


class RememberedTemplates(BytecodeCache):
    """The code of templates, by their source and whatever else of an application it depends on."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.known: dict[Any, CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what is known."""
        bucket.code = self.known.get(self._key(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        if bucket.code is not None:
            self.known[self._key(bucket)] = bucket.code

    def _key(self, bucket: Bucket) -> Any:
        made = bucket.environment
        names = [frozenset(each) for each in (made.filters, made.tests, made.extensions)]
        return bucket.key, bucket.checksum, made.trim_blocks, made.lstrip_blocks, *names


class RememberedStatements(LRUCache[Any, Any]):
    """The SQL of statements, for all engines whose dialects write the same."""

    def get(self, key: Any, default: Any = None) -> Any:
        """What was compiled of it."""
        return super().get(self._key(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Keep what was compiled."""
        super().__setitem__(self._key(key), value)

    def _key(self, key: Any) -> Any:
        dialect, *others = key
        version = getattr(dialect, "server_version_info", None)
        makers = dialect._json_serializer, dialect._json_deserializer
        return type(dialect), version, *makers, *others


WORKED_OUT = ("_parts", "_trace", "_converters")


class RememberedRules:
    """What the words of a rule mean, by all that it depends on: they are the same each time."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.known: dict[Any, tuple[Any, ...]] = {}
        self.compiled = Rule.compile

    def compile(self, rule: Rule) -> None:
        """Take what is known, or work it out and keep it."""
        if rule.defaults:  # they are converted, by the application's own converters
            self.compiled(rule)
            return
        made = rule.map
        assert isinstance(made, Map)
        settings = made.host_matching, rule.merge_slashes, rule.host, rule.subdomain
        key = rule.rule, *settings, *made.converters.values()
        if key not in self.known:
            self.compiled(rule)
            builders = rule._build.__func__, rule._build_unknown.__func__  # type: ignore[attr-defined]
            self.known[key] = {*rule.arguments}, builders, [getattr(rule, n) for n in WORKED_OUT]
            return
        arguments, (known, unknown), worked_out = self.known[key]
        rule.arguments |= arguments
        rule._build = known.__get__(rule, None)
        rule._build_unknown = unknown.__get__(rule, None)
        for name, value in zip(WORKED_OUT, worked_out, strict=True):
            setattr(rule, name, value)


def remember() -> None:
    """From now on, applications of this process remember."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": RememberedTemplates()}
    rules, statements = RememberedRules(), RememberedStatements(5_000)
    Rule.compile = lambda rule: rules.compile(rule)  # type: ignore[method-assign]

    def keep(engine: Engine, cache: Any) -> None:
        is_ours = cache is not None and engine.dialect.name == "postgresql"
        vars(engine)["remembered"] = statements if is_ours else cache

    cache = property(lambda engine: vars(engine)["remembered"], keep)
    Engine._compiled_cache = cache  # type: ignore[assignment]
