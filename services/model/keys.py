"""Every key of every state, with its meaning, unit and range.

A key's annotation is its documentation: `docs/topics.md` and the AsyncAPI document are generated from here.
Unknown is ``None``, never a sentinel and never a default that looks like a value. The dictionaries are never
changed in place once they are shared: a new value makes a new dictionary, so a reader needs no lock.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from services.model.words import Source, Status


class Labels(TypedDict):
    """Where a receiver stands and what it is for: people's words, edited here, not on the device."""

    location: Annotated[str | None, Field(description="Free text: the site or venue.")]
    building: Annotated[str | None, Field(description="Free text.")]
    room: Annotated[str | None, Field(description="Free text.")]
    rack: Annotated[str | None, Field(description="Free text.")]
    position: Annotated[str | None, Field(description="Place in the rack, free text.")]
    tags: Annotated[list[str], Field(description="Words to select receivers by, in commands and rules.")]


class ReceiverInfo(TypedDict):
    """Who a receiver is; changes seldom."""

    manufacturer: Annotated[str, Field(description="Maker, lower snake_case: shure, sennheiser, manual.")]
    family: Annotated[str | None, Field(description="Product family: ulxd, qlxd, slxd, slxd_plus, axient.")]
    model: Annotated[str | None, Field(description="Model as the device names it, for example ULXD4Q.")]
    name: Annotated[str | None, Field(description="The configured name, else the device's own label.")]
    host: Annotated[str | None, Field(description="Host name or address that the bridge connects to.")]
    port: Annotated[int | None, Field(description="TCP or UDP port.", ge=1, le=65535)]
    serial: Annotated[str | None, Field(description="Serial number, where the device tells it.")]
    mac: Annotated[str | None, Field(description="Control network MAC address, lower case with colons.")]
    firmware: Annotated[str | None, Field(description="Firmware version as the device writes it, without a marker.")]
    band: Annotated[str | None, Field(description="RF band designation, for example G50.")]
    device_id: Annotated[str | None, Field(description="The label that people gave the device on its front panel.")]
    channel_count: Annotated[int | None, Field(description="Audio channels.", ge=0)]
    driver: Annotated[str, Field(description="The driver that speaks to it.")]
    source: Annotated[Source, Field(description="Who owns its settings: the file, a command, or discovery.")]
    capabilities: Annotated[list[str], Field(description="What this model can tell or do.")]
    labels: Labels


class ReceiverState(TypedDict):
    """A receiver's slow state; every key is always present."""

    name: Annotated[str | None, Field(description="The device's own label, as it reports it now.")]
    encryption_mode: Annotated[Literal["off", "on", "auto", "manual"] | None, Field(description="Encryption.")]
    firmware_update_failed: Annotated[
        bool | None,
        Field(description="The firmware version carries the device's mark of a failed self-test or update."),
    ]
    transmission_mode: Annotated[
        Literal["standard", "high_density"] | None, Field(description="RF channel spacing mode.")
    ]
    audio_summing_mode: Annotated[str | None, Field(description="Channels summed: off, 1+2, 3+4, 1+2/3+4, 1+2+3+4.")]
    frequency_diversity_mode: Annotated[str | None, Field(description="Channels in frequency diversity: off, 1+2 ...")]
    quadversity_mode: Annotated[bool | None, Field(description="Four antennas for each channel.")]
    lock: Annotated[Literal["none", "menu", "power", "all"] | None, Field(description="Front panel lock.")]
    alerts: Annotated[list[Alert], Field(description="Open alerts of the receiver.")]


class Alert(TypedDict):
    """Something that someone should look at."""

    id: str
    code: str
    severity: Literal["info", "warning", "critical"]
    since: str
    message: str
    acked_by: str | None


class ChannelInfo(TypedDict):
    """Who a channel is."""

    receiver: Annotated[str, Field(description="Id of its receiver.")]
    number: Annotated[int, Field(description="From 1.", ge=1)]
    antenna_count: Annotated[int | None, Field(description="Antennas seen in its meters.", ge=1, le=4)]
    diversity: Annotated[
        Literal["antenna", "quadversity", "frequency", "quadversity_frequency"] | None,
        Field(description="How its signal is made safe."),
    ]
    capabilities: Annotated[list[str], Field(description="What this model can tell of a channel.")]
    settable: Annotated[
        dict[str, SettableRange], Field(description="Keys that can be set on it: range or choices. Rules may forbid.")
    ]
    labels: Labels


class SettableRange(TypedDict, total=False):
    """What a key can be set to."""

    minimum: float
    maximum: float
    step: float
    choices: list[str]
    max_length: int
    unit: str


Percent = Annotated[int | None, Field(ge=0, le=100)]

AudioPath = Literal["live", "muted", "no_signal", "unknown"]
BatteryStatus = Literal["ok", "calculating", "communication_error", "external_power", "warning", "not_reported"]
BatteryType = Literal["lithium_ion", "alkaline", "nimh", "lithium_primary"]


class ChannelState(TypedDict):
    """A channel's slow state; every key is always present, unknown is null."""

    name: Annotated[str | None, Field(description="Channel name on the device, without its padding.")]
    frequency_mhz: Annotated[float | None, Field(description="Carrier, MHz, exact to the kHz.")]
    frequency_2_mhz: Annotated[float | None, Field(description="Second carrier in frequency diversity, MHz.")]
    group: Annotated[int | None, Field(description="Frequency group; null when the frequency is off the grid.")]
    group_channel: Annotated[int | None, Field(description="Channel in the group; null likewise.")]
    group_2: Annotated[int | None, Field(description="Group of the second carrier.")]
    group_channel_2: Annotated[int | None, Field(description="Channel in the group of the second carrier.")]
    fd_mode: Annotated[Literal["off", "fd_c", "fd_s"] | None, Field(description="Frequency diversity of the channel.")]
    gain_db: Annotated[int | None, Field(description="Receiver output gain, dB.", ge=-18, le=42)]
    audio_output_level: Annotated[Literal["mic", "line"] | None, Field(description="Output switch, read only.")]
    receiver_muted: Annotated[bool | None, Field(description="Muted at the receiver.")]
    transmitter_muted: Annotated[bool | None, Field(description="Muted at the transmitter.")]
    transmitter_rf_muted: Annotated[bool | None, Field(description="The transmitter's carrier is switched off.")]
    talk_switch: Annotated[Literal["pressed", "released"] | None, Field(description="Talk or mute button.")]
    audio_path: Annotated[AudioPath, Field(description="Whether the voice gets through.")]
    transmitter_present: Annotated[bool | None, Field(description="A transmitter is on the air.")]
    transmitter_model: Annotated[str | None, Field(description="Model of the transmitter, for example ULXD2.")]
    transmitter_id: Annotated[str | None, Field(description="Label of the transmitter.")]
    transmitter_last_seen: Annotated[
        str | None, Field(description="Null while a transmitter is there; then when it was last heard, RFC 3339.")
    ]
    transmitter_firmware: Annotated[str | None, Field(description="Firmware version of the transmitter.")]
    tx_power_mw: Annotated[int | None, Field(description="RF power, mW, only where the device gives milliwatts.")]
    tx_power_level: Annotated[Literal["low", "normal", "high"] | None, Field(description="RF power setting.")]
    tx_offset_db: Annotated[int | None, Field(description="Transmitter trim, dB, only where the scale is certain.")]
    tx_offset_raw: Annotated[int | None, Field(description="Transmitter trim as the device writes it.")]
    tx_input_pad_db: Annotated[int | None, Field(description="Input pad, dB: 0 or -12.")]
    tx_polarity: Annotated[Literal["positive", "negative"] | None, Field(description="Audio polarity.")]
    tx_lock: Annotated[Literal["none", "menu", "power", "all"] | None, Field(description="Transmitter lock.")]
    unregistered_transmitter: Annotated[
        bool | None, Field(description="A transmitter that is not registered is on the channel.")
    ]
    battery_percent: Annotated[Percent, Field(description="Charge, %; null where the battery cannot tell.")]
    battery_bars: Annotated[int | None, Field(description="Bars, 0 to 5.", ge=0, le=5)]
    battery_runtime_minutes: Annotated[int | None, Field(description="Predicted run time, minutes.", ge=0, le=65532)]
    battery_status: Annotated[BatteryStatus | None, Field(description="How far the battery's figures go.")]
    battery_type: Annotated[BatteryType | None, Field(description="Chemistry.")]
    battery_health_percent: Annotated[Percent, Field(description="Share of the original capacity, %.")]
    battery_cycles: Annotated[int | None, Field(description="Charge cycles.", ge=0, le=65534)]
    battery_temperature_c: Annotated[int | None, Field(description="Degrees Celsius.", ge=-40, le=213)]
    power_source: Annotated[Literal["battery", "external"] | None, Field(description="What feeds the transmitter.")]
    last_battery_percent: Annotated[Percent, Field(description="Last known charge, kept when the transmitter goes.")]
    last_battery_bars: Annotated[int | None, Field(description="Last known bars, kept likewise.", ge=0, le=5)]
    last_battery_runtime_minutes: Annotated[int | None, Field(description="Last known run time, kept likewise.")]
    encryption_fault: Annotated[bool | None, Field(description="Transmitter and receiver do not share a key.")]
    interference: Annotated[Literal["none", "detected"] | None, Field(description="RF interference.")]
    interference_2: Annotated[Literal["none", "detected"] | None, Field(description="Likewise, second carrier.")]
    assignment: Annotated[str | None, Field(description="Who wears it.")]
    status: Annotated[Status, Field(description="One word for a wall; see the precedence.")]
    status_reasons: Annotated[list[str], Field(description="What led to the status, most severe first.")]
    alerts: Annotated[list[Alert], Field(description="Open alerts of the channel.")]


AntennaState = Literal["active", "inactive", "interference"]


class ChannelTelemetry(TypedDict, total=False):
    """Meters over one interval. Only the keys that the family can tell are present."""

    rf_a_dbm: Annotated[float | None, Field(description="RF level at antenna A, newest sample, dBm.")]
    rf_b_dbm: Annotated[float | None, Field(description="RF level at antenna B, dBm.")]
    rf_c_dbm: Annotated[float | None, Field(description="RF level at antenna C, dBm.")]
    rf_d_dbm: Annotated[float | None, Field(description="RF level at antenna D, dBm.")]
    rf_2_a_dbm: Annotated[float | None, Field(description="Second carrier of frequency diversity, antenna A, dBm.")]
    rf_2_b_dbm: Annotated[float | None, Field(description="Second carrier, antenna B, dBm.")]
    rf_2_c_dbm: Annotated[float | None, Field(description="Second carrier, antenna C, dBm.")]
    rf_2_d_dbm: Annotated[float | None, Field(description="Second carrier, antenna D, dBm.")]
    rf_dbm: Annotated[float | None, Field(description="Strongest antenna, newest sample, dBm.")]
    rf_min_dbm: Annotated[
        float | None, Field(description="Lowest, over the interval, of each sample's strongest antenna, dBm.")
    ]
    antenna_a: Annotated[AntennaState | None, Field(description="Antenna A, newest sample.")]
    antenna_b: Annotated[AntennaState | None, Field(description="Antenna B, newest sample.")]
    antenna_c: Annotated[AntennaState | None, Field(description="Antenna C, newest sample.")]
    antenna_d: Annotated[AntennaState | None, Field(description="Antenna D, newest sample.")]
    audio_peak_dbfs: Annotated[float | None, Field(description="Highest peak over the interval, dBFS.")]
    audio_rms_dbfs: Annotated[float | None, Field(description="RMS, newest sample, dBFS.")]
    quality: Annotated[int | None, Field(description="Channel quality, newest sample, 0 to 5.", ge=0, le=5)]
    quality_min: Annotated[int | None, Field(description="Lowest quality over the interval.", ge=0, le=5)]
    quality_percent: Annotated[int | None, Field(description="Link quality where given in %.", ge=0, le=100)]
    audio_overload: Annotated[bool, Field(description="The audio overload light was on in any sample.")]
    rf_overload_a: Annotated[bool, Field(description="RF overload at antenna A in any sample.")]
    rf_overload_b: Annotated[bool, Field(description="RF overload at antenna B in any sample.")]
    rf_overload_c: Annotated[bool, Field(description="RF overload at antenna C in any sample.")]
    rf_overload_d: Annotated[bool, Field(description="RF overload at antenna D in any sample.")]
    dropouts: Annotated[int, Field(description="Samples with no active antenna, or quality 0.")]
    interference_seen: Annotated[bool, Field(description="An antenna showed interference in any sample.")]
    samples: Annotated[int, Field(description="Meter samples in the interval.", ge=1)]


class Slot(TypedDict):
    """One registered transmitter place of an Axient channel (or a link place of SLX-D+)."""

    number: Annotated[int, Field(description="From 1.", ge=1, le=8)]
    status: Annotated[
        Literal["empty", "standard", "linked_inactive", "linked_active", "online", "offline"] | None,
        Field(description="Whether a transmitter is registered, linked and on the air."),
    ]
    transmitter_model: str | None
    transmitter_id: str | None
    battery_percent: Percent
    battery_bars: Annotated[int | None, Field(ge=0, le=5)]
    battery_runtime_minutes: int | None
    battery_health_percent: Percent
    battery_cycles: int | None
    battery_type: BatteryType | None
    tx_input_pad_db: int | None
    tx_offset_db: int | None
    tx_polarity: Literal["positive", "negative"] | None
    transmitter_rf_muted: bool | None
    tx_power_mw: int | None
    tx_power_level: Literal["low", "normal", "high"] | None
    showlink_quality: Annotated[int | None, Field(description="ShowLink signal, 1 to 5.", ge=0, le=5)]


class ReceiverLink(TypedDict):
    """How the connection to a receiver stands."""

    last_seen: Annotated[str | None, Field(description="When it was last heard, RFC 3339.")]
    data_age_s: Annotated[float | None, Field(description="Seconds since.")]
    session: Annotated[str, Field(description="State of the session: idle, connecting, reading, live, waiting.")]
    reconnects_24h: Annotated[int, Field(description="Connections lost in the last 24 hours.")]
    last_error: Annotated[str | None, Field(description="What went wrong last, and the remedy.")]


CHANNEL_STATE_KEYS: tuple[str, ...] = tuple(ChannelState.__annotations__)
RECEIVER_STATE_KEYS: tuple[str, ...] = tuple(ReceiverState.__annotations__)
SLOT_KEYS: tuple[str, ...] = tuple(Slot.__annotations__)
