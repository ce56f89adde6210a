"""docker-compose.temporal.yml, pitfall by pitfall. No Docker is needed."""

import re
from typing import Any

import pytest
import yaml

from scripts.local.temporal import DYNAMIC_CONFIGURATION
from tests.house.tree import ROOT

TEXT = (ROOT / "docker-compose.temporal.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
PASSWORD = "${TEMPORAL_POSTGRES_PASSWORD:?"


def waits_for(service: str, other: str) -> str:
    """The condition under which a service starts after another one."""
    return str(SERVICES[service]["depends_on"][other]["condition"])


def test_the_images_are_pinned_and_not_retired() -> None:
    assert {name: service["image"] for name, service in SERVICES.items()} == {
        "postgresql": "postgres:16",
        "schema": "temporalio/admin-tools:1.32.0",
        "server": "temporalio/server:1.32.0",
        "namespace": "temporalio/admin-tools:1.32.0",
        "ui": "temporalio/ui:2.54.1",
    }


def test_everything_starts_in_order() -> None:
    assert waits_for("schema", "postgresql") == "service_healthy"
    assert waits_for("server", "schema") == "service_completed_successfully"
    assert waits_for("namespace", "server") == "service_healthy"
    assert waits_for("ui", "namespace") == "service_completed_successfully"


def test_every_port_is_bound_to_this_machine() -> None:
    ports = {name: service.get("ports", []) for name, service in SERVICES.items()}
    assert {name: value for name, value in ports.items() if value} == {
        "server": ["127.0.0.1:7233:7233"],
        "ui": ["127.0.0.1:8233:8080"],
    }


def test_passwords_come_from_the_environment_and_are_compulsory() -> None:
    assert SERVICES["postgresql"]["environment"]["POSTGRES_PASSWORD"].startswith(PASSWORD)
    assert SERVICES["schema"]["environment"]["SQL_PASSWORD"].startswith(PASSWORD)
    assert SERVICES["server"]["environment"]["POSTGRES_PWD"].startswith(PASSWORD)
    assert len(re.findall(r"(?:PASSWORD|PWD): (?!\$\{TEMPORAL_POSTGRES_PASSWORD:\?)", TEXT)) == 0


def test_the_server_finds_its_dynamic_configuration() -> None:
    folder, inside = SERVICES["server"]["volumes"][0].removesuffix(":ro").split(":")
    file = SERVICES["server"]["environment"]["DYNAMIC_CONFIG_FILE_PATH"]
    here = ROOT / folder / file.removeprefix(f"{inside}/")
    values = yaml.safe_load(here.read_text(encoding="utf-8"))
    said = {f"{name}={each['value']}" for name, rules in values.items() for each in rules}
    assert said == set(DYNAMIC_CONFIGURATION)


def test_the_number_of_shards_is_said_and_stays() -> None:
    assert SERVICES["server"]["environment"]["NUM_HISTORY_SHARDS"] == "64"


def test_health_means_an_answer_and_not_an_open_port() -> None:
    assert "/api/v1/system-info" in SERVICES["server"]["healthcheck"]["test"][-1]
    assert SERVICES["postgresql"]["healthcheck"]["test"][1] == "pg_isready"


def test_the_plugin_is_the_same_for_tool_and_server() -> None:
    assert SERVICES["schema"]["environment"]["SQL_PLUGIN"] == "postgres12"
    assert SERVICES["server"]["environment"]["DB"] == "postgres12"


def test_data_and_network_have_names_of_their_own() -> None:
    assert SERVICES["postgresql"]["volumes"] == ["data:/var/lib/postgresql/data"]
    assert COMPOSE["volumes"]["data"]["name"] == "gloria-temporal-data"
    assert COMPOSE["networks"]["temporal"]["name"] == "gloria-temporal"
    assert {tuple(service["networks"]) for service in SERVICES.values()} == {("temporal",)}


def test_its_own_pages_only_show() -> None:
    assert SERVICES["ui"]["environment"]["TEMPORAL_DISABLE_WRITE_ACTIONS"] == "true"


@pytest.mark.parametrize("name", ["schema", "namespace"])
def test_a_job_is_tried_again_and_its_script_exists(name: str) -> None:
    assert SERVICES[name]["restart"].startswith("on-failure")
    shell, script = SERVICES[name]["entrypoint"]
    assert shell == "/bin/sh"
    assert (ROOT / "deploy" / "temporal" / script.removeprefix("/etc/gloria/")).is_file()
