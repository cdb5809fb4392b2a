"""Discovery of a large fleet for Home Assistant: told once, told again at a birth, and how long the loop is held."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence

from bench.bridge import Bridge
from bench.mqtt import Client
from bench.stage import START_S, Stage
from bench.table import Row
from bench.turns import HELD_MS
from bench.watching import Watcher

TARGET_S = 20.0
ON = """
[home_assistant]
enabled = true
"""


class Told:
    """How often each device was told of, and when the newest message came."""

    def __init__(self) -> None:
        self.times: dict[bytes, int] = {}
        self.bytes = 0

    def take(self, topic: bytes, payload: bytes, _retained: bool, _at: int) -> None:  # noqa: FBT001 - bench.mqtt calls
        """One message below the prefix."""
        if topic.startswith(b"homeassistant/device/") and payload:
            self.times[topic] = self.times.get(topic, 0) + 1
            self.bytes += len(payload)

    def all(self, devices: int, times: int) -> bool:
        """Whether so many devices were told of so often."""
        return len(self.times) >= devices and min(self.times.values()) >= times


async def _longest_turn(bridge: Bridge, watcher: Watcher, work: Callable[[], Awaitable[None]]) -> float:
    """Milliseconds of the longest turn of the bridge's loop while something is done."""
    bridge.turn.unlink(missing_ok=True)
    os.kill(bridge.pid, signal.SIGUSR2)
    await work()
    os.kill(bridge.pid, signal.SIGUSR2)
    await watcher.until(bridge.turn.exists, 5.0, "the bridge writes its longest turn")
    return 1000 * float(bridge.turn.read_text())


def _took(work: str, seconds: float) -> Row:
    return Row(
        "home_assistant", work, f"{seconds:.1f} s", f"< {TARGET_S:g} s", seconds < TARGET_S, {"seconds": seconds}
    )


async def measure(stage: Stage) -> Sequence[Row]:
    """The large fleet on a new database; then a birth, with the turns of the loop watched."""
    quads = stage.scale.many_quads
    devices = 5 * quads + 2
    told = Told()
    async with (
        stage.simulators(quads, apart=True) as (_, hosts),
        stage.broker() as broker,
        stage.watcher(broker.port) as watcher,
    ):
        listener = await Client.connect(broker.port, "bench-home-assistant", told.take)
        await listener.subscribe("homeassistant/#")
        bridge = Bridge(stage.place("bridge"), broker.port, hosts, meter_interval=0, more=ON)
        async with bridge:
            await watcher.all_online(quads, START_S)
            begin = time.monotonic()
            await watcher.until(lambda: told.all(devices, 1), START_S, "every device is told of")
            after_s = time.monotonic() - begin
            size = told.bytes
            await asyncio.sleep(stage.scale.warm_up)
            calm = await _longest_turn(bridge, watcher, lambda: asyncio.sleep(stage.scale.window))
            took: list[float] = []

            async def birth() -> None:
                begin = time.monotonic()
                listener.publish("homeassistant/status", b"online")
                await watcher.until(lambda: told.all(devices, 2), START_S, "every device is told of again")
                took.append(time.monotonic() - begin)
                await asyncio.sleep(2 * stage.scale.warm_up)  # all states follow

            held = await _longest_turn(bridge, watcher, birth)
        listener.close()
    work = f"{quads:,} quads ({devices:,} devices, {size / 1e6:.0f} MB)"
    return [
        _took(f"discovery of {work} after the last unit is online", after_s),
        _took(f"a birth until discovery of {work} is there again, up to 3 s of it by choice", took[0]),
        Row(
            "home_assistant",
            "the longest turn of the event loop at a birth, states included; metering off",
            f"{held:.1f} ms (without a birth {calm:.1f})",
            f"<= {HELD_MS:g} ms more",
            held - calm <= HELD_MS,
            {"held_ms": held, "calm_ms": calm},
        ),
    ]
