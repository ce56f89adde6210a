"""What each application works out anew when it is made, kept for the next one of the process.

Nearly every test of pages makes an application. Compiling its templates and the builders of its
addresses took longer than the test.
"""

from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
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


def remember() -> None:
    """From now on, applications of this process remember."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": RememberedTemplates()}
    compiled, known = Rule._compile_builder, dict[Any, Any]()

    def builder(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:  # they are converted, by the application's own converters
            return compiled(rule, append_unknown)
        key = rule.rule, *rule._trace, append_unknown
        if key not in known:
            known[key] = compiled(rule, append_unknown)
        return known[key]

    Rule._compile_builder = builder  # type: ignore[method-assign]
