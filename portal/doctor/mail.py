"""The mail server: does it talk to us, encrypted, and let us in? Nothing is sent."""

from collections.abc import Iterator

from portal.config import Settings
from portal.doctor.finding import Finding, fault, warning, well
from portal.notifications.smtp import MailNotTaken, SmtpConnection


def examine(settings: Settings) -> Iterator[Finding]:
    """Connect as for a mail: encrypt, sign in, leave."""
    mail = settings.mail
    if not mail.host:
        said = "SMTP_HOST is not set: nobody is mailed anything"
        yield warning("mail.none", said, "set SMTP_HOST and MAIL_FROM")
        return
    place = f"{mail.host}:{mail.port}"
    try:
        with SmtpConnection(mail) as server:
            server.open()
    except MailNotTaken as reason:
        yield fault("mail.away", f"{place} takes no mail from us: {reason}", _advice(str(reason)))
        return
    yield well("mail", f"{place} lets us in (SMTP_TLS={mail.tls})")


def _advice(said: str) -> str:
    said = said.lower()
    if "certificate" in said:
        return "SMTP_HOST must be the name in the certificate; a CA of your own goes to SMTP_CA"
    if "starttls" in said:
        return "the server offers no STARTTLS on this port: SMTP_TLS=tls with SMTP_PORT=465?"
    if any(code in said for code in ("535", "534", "530")):
        return "look at SMTP_USER and SMTP_PASSWORD"
    return "look at SMTP_HOST, SMTP_PORT and SMTP_TLS, and at firewalls between"
