"""What is shipped beside the code agrees with it and with itself: image, compose file, systemd unit, monitoring.

`make check-ops` asks the makers' own tools; here is what those cannot know.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from bridge.settings.sections import DatabaseSettings, HttpSettings, MqttSettings

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DASHBOARDS = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
PROMETHEUS = ROOT / "grafana" / "prometheus"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return document


def test_compose_file_follows_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_bridge_runs_alone_unless_a_profile_is_asked_for(compose: dict[str, Any]) -> None:
    profiles = {name: service.get("profiles", []) for name, service in compose["services"].items()}
    assert profiles == {
        "bridge": [],
        "mosquitto": ["mosquitto"],
        "prometheus": ["monitoring"],
        "grafana": ["monitoring"],
    }


def test_every_service_runs_without_privileges_on_an_immutable_file_system(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        assert service["healthcheck"]["test"][0] == "CMD", f"{name}: no shell is needed"


def test_no_port_is_open_to_the_network_unless_someone_says_so(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for port in service["ports"]:
            assert re.match(r"\$\{[A-Z]+_ADDRESS:-127\.0\.0\.1\}:", port), f"{name}: {port}"


def test_every_mounted_file_is_in_the_repository_and_every_volume_declared(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source == "./config":  # the user's own
                continue
            assert (ROOT / source).exists() if source.startswith("./") else source in compose["volumes"], volume


def test_no_image_floats(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if "build" not in service:
            assert re.fullmatch(r"[\w/-]+:v?\d+\.\d+\.\d+", service["image"]), f"{name}: {service['image']}"


@pytest.mark.parametrize(
    "file", ["docker-compose.yml", "Dockerfile", "packaging/mic2mqtt.service", "mosquitto/README.md"]
)
def test_every_environment_variable_named_is_a_setting(file: str) -> None:
    sections: dict[str, type[BaseModel]] = {"mqtt": MqttSettings, "http": HttpSettings, "database": DatabaseSettings}
    named = set(re.findall(r"MIC2MQTT_([A-Z]+)__([A-Z_]+)=", (ROOT / file).read_text()))
    assert named
    for section, key in named:
        fields = sections[section.lower()].model_fields
        assert key.lower().removesuffix("_file") in fields, f"{section}__{key}"


def test_the_image_runs_as_a_user_without_rights_and_gets_signals_itself() -> None:
    final = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    user = re.search(r"^USER (\d+):(\d+)$", final, re.MULTILINE)
    assert user
    assert int(user[1]) > 0
    assert 'ENTRYPOINT ["mic2mqtt"]' in final
    assert 'CMD ["run"]' in final
    assert re.search(r"HEALTHCHECK .*\\\n +CMD \[", final)
    assert "pip" not in final


def test_the_image_gets_only_what_the_lock_file_names() -> None:
    installs = re.findall(r"pip .*?install (.*?)(?: \\| ?&&|\n)", (ROOT / "Dockerfile").read_text())
    assert installs
    assert all("--require-hashes" in install or "--no-deps --no-index" in install for install in installs)


def test_what_the_dockerfile_copies_is_not_ignored() -> None:
    kept = {line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copies = re.findall(r"^COPY (?!--from)(.*) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for source in " ".join(copies).split():
        assert any(pattern.split("/")[0] == source.rstrip("/") for pattern in kept), source


def metrics_in(expression: str) -> set[str]:
    return set(re.findall(r"\bmic2mqtt_\w+", expression))


def queries(dashboard: dict[str, Any]) -> list[str]:
    variables = [variable["definition"] for variable in dashboard["templating"]["list"]]
    return variables + [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]


def alert_expressions() -> list[str]:
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def test_dashboards_and_alerts_ask_only_for_metrics_that_exist() -> None:
    exported = metrics_in((ROOT / "docs" / "metrics.md").read_text("utf-8"))  # its tables are made from the code
    asked = set().union(
        *(metrics_in(query) for file in DASHBOARDS for query in queries(json.loads(file.read_text()))),
        *(metrics_in(expression) for expression in alert_expressions()),
    )
    assert not sorted(asked - exported)


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.name)
def test_a_dashboard_uses_the_provisioned_data_source_and_its_panels_do_not_overlap(file: Path) -> None:
    dashboard = json.loads(file.read_text())
    provisioned = yaml.safe_load((ROOT / "grafana/provisioning/datasources/prometheus.yml").read_text())
    uids = {source["uid"] for source in provisioned["datasources"]}
    assert set(re.findall(r'"uid": "([^"]+)"', file.read_text())) - {dashboard["uid"]} <= uids
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]  # the width of Grafana's grid
        taken |= cells
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)


def test_every_alert_says_how_bad_it_is_and_what_to_read() -> None:
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    for rule in (rule for group in groups for rule in group["rules"]):
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}, rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]
