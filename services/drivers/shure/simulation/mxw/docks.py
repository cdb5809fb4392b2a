"""No I/O. Simulated docks: MXWNDX with everything that its page has, MXWNCS with the labels alone.

``reports``: whether a dock tells what changes; no document says so, and unless asked this one does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from services.drivers.shure.simulation.mxw.answering import Place, braced
from services.drivers.shure.simulation.mxw.machine import Machine
from services.drivers.shure.simulation.mxw.microphones import NO_NUMBER, NO_TIME, Microphone


@dataclass(slots=True)
class Dock(Machine):
    """One dock."""

    bays: dict[int, Microphone | None] = field(default_factory=dict)
    next: bool = True
    reports: bool = False

    def is_reported(self, place: Place) -> bool:
        """Only the unit's own properties are, unless it reports."""
        return self.reports or not place.number

    def texts(self) -> dict[Place, str]:
        """Every property of the bays."""
        texts: dict[Place, str] = {}
        for bay, microphone in self.bays.items():
            known = microphone is not None and microphone.is_known
            label = braced(microphone.label, 12) if microphone is not None and known else "UNKNOWN"
            if not self.next:
                texts[Place("", bay, "TX_DEVICE_ID")] = label
                continue
            texts |= {
                Place("BAY", bay, "TX_STATUS"): "UNKNOWN" if microphone is None else microphone.status("MUTED"),
                Place("", bay, "TX_AVAILABLE"): "YES" if microphone is not None and microphone.is_on else "NO",
                Place("BAY", bay, "TX_DEVICE_ID"): label,
                Place("", bay, "BATT_CHARGE"): NO_NUMBER if microphone is None else microphone.percent(),
                Place("", bay, "BATT_HEALTH"): NO_NUMBER if microphone is None else microphone.wear(),
                Place("", bay, "BATT_TIME_TO_FULL"): NO_TIME if microphone is None else microphone.time_to_full(),
            }
        return texts

    def set_part(self, number: int, key: str, value: object) -> None:
        """Change a bay as its user would: ``occupied`` docks a microphone or takes it away."""
        if number not in self.bays:
            raise KeyError(f"{self.model} has no bay {number}")
        microphone = self.bays[number]
        if key == "occupied":
            self.bays[number] = Microphone("MXW2X", f"MIC-{number}", place="docked", charge=42.0) if value else None
        elif microphone is None:
            raise ValueError(f"bay {number} is empty: set occupied first")
        elif key == "microphone_status":
            place = {"on_charger": "docked", "active": "on", "muted": "on"}.get(str(value), "off")
            microphone.place, microphone.muted = place, value == "muted"
        elif key == "battery_percent":
            microphone.charge = float(str(value))
        elif key == "device_id":
            microphone.label = str(value)
        else:
            raise KeyError(f"{self.model} has no {key!r} in a bay")

    def age(self, seconds: float) -> None:
        """Let time pass."""
        for microphone in self.bays.values():
            if microphone is not None:
                microphone.pass_time(seconds)
