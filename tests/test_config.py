"""Settings: what is read, what is refused, what is shown."""

import os
import secrets
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from portal import config
from portal.config import ConfigurationError, Settings

DEVELOPMENT = {
    "ENVIRONMENT": "development",
    "DATABASE_URL": "postgresql://ana:hunter2@127.0.0.1:5433/gloria",
    "SECRET_KEY": "short",
}
PRODUCTION = {
    **DEVELOPMENT,
    "ENVIRONMENT": "production",
    "SECRET_KEY": "kJ8wq3Zp0tVfY6sLmB1xR9cN4uHdE7aG2oQi",
    "PUBLIC_URL": "https://approvals.example.org/",
}


def test_the_defaults_are_those_of_the_documentation() -> None:
    settings = Settings.from_environment(DEVELOPMENT)
    assert settings.temporal_address == "localhost:7233"
    assert settings.temporal_namespace == "default"
    assert settings.temporal_ui_url == "http://localhost:8233"
    assert (settings.session_idle_minutes, settings.session_absolute_hours) == (30, 12)


def test_settings_cannot_be_changed() -> None:
    settings = Settings.from_environment(DEVELOPMENT)
    with pytest.raises(FrozenInstanceError):
        settings.public_url = "https://evil.example"  # type: ignore[misc]


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_database_address_is_normalised(scheme: str) -> None:
    env = DEVELOPMENT | {"DATABASE_URL": f"{scheme}://ana@host/gloria"}
    settings = Settings.from_environment(env)
    assert settings.database_url == "postgresql://ana@host/gloria"
    assert settings.sqlalchemy_url == "postgresql+psycopg://ana@host/gloria"


def test_repr_shows_no_secret() -> None:
    shown = repr(Settings.from_environment(PRODUCTION))
    assert "hunter2" not in shown
    assert PRODUCTION["SECRET_KEY"] not in shown
    assert "ana:***@127.0.0.1:5433/gloria" in shown


def test_production_trusts_only_its_own_host() -> None:
    settings = Settings.from_environment(PRODUCTION | {"TRUSTED_HOSTS": "inner.example, "})
    assert settings.trusted_hosts == ("approvals.example.org", "inner.example")
    assert settings.public_url == "https://approvals.example.org"


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text(PRODUCTION["SECRET_KEY"] + "\n")
    env = PRODUCTION | {"SECRET_KEY": "", "SECRET_KEY_FILE": str(secret)}
    assert Settings.from_environment(env).secret_key == PRODUCTION["SECRET_KEY"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "dev"),
        ("SECRET_KEY", "a" * 64),
        ("SECRET_KEY", "vT4qzM9xKc1LrW7hNp2YdG6sJb3FuE8"),  # random, and one too short
        ("SECRET_KEY", "change-me-change-me-change-me-change-me"),
        ("SECRET_KEY_FILE", "/nowhere/at/all"),
        ("PUBLIC_URL", ""),
        ("PUBLIC_URL", "http://approvals.example.org"),
        ("PUBLIC_URL", "approvals.example.org"),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "sqlite:///x.db"),
        ("ENVIRONMENT", "prod"),
        ("LOG_LEVEL", "chatty"),
        ("TEMPORAL_ADDRESS", "http://localhost:7233"),
        ("TEMPORAL_ADDRESS", "localhost"),
        ("DATABASE_POOL_SIZE", "0"),
        ("DATABASE_POOL_SIZE", "9" * 5000),
        ("OUTCOME_WAIT_MS", "half a second"),
    ],
)
def test_production_refuses_and_names_the_variable(name: str, value: str) -> None:
    env = PRODUCTION | {name: value}
    if name == "SECRET_KEY_FILE":
        env["SECRET_KEY"] = ""
    with pytest.raises(ConfigurationError, match=name) as refusal:
        Settings.from_environment(env)
    assert [variable for variable, _ in refusal.value.problems] == [name]


def test_a_refusal_never_repeats_a_secret() -> None:
    with pytest.raises(ConfigurationError) as refusal:
        Settings.from_environment(PRODUCTION | {"SECRET_KEY": "hunter2hunter2"})
    assert "hunter2" not in str(refusal.value)


def test_without_an_environment_the_strict_rules_hold() -> None:
    env = {name: value for name, value in DEVELOPMENT.items() if name != "ENVIRONMENT"}
    with pytest.raises(ConfigurationError):
        Settings.from_environment(env)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    env = {"ENVIRONMENT": "production", "LOG_LEVEL": "chatty", "SMTP_USER": "gloria"}
    with pytest.raises(ConfigurationError) as refusal:
        Settings.from_environment(env)
    names = [variable for variable, _ in refusal.value.problems]
    assert names == ["LOG_LEVEL", "DATABASE_URL", "SECRET_KEY", "SMTP_PASSWORD", "PUBLIC_URL"]
    assert len(str(refusal.value).splitlines()) == len(names)


@pytest.mark.parametrize("name", ["TRUSTED_HOST", "DATABASE_URI", "SMPT_HOST", "RELAY_INTERVAL"])
def test_a_misspelt_setting_is_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is not a setting: [A-Z_]+ is meant"):
        Settings.from_environment(PRODUCTION | {name: "1"})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("TEMPORAL_ENCRYPT", "those of this name are .*TEMPORAL_ADDRESS"),
        ("DATABASE_PASSWORD", "those of this name are DATABASE_MIGRATION_URL, DATABASE_POOL_SIZE,"),
        ("SMTP_SECURITY", "those of this name are .*SMTP_TLS"),
        ("PUBLIC_URL_FILE", "only secrets may stand in a file .*SECRET_KEY"),
    ],
)
def test_an_unknown_setting_of_our_families_is_named(name: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is not a setting: {words}") as refusal:
        Settings.from_environment(PRODUCTION | {name: "true"})
    assert [variable for variable, _ in refusal.value.problems] == [name]


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({"TEMPORAL_TLS": "yes"}, "TEMPORAL_TLS"),
        ({"TEMPORAL_API_KEY": "k"}, "TEMPORAL_TLS"),
        ({"TEMPORAL_TLS_SERVER_NAME": "here"}, "TEMPORAL_TLS"),
        ({"TEMPORAL_TLS": "true", "TEMPORAL_TLS_CLIENT_CERT_PATH": __file__},
         "TEMPORAL_TLS_CLIENT_KEY_PATH"),
        ({"SMTP_CA": "/nowhere"}, "SMTP_CA"),
    ],
)  # fmt: skip
def test_half_of_an_encryption_is_none(env: dict[str, str], name: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        Settings.from_environment(PRODUCTION | env)
    assert [variable for variable, _ in refusal.value.problems] == [name]


@pytest.mark.parametrize(
    "url",
    [
        "https://approvals.example.org/portal",
        "https://approvals.example.org#here",
        "https://ana@approvals.example.org",
        "https://approvals.example.org:many",
        "https://[::1",
    ],
)
def test_the_portal_stands_at_the_root_of_a_host(url: str) -> None:
    with pytest.raises(ConfigurationError, match="PUBLIC_URL must"):
        Settings.from_environment(PRODUCTION | {"PUBLIC_URL": url})


@pytest.mark.parametrize("rest", ["a:p@ss/w@host:x/db", "[::1/db", "a:hunter2@host:port/db", "%zz"])
def test_an_address_of_a_database_that_makes_no_sense_is_one_sentence(rest: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL must be like") as refusal:
        Settings.from_environment(PRODUCTION | {"DATABASE_URL": f"postgresql://{rest}"})
    assert "hunter2" not in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize(
    "name",
    ["TEMPORAL_PORT_7233_TCP", "DATABASE_SERVICE_HOST", "TEMPORAL_PROFILE", "SMTP_ENV_LANG"],
)
def test_where_neighbours_are_is_no_setting(name: str) -> None:
    assert Settings.from_environment(PRODUCTION | {name: "1"}).is_production


@pytest.mark.parametrize("name", ["SESSION_MANAGER", "TEMPORAL_PORT", "DATABASE_PORT", "LOGLEVEL"])
def test_what_other_programs_read_is_left_alone(name: str) -> None:
    assert Settings.from_environment(PRODUCTION | {name: "1"}).is_production


@pytest.mark.parametrize(
    "key",
    [
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "kJ8wq3Zp0tVf" * 4,
        "qwertyuiopasdfghjklzxcvbnm1234567890",
        "My-pAsSwOrD-is-kJ8wq3Zp0tVfY6sLmB1xR9",
        "aB1aB2aB3aB1aB1aB2aB2aB3aB3aB1aB2aB3",
    ],
)
def test_a_key_that_can_be_guessed_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY is easy to guess"):
        Settings.from_environment(PRODUCTION | {"SECRET_KEY": key})


@pytest.mark.parametrize("length", [16, 24, 36])
def test_random_keys_are_taken(length: int) -> None:
    for _ in range(200):
        for key in (secrets.token_hex(length), secrets.token_urlsafe(max(length, 24))):
            Settings.from_environment(PRODUCTION | {"SECRET_KEY": key})


def test_production_does_not_trust_every_host() -> None:
    with pytest.raises(ConfigurationError, match="TRUSTED_HOSTS must name hosts"):
        Settings.from_environment(PRODUCTION | {"TRUSTED_HOSTS": "inner.example, *"})


@pytest.fixture
def copy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """The process environment beside the var/local.env of a development copy."""
    environ = {"SECRET_KEY": PRODUCTION["SECRET_KEY"]}
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setattr(os, "environ", environ)
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "local.env").write_text(
        "ENVIRONMENT=development\nDATABASE_URL=postgresql://ana@copy/gloria\nLOG_LEVEL=DEBUG\n"
    )
    return environ


@pytest.mark.parametrize("environment", ["", "production"])
def test_production_reads_nothing_of_a_development_copy(
    copy: dict[str, str], environment: str
) -> None:
    copy["ENVIRONMENT"] = environment
    with pytest.raises(ConfigurationError, match="DATABASE_URL is missing"):
        Settings.from_environment()


def test_a_development_copy_reads_what_it_keeps(copy: dict[str, str]) -> None:
    copy["ENVIRONMENT"] = "development"
    assert Settings.from_environment().log_level == "DEBUG"
    copy["DATABASE_URL"] = "postgresql://ana@elsewhere/gloria"
    assert Settings.from_environment().log_level == "INFO"


def test_a_file_of_settings_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever runs a command as the wrong user is told that every setting is missing."""
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setenv("ENVIRONMENT", "production")
    assert config.gathered()["ENVIRONMENT"] == "production"
    (tmp_path / ".env").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match=r"\.env cannot be read"):
        config.gathered()
    (tmp_path / "elsewhere").write_text("PUBLIC_URL=https://approvals.example.org\n")
    assert config.gathered()["PUBLIC_URL"] == "https://approvals.example.org"
