"""Keys of the meters: ``telemetry`` of channels and of IEM channels. PURE."""

from __future__ import annotations

from functools import partial

from services.model.keys.key import Key, Metric
from services.model.keys.objects import AntennaState
from services.model.kinds import Kind

_meter = partial(Key, kinds=frozenset({Kind.CHANNEL}), role="meter")
_iem_meter = partial(Key, kinds=frozenset({Kind.IEM_CHANNEL}), role="meter")

CHANNEL_METERS: tuple[Key, ...] = (
    _meter(
        "rf_a_dbm",
        float,
        "RF level at antenna A, newest sample, dBm.",
        unit="dBm",
        metric=Metric("channel_rf_level_dbm", "RF level.", label=("antenna", "a")),
    ),
    _meter(
        "rf_b_dbm",
        float,
        "RF level at antenna B, dBm.",
        unit="dBm",
        metric=Metric("channel_rf_level_dbm", "RF level.", label=("antenna", "b")),
    ),
    _meter(
        "rf_c_dbm",
        float,
        "RF level at antenna C, dBm.",
        unit="dBm",
        metric=Metric("channel_rf_level_dbm", "RF level.", label=("antenna", "c")),
    ),
    _meter(
        "rf_d_dbm",
        float,
        "RF level at antenna D, dBm.",
        unit="dBm",
        metric=Metric("channel_rf_level_dbm", "RF level.", label=("antenna", "d")),
    ),
    _meter("rf_2_a_dbm", float, "Second carrier of frequency diversity, antenna A, dBm.", unit="dBm"),
    _meter("rf_2_b_dbm", float, "Second carrier, antenna B, dBm.", unit="dBm"),
    _meter("rf_2_c_dbm", float, "Second carrier, antenna C, dBm.", unit="dBm"),
    _meter("rf_2_d_dbm", float, "Second carrier, antenna D, dBm.", unit="dBm"),
    _meter(
        "rf_dbm",
        float,
        "Strongest antenna, newest sample, dBm.",
        unit="dBm",
        recorded=True,
        metric=Metric("channel_rf_level_dbm", "RF level.", label=("antenna", "strongest")),
    ),
    _meter(
        "rf_min_dbm",
        float,
        "Lowest, over the interval, of each sample's strongest antenna, dBm.",
        unit="dBm",
        recorded=True,
        metric=Metric("channel_rf_min_dbm", "Lowest of the strongest antenna in the last interval."),
    ),
    _meter("antenna_a", AntennaState, "Antenna A, newest sample."),
    _meter("antenna_b", AntennaState, "Antenna B, newest sample."),
    _meter("antenna_c", AntennaState, "Antenna C, newest sample."),
    _meter("antenna_d", AntennaState, "Antenna D, newest sample."),
    _meter(
        "audio_peak_dbfs",
        float,
        "Highest peak over the interval, dBFS.",
        unit="dBFS",
        recorded=True,
        metric=Metric("channel_audio_peak_dbfs", "Highest audio peak in the last interval."),
    ),
    _meter(
        "audio_rms_dbfs",
        float,
        "RMS, newest sample, dBFS.",
        unit="dBFS",
        recorded=True,
        metric=Metric("channel_audio_rms_dbfs", "Audio RMS level, newest sample."),
    ),
    _meter(
        "quality",
        int,
        "Channel quality, newest sample, 0 to 5.",
        minimum=0,
        maximum=5,
        recorded=True,
        metric=Metric("channel_quality_ratio", "Channel or link quality, 0 to 1.", factor=0.2),
    ),
    _meter("quality_min", int, "Lowest quality over the interval.", minimum=0, maximum=5),
    _meter(
        "quality_percent",
        int,
        "Link quality where given in %.",
        unit="%",
        minimum=0,
        maximum=100,
        recorded=True,
        metric=Metric("channel_quality_ratio", "Channel or link quality, 0 to 1.", factor=0.01),
    ),
    _meter("audio_overload", bool, "The audio overload light was on in any sample.", required=True),
    _meter("rf_overload_a", bool, "RF overload at antenna A in any sample.", required=True),
    _meter("rf_overload_b", bool, "RF overload at antenna B in any sample.", required=True),
    _meter("rf_overload_c", bool, "RF overload at antenna C in any sample.", required=True),
    _meter("rf_overload_d", bool, "RF overload at antenna D in any sample.", required=True),
    _meter("dropouts", int, "Samples that a transmitter lost: no active antenna, or quality 0.", required=True),
    _meter("interference_seen", bool, "An antenna of a transmitter showed interference in any sample.", required=True),
    _meter("samples", int, "Meter samples in the interval.", minimum=1, required=True),
    _meter(
        "rf_percent",
        int,
        "RF level where given in %, newest sample; more than 100 is possible.",
        unit="%",
        minimum=0,
        recorded=True,
        metric=Metric("channel_rf_ratio", "RF level where given in %, 1 is the top of the scale.", factor=0.01),
    ),
    _meter(
        "rf_min_percent",
        int,
        "Lowest, over the interval, of the better antenna, where given in %.",
        unit="%",
        minimum=0,
        recorded=True,
    ),
    _meter("rf_a_percent", int, "RF level at antenna A where given in %.", unit="%", minimum=0),
    _meter("rf_b_percent", int, "RF level at antenna B where given in %.", unit="%", minimum=0),
    _meter("rf_dbuv", float, "RF level in dBuV, newest sample, where the scale is known.", unit="dBuV", recorded=True),
    _meter("rf_min_dbuv", float, "Lowest, over the interval, of the better antenna, dBuV.", unit="dBuV", recorded=True),
    _meter(
        "audio_peak_percent",
        int,
        "Highest audio peak over the interval where given in %; 100 is the peak lamp.",
        unit="%",
        minimum=0,
        recorded=True,
    ),
    _meter(
        "rf_raw",
        int,
        "RF level on the unit's own scale, newest sample, where nobody published what it is in dBm.",
        minimum=0,
        recorded=True,
    ),
    _meter(
        "audio_peak_raw",
        int,
        "Highest audio level over the interval on the unit's own scale, likewise.",
        minimum=0,
        recorded=True,
    ),
)
"""``channel.telemetry``: only the keys that a channel can report are present."""

IEM_CHANNEL_METERS: tuple[Key, ...] = (
    _iem_meter(
        "audio_left_dbfs",
        float,
        "Highest level of the left input over the interval, dBFS.",
        unit="dBFS",
        recorded=True,
        metric=Metric(
            "iem_channel_audio_level_dbfs", "Highest level of an input in the last interval.", label=("input", "left")
        ),
    ),
    _iem_meter(
        "audio_right_dbfs",
        float,
        "Highest level of the right input over the interval, dBFS.",
        unit="dBFS",
        recorded=True,
        metric=Metric(
            "iem_channel_audio_level_dbfs", "Highest level of an input in the last interval.", label=("input", "right")
        ),
    ),
    _iem_meter(
        "audio_left_raw",
        int,
        "Highest level of the left input, the unit's own scale, where it is not known in dB.",
        minimum=0,
        recorded=True,
    ),
    _iem_meter("audio_right_raw", int, "Highest level of the right input, likewise.", minimum=0, recorded=True),
    _iem_meter("audio_overload", bool, "An input was overloaded in any sample.", required=True),
    _iem_meter("samples", int, "Meter samples in the interval.", minimum=1, required=True),
)
"""``iem_channel.telemetry``, likewise."""
