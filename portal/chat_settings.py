"""Which chat services administrators may set up, and which hosts inside they may be on."""

from dataclasses import dataclass

from portal.domain.notices.chat import SERVICES, USUAL
from portal.environment import ConfigurationError, EnvironmentReader


@dataclass(frozen=True, kw_only=True)
class ChatSettings:
    """What holds for every chat channel.

    `schemes`: those that an address may begin with. `allowed_hosts`: names and addresses that may
    lead into the organisation's own network; any other has to be public. `timeout_seconds` bounds
    the whole of one message's talk with the service.
    """

    schemes: tuple[str, ...] = USUAL
    allowed_hosts: tuple[str, ...] = ()
    timeout_seconds: int = 10

    @classmethod
    def read(cls, read: EnvironmentReader) -> "ChatSettings":
        """From the environment. Raises ConfigurationError for a scheme that is none of ours."""
        schemes = _named(read.text("CHAT_SCHEMES", ",".join(USUAL)))
        unknown = [each for each in schemes if each not in SERVICES]
        if unknown:
            raise ConfigurationError(
                "CHAT_SCHEMES", f"knows no {', '.join(unknown)}: name some of {', '.join(SERVICES)}"
            )
        return cls(
            schemes=schemes,
            allowed_hosts=_named(read.text("CHAT_ALLOWED_HOSTS", "")),
            timeout_seconds=read.number("CHAT_TIMEOUT_SECONDS", 10, 1, 60),
        )


def _named(given: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip().lower() for name in given.split(",") if name.strip()))
