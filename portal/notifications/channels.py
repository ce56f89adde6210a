"""Which ways out of the portal are set up."""

from portal.config import Settings
from portal.domain.notices.kinds import Channel


def of(settings: Settings) -> tuple[str, ...]:
    """The channels that messages can be sent by now."""
    return (Channel.MAIL.value,) if settings.mail.host else ()
