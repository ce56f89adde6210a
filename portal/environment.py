"""Reading single values out of an environment, each with a clear refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


class ConfigurationError(Exception):
    """A setting is missing, malformed or unsafe. Names the variable, never a secret's value."""

    def __init__(self, variable: str, reason: str) -> None:
        super().__init__(f"{variable} {reason}.")
        self.variable = variable
        self.reason = reason


@dataclass(frozen=True)
class EnvironmentReader:
    """Typed reading of environment variables. An empty value counts as not given."""

    env: Mapping[str, str]

    def text(self, name: str, default: str) -> str:
        """The value without surrounding space, or the default."""
        return self.env.get(name, "").strip() or default

    def secret(self, name: str) -> str:
        """The value, or the contents of the file that ``<name>_FILE`` points at, or ``""``."""
        path = self.text(f"{name}_FILE", "")
        if self.text(name, "") or not path:
            return self.text(name, "")
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{name}_FILE", "points at no readable file") from error

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of ``allowed``."""
        value = self.text(name, default)
        if value not in allowed:
            raise ConfigurationError(name, f"must be one of {', '.join(allowed)}")
        return value

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number between ``least`` and ``most``, both allowed."""
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdigit()) or not least <= int(value[:12]) <= most:
            raise ConfigurationError(name, f"must be a whole number from {least} to {most}")
        return int(value)

    def url(self, name: str, default: str | None) -> str:
        """An http or https address without a trailing slash; no default means compulsory."""
        value = self.text(name, default or "").rstrip("/")
        if not value:
            raise ConfigurationError(name, "is missing")
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ConfigurationError(name, "must be an address like https://approvals.example.org")
        return value

    def address(self, name: str, default: str) -> str:
        """A ``host:port`` pair."""
        value = self.text(name, default)
        host, _, port = value.rpartition(":")
        if not host or "/" in host or not port.isdigit() or not 0 < int(port[:6]) < 65536:
            raise ConfigurationError(name, "must be host:port, like localhost:7233")
        return value
