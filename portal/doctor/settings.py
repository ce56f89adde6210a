"""What the settings say that is allowed, and seldom meant. What is wrong stops every process."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from portal.config import ROOT, SECRETS, Settings, gathered
from portal.doctor.finding import Finding, warning, well

# Where Compose and Kubernetes mount a container's secrets. Nobody else is in there, and on the host
# the folder around them is closed (docs/deployment.md), since the users' numbers differ.
MOUNTED = Path("/run/secrets")


def examine(settings: Settings, env: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """The settings of a production that are left to chance; `env` replaces where they stand."""
    yield well("settings", f"ENVIRONMENT={settings.environment}, all settings can be read")
    if not settings.is_production:
        said = f"ENVIRONMENT={settings.environment}: unsafe settings are accepted"
        yield warning("settings.environment", said, "set ENVIRONMENT=production where people work")
    else:
        yield from _of_production(settings)
    for path in _secret_files(gathered() if env is None else env):
        if path.is_relative_to(MOUNTED):
            continue
        if path.exists() and path.stat().st_mode & 0o007:
            said = f"{path} holds a secret and every user of this machine can read it"
            yield warning("settings.readable", said, f"chmod o-rwx {path}")


def _of_production(settings: Settings) -> Iterator[Finding]:
    if settings.log_level == "DEBUG":
        said = "LOG_LEVEL=DEBUG: a line for every step fills the disk"
        yield warning("settings.debug", said, "set LOG_LEVEL=INFO")
    if settings.database_migration_url:
        said = "DATABASE_MIGRATION_URL is known here, so whoever has this process owns the record"
        todo = "give it to migrations and backups alone, as a user of their own"
        yield warning("settings.owner", said, todo)
    inside = {
        "AUDIT_LOG_DIR": settings.audit_log_dir,
        "ATTACHMENTS_DIR": settings.attachments_dir if not settings.attachments_url else None,
        "BACKUPS_DIR": settings.backups_dir,
    }
    for name, folder in inside.items():
        if folder is not None and folder.is_relative_to(ROOT):
            said = f"{name} is {folder}, inside this release: the next one will not find it"
            yield warning("settings.inside", said, f"set {name} to a folder outside, and move it")


def _secret_files(env: Mapping[str, str]) -> list[Path]:
    named = [env.get(f"{name}_FILE", "").strip() for name in sorted(SECRETS)]
    return [Path(each) for each in named if each] + [ROOT / ".env"]
