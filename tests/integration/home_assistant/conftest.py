"""The stage of tests with a real Home Assistant, once for each release."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.drivers import SimulatedUnit
from tests.integration.home_assistant.real import HomeAssistant, is_installed
from tests.integration.home_assistant.stage import RELEASES, Stage
from tests.integration.house import House, simulators


@pytest.fixture(params=RELEASES)
async def stage(request: pytest.FixtureRequest, house: House, tmp_path: Path) -> AsyncIterator[Stage]:
    release: str = request.param
    assert is_installed(release), f"no Home Assistant {release}: run `make test-homeassistant`"
    async with AsyncExitStack() as stack:
        shure = simulators()["shure"]
        running: dict[str, SimulatedUnit] = {}
        for product in ("ulxd4q", "sbc220"):
            options = {"count": 1, "listen": "127.0.0.1", "port": 0, "still": True}
            running[product] = (await stack.enter_async_context(shure.run(product, **options)))[0]  # type: ignore[arg-type]
        ha = HomeAssistant(release, house.broker.port, tmp_path / "ha", "[]")
        stack.push_async_callback(ha.end)
        made = Stage(house, ha, RELEASES[release], running["ulxd4q"], running["sbc220"])
        await stack.enter_async_context(made.bridge)
        yield made
