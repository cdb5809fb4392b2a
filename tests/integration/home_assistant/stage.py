"""What tests with a real Home Assistant share: a receiver, a charger, the bridge in a process of its own, and it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.drivers import SimulatedUnit
from tests.integration.home_assistant.real import Dump, HomeAssistant
from tests.integration.house import BridgeProcess, House

RELEASES = {"2024.3": "single", "2026.11": "device"}
OURS = "mic2mqtt_default_stage"
RACK, DOCK = f"{OURS}_rack", f"{OURS}_dock"
BRIDGE, CAMPUS = "mic2mqtt_bridge_main", "mic2mqtt_bridge_main_default_stage"
UNKNOWN = {None, "unknown", "unavailable"}


class Stage:
    """A receiver, a charger, the bridge in a process of its own, and Home Assistant."""

    def __init__(self, house: House, ha: HomeAssistant, style: str, rack: SimulatedUnit, dock: SimulatedUnit) -> None:
        self.house, self.ha, self.style, self.rack, self.dock = house, ha, style, rack, dock
        self.bridge = self._process()

    def serve(
        self,
        *,
        rack: SimulatedUnit | None = None,
        with_dock: bool = True,
        others: Sequence[dict[str, object]] = (),
        rules: Sequence[dict[str, object]] = (),
        **rack_more: object,
    ) -> None:
        unit = rack or self.rack
        units: list[dict[str, object]] = [
            {"id": "rack", "kind": "receiver", "host": unit.host, "port": unit.port, "name": "Rack", **rack_more}
        ]
        if with_dock:
            units.append(
                {"id": "dock", "kind": "charger", "host": self.dock.host, "port": self.dock.port, "name": "Dock"}
            )
        self.house.document["units"] = [*units, *others]
        self.house.document["home_assistant"] = {"enabled": True, "style": self.style}
        self.house.document["control"] = {"rules": list(rules)}

    def _process(self) -> BridgeProcess:
        self.serve(labels={"room": "Hall"})
        return self.house.process()

    async def reload(self, **serve: Any) -> None:
        self.serve(**{"labels": {"room": "Hall"}, **serve})
        self.bridge.write(self.house.document)
        self.bridge.hang_up()


def is_whole(dump: Dump) -> bool:
    """Everything was found, and says something."""
    wanted = {BRIDGE, CAMPUS, RACK, f"{RACK}_1", f"{RACK}_4", DOCK, f"{DOCK}_1", f"{DOCK}_2"}
    return (
        wanted <= set(dump.devices)
        and dump.state("sensor.rack_1_status") == "good"
        and dump.state("sensor.rack_4_battery") == "100"
        and dump.state("sensor.microphones_attention") == "0"
        and dump.state("sensor.dock_1_status") not in {None, "unavailable", "unknown"}
    )


def is_gone(dump: Dump, *devices: str) -> bool:
    """Whether everything of these devices is unavailable, but what tells so itself."""
    of_them = [one for device in devices for one in dump.of(device).values()]
    states = {one["state"] for one in of_them if not one["unique_id"].endswith(("_connectivity", "_event"))}
    return states == {"unavailable"}


def check_quiet(stage: Stage, dump: Dump) -> None:
    """Not a word about us in its log, and nothing to repair."""
    assert not stage.ha.complaints(), "\n".join(stage.ha.complaints())
    assert not [repair for repair in dump.repairs if repair[0] == "mqtt"]
