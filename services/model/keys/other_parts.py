"""Keys of an IEM channel, of a charger's bay and of an intercom's beltpack. PURE."""

from __future__ import annotations

from functools import partial
from typing import Literal

from services.model.keys.key import Key, Metric
from services.model.keys.objects import Alert, AudioMode, BatteryType, BayFault, ChargeState, DockedType
from services.model.kinds import Kind
from services.model.words import BayStatus, BeltpackStatus, IemChannelStatus

_IEM_CHANNEL = frozenset({Kind.IEM_CHANNEL})
_BAY = frozenset({Kind.BAY})
_setting = partial(Key, kinds=_IEM_CHANNEL, role="setting", audited=True)
_battery = partial(Key, kinds=_BAY, gone_with="occupied")
_BELTPACK = frozenset({Kind.BELTPACK})
_worn = partial(Key, kinds=_BELTPACK, gone_with="connected")

IEM_CHANNEL_KEYS: tuple[Key, ...] = (
    _setting("name", str, "Name of the IEM channel on the unit, without its padding."),
    _setting(
        "frequency_mhz",
        float,
        "Carrier, MHz, exact to the kHz.",
        unit="MHz",
        metric=Metric("iem_channel_frequency_hertz", "Carrier frequency.", factor=1e6),
    ),
    _setting("group", int, "Frequency group; null when the frequency is off the grid."),
    _setting("group_channel", int, "Channel in the group; null likewise."),
    _setting(
        "rf_muted",
        bool,
        "The carrier is switched off.",
        metric=Metric("iem_channel_rf_muted", "1 while the carrier is switched off."),
    ),
    _setting("rf_power_mw", int, "RF power, mW.", unit="mW", minimum=0),
    _setting("audio_mode", AudioMode, "How the two inputs are sent."),
    _setting("input_level_db", int, "Input level, dB.", unit="dB"),
    _setting("sensitivity_db", int, "Input sensitivity, dB.", unit="dB"),
    _setting("limiter", bool, "The limiter is on."),
    Key(
        "status",
        IemChannelStatus,
        "One word for a wall; see the precedence.",
        kinds=_IEM_CHANNEL,
        role="derived",
        empty="unknown",
    ),
    Key("status_reasons", list[str], "What led to the status, most severe first.", kinds=_IEM_CHANNEL, role="derived"),
    Key("alerts", list[Alert], "Open alerts of the IEM channel.", kinds=_IEM_CHANNEL, role="kept"),
)
"""``iem_channel.state``."""

BAY_KEYS: tuple[Key, ...] = (
    Key(
        "occupied",
        bool,
        "Something is in the bay.",
        kinds=_BAY,
        metric=Metric("bay_occupied", "1 while something is in the bay."),
    ),
    _battery("device_type", DockedType, "What is in the bay."),
    _battery("device_model", str, "Model of the transmitter in the bay."),
    _battery("device_id", str, "Label of the transmitter in the bay."),
    Key("charge_state", ChargeState, "What the charger does with the battery; empty where there is none.", kinds=_BAY),
    _battery(
        "battery_percent",
        int,
        "Charge, %.",
        unit="%",
        minimum=0,
        maximum=100,
        metric=Metric("bay_battery_ratio", "Charge of the battery in the bay, 0 to 1.", factor=0.01),
    ),
    _battery("battery_bars", int, "Bars, 0 to 5.", minimum=0, maximum=5),
    _battery(
        "battery_health_percent",
        int,
        "Share of the original capacity, %.",
        unit="%",
        minimum=0,
        maximum=100,
        metric=Metric("bay_battery_health_ratio", "Share of the battery's original capacity, 0 to 1.", factor=0.01),
    ),
    _battery(
        "battery_cycles",
        int,
        "Charge cycles.",
        minimum=0,
        metric=Metric("bay_battery_cycles", "Charge cycles of the battery in the bay."),
    ),
    _battery(
        "battery_temperature_c",
        int,
        "Degrees Celsius.",
        unit="degC",
        metric=Metric("bay_battery_temperature_celsius", "Temperature of the battery in the bay."),
    ),
    _battery("battery_type", BatteryType, "Chemistry."),
    _battery(
        "time_to_full_minutes",
        int,
        "Time until the battery is full, minutes.",
        unit="min",
        minimum=0,
        metric=Metric("bay_time_to_full_seconds", "Time until the battery is full.", factor=60),
    ),
    _battery("capacity_mah", int, "Charge that the battery holds when it is full, mAh.", unit="mAh", minimum=0),
    Key("fault", BayFault, "What is wrong with the bay or its battery; null where nothing is.", kinds=_BAY),
    Key("status", BayStatus, "One word for a wall; see the precedence.", kinds=_BAY, role="derived", empty="unknown"),
    Key("status_reasons", list[str], "What led to the status, most severe first.", kinds=_BAY, role="derived"),
    Key("alerts", list[Alert], "Open alerts of the bay.", kinds=_BAY, role="kept"),
)
"""``bay.state``. What `_battery` makes is of what lies in the bay, and null as soon as the bay is empty."""

BELTPACK_KEYS: tuple[Key, ...] = (
    Key("name", str, "Name of the beltpack.", kinds=_BELTPACK, role="setting", audited=True),
    Key(
        "connected",
        bool,
        "It is connected to an antenna.",
        kinds=_BELTPACK,
        metric=Metric("beltpack_connected", "1 while the beltpack is connected to an antenna."),
    ),
    _worn("antenna", str, "Name of the antenna that it is connected to."),
    _worn(
        "battery_percent",
        int,
        "Charge, %.",
        unit="%",
        minimum=0,
        maximum=100,
        metric=Metric("beltpack_battery_ratio", "Charge of the beltpack's battery, 0 to 1.", factor=0.01),
    ),
    _worn("power_source", Literal["battery", "external"], "What feeds it; on external power the battery charges."),
    Key(
        "last_battery_percent",
        int,
        "Last known charge, kept when it is no longer connected.",
        unit="%",
        minimum=0,
        maximum=100,
        kinds=_BELTPACK,
        role="derived",
        derived_from=("battery_percent",),
    ),
    Key(
        "last_seen",
        str,
        "Null while it is connected; then when it last was, RFC 3339.",
        kinds=_BELTPACK,
        role="derived",
        derived_from=("connected",),
    ),
    Key(
        "status",
        BeltpackStatus,
        "One word for a wall; see the precedence.",
        kinds=_BELTPACK,
        role="derived",
        empty="unknown",
    ),
    Key("status_reasons", list[str], "What led to the status, most severe first.", kinds=_BELTPACK, role="derived"),
    Key("alerts", list[Alert], "Open alerts of the beltpack.", kinds=_BELTPACK, role="kept"),
)
"""``beltpack.state``. What `_worn` makes is reported of a connected beltpack alone, and is null without."""
