"""How mail leaves the house, checked once."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from portal.environment import ConfigurationError, EnvironmentReader

TLS = ("starttls", "tls", "none")
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
# One person, in one line; quotation marks and commas would make two of it.
SENDER = re.compile(
    r'(?:(?P<name>[^<>",;:@\x00-\x1f]{1,100}) )?<?(?P<address>[^\s<>",;:@]+@[^\s<>",;:@]+)>?'
)


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """The mail server and the sender. Without a host no mail is sent.

    `tls`: "starttls", "tls" (from the first byte) or "none". `timeout_seconds` bounds the whole of
    one message's talk with the server. `catcher_dir`: where a development server keeps what it
    catches, for `/dev/mail`.
    """

    host: str = ""
    port: int = 587
    tls: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = "Gloria Approvals <approvals@localhost>"
    timeout_seconds: int = 10
    catcher_dir: Path | None = None

    @classmethod
    def read(cls, read: EnvironmentReader) -> "MailSettings":
        """From the environment, not yet checked. Raises ConfigurationError."""
        caught = read.text("MAIL_CATCHER_DIR", "")
        tls = read.choice("SMTP_TLS", TLS, "starttls")
        return cls(
            host=read.text("SMTP_HOST", ""),
            port=read.number("SMTP_PORT", 465 if tls == "tls" else 587, 1, 65_535),
            tls=tls,
            user=read.text("SMTP_USER", ""),
            password=read.secret("SMTP_PASSWORD"),
            sender=read.text("MAIL_FROM", cls.sender),
            timeout_seconds=read.number("SMTP_TIMEOUT_SECONDS", 10, 1, 60),
            catcher_dir=Path(caught) if caught else None,
        )

    def checked(self, production: bool) -> "MailSettings":
        """The same settings; raises ConfigurationError where they are unsafe or make no sense."""
        if not SENDER.fullmatch(self.sender):
            raise ConfigurationError("MAIL_FROM", "must be like Approvals <approvals@example.org>")
        if bool(self.user) != bool(self.password):
            missing = "SMTP_PASSWORD" if self.user else "SMTP_USER"
            raise ConfigurationError(missing, "is missing: give both or neither")
        if production:
            self._refuse_unsafe()
        return self

    def _refuse_unsafe(self) -> None:
        if self.catcher_dir is not None:
            raise ConfigurationError("MAIL_CATCHER_DIR", "does not belong into production")
        if not self.host:
            return
        if self.tls == "none" and self.host not in LOCAL_HOSTS:
            raise ConfigurationError("SMTP_TLS", "must be starttls or tls for a server elsewhere")
        if self.sender_domain == "localhost":
            raise ConfigurationError("MAIL_FROM", "is missing: name the sender of the mails")

    @property
    def sender_address(self) -> str:
        """The address alone."""
        found = SENDER.fullmatch(self.sender)
        return found["address"] if found else ""

    @property
    def sender_name(self) -> str:
        """The name before the address, which may be empty."""
        found = SENDER.fullmatch(self.sender)
        return (found["name"] or "") if found else ""

    @property
    def sender_domain(self) -> str:
        """What stands behind the @; message ids end with it."""
        return self.sender_address.rpartition("@")[2]
