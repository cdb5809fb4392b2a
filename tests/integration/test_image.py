"""The container image builds, runs as shipped, serves a receiver and ends cleanly: where a Docker engine answers."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.integration.broker import Mosquitto, docker_answers, free_port
from tests.integration.house import House, as_toml, entry, simulated

ROOT = Path(__file__).parents[2]
IMAGE = "mic2mqtt:test"
BUILD_S = 600.0
STOP_S = 15.0
"""What docker-compose.yml allows for the end (`stop_grace_period`)."""

pytestmark = [
    pytest.mark.skipif(not docker_answers(), reason="no Docker engine answers, or MIC2MQTT_TEST_SERVERS=local"),
    pytest.mark.timeout(BUILD_S + 60),
]


def docker(*words: str, timeout_s: float = 60.0) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False, timeout=timeout_s)
    assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr[-2000:]}"
    return (done.stdout or done.stderr).strip()


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    # on the host's network, for pip to reach what this machine reaches
    docker("build", "--network", "host", "--quiet", "--tag", IMAGE, str(ROOT), timeout_s=BUILD_S)
    yield IMAGE
    docker("image", "rm", "--force", IMAGE)


@asynccontextmanager
async def container(image: str, configuration: Path, *more: str) -> AsyncIterator[str]:
    """The bridge as docker-compose.yml runs it: no privileges, nothing writable but its data."""
    name = f"mic2mqtt-test-{uuid4().hex[:8]}"
    careful = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true", "--init")
    docker(
        *(
            "run",
            "--detach",
            "--name",
            name,
            "--network",
            "host",
            *careful,
            "--tmpfs",
            "/tmp:rw,noexec,nosuid,size=64m",
        ),
        *("--volume", f"{configuration}:/etc/mic2mqtt:ro", *more, image),
    )
    try:
        yield name
    finally:
        print(docker("logs", name))  # noqa: T201 - shown with a test that fails
        docker("rm", "--force", "--volumes", name)


async def test_the_image_serves_a_receiver_without_privileges_and_leaves_offline_behind(
    image: str, tmp_path: Path
) -> None:
    port = free_port()
    async with Mosquitto(tmp_path / "broker") as broker, simulated() as unit:
        house = House(tmp_path, broker).serve(entry(unit))
        del house.document["database"]  # the image has its own
        listen = ("--env", f"MIC2MQTT_HTTP__LISTEN=127.0.0.1:{port}")
        configuration = tmp_path / "etc"
        configuration.mkdir(mode=0o755)
        (configuration / "mic2mqtt.toml").write_text(as_toml(house.document))
        async with house.observer() as seen, container(image, configuration, *listen) as name:
            await seen.until(lambda: seen.is_bridge("online"), 30)
            await seen.live("rack")
            assert docker("exec", name, "id", "-u") != "0"
            async with httpx.AsyncClient() as client:
                assert (await client.get(f"http://127.0.0.1:{port}/healthz")).is_success
            assert docker("exec", name, "mic2mqtt", "units", "--json").count("rack")
            docker("stop", "--time", str(int(STOP_S)), name)
            await seen.until(lambda: seen.is_bridge("offline"))
            assert docker("inspect", "--format", "{{.State.ExitCode}}", name) == "0"
