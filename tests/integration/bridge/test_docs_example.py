from __future__ import annotations

import asyncio
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from services.drivers import DriverError, Reading, Target

pytestmark = pytest.mark.skip("the page is being rewritten for the new port")

PAGE = Path(__file__).parents[3] / "docs" / "adding-a-driver.md"


@pytest.fixture
def acme(tmp_path: Path) -> ModuleType:
    """The driver that stands on the page, as a module."""
    file = tmp_path / "acme.py"
    file.write_text("\n\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)))
    spec = importlib.util.spec_from_file_location("acme", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_the_driver_of_the_page_identifies_its_simulated_receiver(acme: ModuleType) -> None:
    async with acme.driver.simulator("ar", count=1, listen="127.0.0.1", port=0) as (unit,):
        identity = await acme.driver.identify(Target(unit.host, unit.port))
    assert (identity.manufacturer, identity.model, identity.part_count) == ("acme", "AR2", 2)


async def test_the_driver_of_the_page_reads_hears_changes_meters_and_tells_when_it_is_dropped(acme: ModuleType) -> None:
    heard: list[Reading] = []
    news = asyncio.Event()

    def listen(readings: list[Reading]) -> None:
        heard.extend(readings)
        news.set()

    async def value_of(channel: int, key: str) -> object:
        await news.wait()
        news.clear()
        return {name: value for one in heard if one.part.number == channel for name, value in one.values.items()}[key]

    async with (
        acme.driver.simulator("ar", count=1, listen="127.0.0.1", port=0) as (unit,),
        acme.driver.connect(Target(unit.host, unit.port), listen) as link,
        asyncio.timeout(5),
    ):
        await link.read_all()
        assert await value_of(1, "frequency_mhz") == 526.225
        unit.set_value(2, "battery_percent", None)
        assert await value_of(2, "battery_percent") is None
        unit.set_value(1, "transmitter_present", False)
        assert await value_of(1, "transmitter_present") is False
        # the meters were asked for before these changes, and one connection keeps the order
        assert link.take_telemetry(1) == {"rf_dbm": -71, "rf_min_dbm": -71, "audio_peak_dbfs": -12, "samples": 2}
        assert link.take_telemetry(1) is None
        await unit.fault("drop")
        assert (await link.wait_closed()).reason == "closed_by_device"


async def test_the_driver_of_the_page_says_why_nobody_answers(acme: ModuleType) -> None:
    async with acme.driver.simulator("ar", count=1, listen="127.0.0.1", port=0) as (unit,):
        host, port = unit.host, unit.port
    with pytest.raises(DriverError, match="Setup > Network"):
        await acme.driver.identify(Target(host, port))
