"""How mail leaves the house: what is read, and what production refuses."""

import pytest

from portal.config import ConfigurationError, Settings
from tests.test_config import DEVELOPMENT, PRODUCTION

MAIL = {
    "SMTP_HOST": "mail.example.org",
    "SMTP_USER": "gloria",
    "SMTP_PASSWORD": "hunter3",
    "MAIL_FROM": "Approvals <approvals@example.org>",
}


def test_what_is_read() -> None:
    mail = Settings.from_environment(PRODUCTION | MAIL).mail
    assert (mail.host, mail.port, mail.tls) == ("mail.example.org", 587, "starttls")
    assert (mail.sender_name, mail.sender_address) == ("Approvals", "approvals@example.org")
    assert mail.sender_domain == "example.org"
    assert Settings.from_environment(PRODUCTION | MAIL | {"SMTP_TLS": "tls"}).mail.port == 465


def test_without_a_host_nothing_is_mailed() -> None:
    assert Settings.from_environment(PRODUCTION).mail.host == ""


def test_the_password_is_not_shown() -> None:
    assert "hunter3" not in repr(Settings.from_environment(PRODUCTION | MAIL))


@pytest.mark.parametrize(
    ("change", "variable"),
    [
        ({"SMTP_TLS": "none"}, "SMTP_TLS"),
        ({"SMTP_PASSWORD": ""}, "SMTP_PASSWORD"),
        ({"SMTP_USER": ""}, "SMTP_USER"),
        ({"MAIL_FROM": ""}, "MAIL_FROM"),
        ({"MAIL_FROM": "a@b.example, c@d.example"}, "MAIL_FROM"),
        ({"MAIL_FROM": "Jo\r\nBcc: x@y.example <a@b.example>"}, "MAIL_FROM"),
        ({"MAIL_CATCHER_DIR": "/tmp/mail"}, "MAIL_CATCHER_DIR"),
        ({"SMTP_PORT": "0"}, "SMTP_PORT"),
        ({"SMTP_TLS": "yes"}, "SMTP_TLS"),
        ({"SMTP_TIMEOUT_SECONDS": "600"}, "SMTP_TIMEOUT_SECONDS"),
    ],
)
def test_production_refuses(change: dict[str, str], variable: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environment(PRODUCTION | MAIL | change)
    assert [each for each, _ in refused.value.problems] == [variable]


def test_a_server_on_this_host_may_do_without_tls() -> None:
    env = PRODUCTION | MAIL | {"SMTP_HOST": "localhost", "SMTP_TLS": "none"}
    assert Settings.from_environment(env).mail.tls == "none"


def test_development_may_catch() -> None:
    env = DEVELOPMENT | {"SMTP_HOST": "127.0.0.1", "SMTP_TLS": "none", "MAIL_CATCHER_DIR": "/x"}
    assert str(Settings.from_environment(env).mail.catcher_dir) == "/x"
