"""Meters: many raw lines of a channel become one summary, and nothing that happened in between is lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.shure.codec import samples as meters
from services.drivers.shure.codec.samples import Layout, merge
from services.drivers.shure.families import FAMILIES
from services.model import (
    Telemetry,
)

LAYOUTS: dict[str, Layout] = {
    family.name: family.meters.sample
    for family in FAMILIES.values()
    if family.meters is not None and family.meters.sample is not None
}


def summarise(family: str, messages: bytes) -> dict[int, Telemetry]:
    return meters.summarise(LAYOUTS[family], messages)


def ulxd(*samples: tuple[str, int, int]) -> list[bytes]:
    return [f"SAMPLE 1 ALL {antennas} {rf:03} {audio:03}".encode() for antennas, rf, audio in samples]


def axient(*tails: str) -> list[bytes]:
    return [f"SAMPLE 1 ALL {tail}".encode() for tail in tails]


def messages(*samples: bytes) -> bytes:
    return b"".join(b"< %b >" % sample for sample in samples)


def summary(family: str, samples: Sequence[bytes]) -> Telemetry | None:
    summaries = summarise(family, messages(*samples))
    assert len(summaries) <= 1
    return next(iter(summaries.values()), None)


def told(family: str, samples: Sequence[bytes]) -> dict[str, object]:
    telemetry = summary(family, samples)
    assert telemetry is not None
    assert telemetry.keys() <= LAYOUTS[family].keys
    return dict(telemetry)


def test_one_ulxd_sample_has_one_rf_level_and_one_audio_level() -> None:
    assert told("ulxd", ulxd(("AX", 87, 23))) == {
        "rf_dbm": -41,
        "rf_min_dbm": -41,
        "antenna_a": "active",
        "antenna_b": "inactive",
        "audio_peak_dbfs": -27,
        "dropouts": 0,
        "samples": 1,
    }


def test_levels_are_the_newest_and_extremes_are_those_of_the_whole_interval() -> None:
    telemetry = told("ulxd", ulxd(("AB", 80, 20), ("XX", 30, 49), ("XB", 85, 5)))
    assert telemetry == {
        "rf_dbm": -43,
        "rf_min_dbm": -98,
        "antenna_a": "inactive",
        "antenna_b": "active",
        "audio_peak_dbfs": -1,
        "dropouts": 1,
        "samples": 3,
    }


def test_audio_beyond_the_documented_range_is_full_scale() -> None:
    assert told("qlxd", [b"SAMPLE 1 ALL XB 035 098"])["audio_peak_dbfs"] == 0


def test_slxd_tells_peak_then_rms_then_rf() -> None:
    assert told("slxd", [b"SAMPLE 2 ALL 102 090 086"]) == {
        "rf_dbm": -34,
        "rf_min_dbm": -34,
        "audio_peak_dbfs": -18,
        "audio_rms_dbfs": -30,
        "samples": 1,
    }


def test_axient_tells_each_antenna() -> None:
    telemetry = told("axient", axient("005 031 102 100 BR 31 086 31 065"))
    assert telemetry["rf_a_dbm"] == -34
    assert telemetry["rf_b_dbm"] == -55
    assert telemetry["rf_dbm"] == -34
    assert (telemetry["antenna_a"], telemetry["antenna_b"]) == ("active", "interference")
    assert telemetry["interference_seen"] is True
    assert (telemetry["audio_peak_dbfs"], telemetry["audio_rms_dbfs"]) == (-18, -20)
    assert (telemetry["quality"], telemetry["quality_min"]) == (5, 5)
    assert "rf_c_dbm" not in telemetry


def test_quadversity_has_four_antennas_because_the_token_has() -> None:
    telemetry = told("axient", axient("005 031 102 102 BBXB 31 083 31 068 31 069 31 072"))
    assert [telemetry[f"rf_{letter}_dbm"] for letter in "abcd"] == [-37, -52, -51, -48]
    assert telemetry["antenna_c"] == "inactive"


def test_frequency_diversity_has_a_second_carrier() -> None:
    telemetry = told("axient", axient("005 031 102 102 XX 31 082 31 060 BB 31 084 31 061"))
    assert [telemetry[key] for key in ("rf_a_dbm", "rf_b_dbm", "rf_2_a_dbm", "rf_2_b_dbm")] == [-38, -60, -36, -59]
    assert telemetry["dropouts"] == 0
    assert telemetry["rf_dbm"] == -36


def test_quadversity_and_frequency_diversity_together_have_eight_levels() -> None:
    line = "005 031 102 102 BBBB 31 084 31 065 31 070 31 071 BBBB 31 074 31 055 31 060 31 061"
    telemetry = told("axient", axient(line))
    assert [telemetry[f"rf_2_{letter}_dbm"] for letter in "abcd"] == [-46, -65, -60, -59]


def test_the_weakest_sample_is_judged_by_its_strongest_antenna() -> None:
    telemetry = told("axient", axient("005 031 102 102 BB 31 090 31 020", "005 031 102 102 BB 31 015 31 070"))
    assert telemetry["rf_min_dbm"] == -50


def test_overload_is_latched_over_the_interval() -> None:
    clean, audio, rf = (
        "005 031 102 102 BB 31 086 31 065",
        "005 255 120 102 BB 31 086 31 065",
        "005 031 102 102 BB 31 086 63 120",
    )
    telemetry = told("axient", axient(audio, rf, clean))
    assert telemetry["audio_overload"] is True
    assert (telemetry["rf_overload_a"], telemetry["rf_overload_b"]) == (False, True)
    assert told("axient", axient(clean))["audio_overload"] is False


def test_without_a_transmitter_quality_is_unknown_and_peak_may_be_below_rms() -> None:
    telemetry = told("axient", axient("255 000 005 033 XX 00 012 00 011"))
    assert (telemetry["quality"], telemetry["quality_min"]) == (None, None)
    assert (telemetry["audio_peak_dbfs"], telemetry["audio_rms_dbfs"]) == (-115, -87)
    assert telemetry["dropouts"] == 1


def test_a_sample_of_quality_zero_is_a_dropout() -> None:
    telemetry = told("axient", axient("000 031 102 102 BB 31 086 31 065", "004 031 102 102 BB 31 086 31 065"))
    assert telemetry["dropouts"] == 1
    assert (telemetry["quality"], telemetry["quality_min"]) == (4, 0)


def test_marks_for_unknown_are_no_levels() -> None:
    telemetry = told("axient", axient("005 031 255 255 BB 31 255 31 255"))
    assert {telemetry[key] for key in ("rf_a_dbm", "rf_dbm", "rf_min_dbm", "audio_peak_dbfs")} == {None}
    assert told("ulxd", ulxd(("XX", 255, 0)))["rf_dbm"] is None


def test_the_mark_for_unknown_audio_is_not_full_scale() -> None:
    assert {told("ulxd", ulxd(("XX", 0, raw)))["audio_peak_dbfs"] for raw in range(252, 256)} == {None}
    assert told("ulxd", ulxd(("XX", 0, 251)))["audio_peak_dbfs"] == 0
    assert told("ulxd", ulxd(("AX", 87, 255), ("AX", 87, 23)))["audio_peak_dbfs"] == -27


@pytest.mark.parametrize(
    ("family", "line", "same"),
    [
        ("ulxd", b"SAMPLE  1 ALL\tAX  87   23", b"SAMPLE 1 ALL AX 087 023"),
        ("ulxd", b"sample 1 all xb 00087 000", b"SAMPLE 1 ALL XB 087 000"),
        ("slxd", b"SAMPLE 1 ALL 102 98 0", b"SAMPLE 1 ALL 102 098 000"),
        ("axient", b"SAMPLE 1 ALL 5 31 102 98 BB 31 86 7 65", b"SAMPLE 1 ALL 005 031 102 098 BB 31 086 07 065"),
    ],
)
def test_a_line_of_other_widths_means_the_same(family: str, line: bytes, same: bytes) -> None:
    assert told(family, [line]) == told(family, [same])


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"SAMPLE 1 ALL",
        b"SAMPLE 1 SLOT 2 ALL AX 087 023",
        b"SAMPLE 1 ALL AX 08 ",
        b"SAMPLE 1 ALL AX 0x7 023",
        b"SAMPLE 1 ALL AX 087 023\nSAMPLE 1 ALL AX 087 023",
        b"SAMPLE 1 ALL AXX 087 023",
        b"\xff\x00\n",
    ],
)
def test_a_broken_line_is_left_out_and_not_counted(broken: bytes) -> None:
    whole = ulxd(("AX", 87, 23), ("AB", 60, 40))
    assert told("ulxd", [whole[0], broken, whole[1]]) == told("ulxd", whole)


@pytest.mark.parametrize(
    ("family", "line", "same"),
    [
        ("ulxd", b"SAMPLE 1 ALL AX 087 023 99", b"SAMPLE 1 ALL AX 087 023"),
        ("ulxd", b"SAMPLE 1 ALL AX 087 023 new {x}", b"SAMPLE 1 ALL AX 087 023"),
        ("slxd", b"SAMPLE 1 ALL 102 098 086 003", b"SAMPLE 1 ALL 102 098 086"),
        ("axient", b"SAMPLE 1 ALL 5 31 102 98 BB 31 86 7 65 7", b"SAMPLE 1 ALL 5 31 102 98 BB 31 86 7 65"),
        (
            "axient",
            b"SAMPLE 1 ALL 5 31 102 98 BB 31 86 7 65 BX 31 80 7 60 001 A1",
            b"SAMPLE 1 ALL 5 31 102 98 BB 31 86 7 65 BX 31 80 7 60",
        ),
    ],
)
def test_what_newer_firmware_adds_at_the_end_costs_no_meters(family: str, line: bytes, same: bytes) -> None:
    assert told(family, [line, line]) == told(family, [same, same])


def test_a_letter_that_nobody_knows_is_an_unknown_state_of_its_antenna_alone() -> None:
    telemetry = told("ulxd", ulxd(("RX", 87, 23), ("AX", 87, 23), ("QX", 87, 23)))
    assert (telemetry["antenna_a"], telemetry["antenna_b"]) == (None, "inactive")
    assert (telemetry["samples"], telemetry["dropouts"]) == (3, 0)
    telemetry = told("axient", axient("005 031 102 100 BG 31 086 31 065"))
    assert (telemetry["antenna_a"], telemetry["antenna_b"]) == ("active", None)
    assert (telemetry["rf_b_dbm"], telemetry["interference_seen"], telemetry["dropouts"]) == (-55, False, 0)


@pytest.mark.parametrize("raw", [121, 200, 252, 254])
def test_no_microphone_is_received_with_more_than_one_milliwatt(raw: int) -> None:
    telemetry = told("axient", axient(f"005 031 102 102 BB 31 {raw} 31 060"))
    assert (telemetry["rf_a_dbm"], telemetry["rf_dbm"], telemetry["rf_min_dbm"]) == (None, -60, -60)
    assert told("slxd", [f"SAMPLE 1 ALL 102 098 {raw}".encode()])["rf_dbm"] is None
    assert told("ulxd", ulxd(("AX", 129, 20), ("AX", 128, 20)))["rf_dbm"] == 0
    assert told("ulxd", ulxd(("AX", 129, 20)))["rf_dbm"] is None


def test_nothing_but_broken_lines_is_nothing() -> None:
    assert summarise("ulxd", messages(b"SAMPLE 1 ALL AX")) == {}
    assert summarise("axient", b"") == {}


def test_each_channel_gets_its_own_summary_in_whatever_order_they_come() -> None:
    lines = [b"SAMPLE 2 ALL AX 080 010", b"SAMPLE 1 ALL XB 070 020", b"SAMPLE 2 ALL AX 060 005"]
    assert summarise("ulxd", messages(*lines)) == {
        1: told("ulxd", lines[1:2]),
        2: told("ulxd", [lines[0], lines[2]]),
    }


def test_channels_may_differ_in_antennas_and_in_the_width_of_their_numbers() -> None:
    one, two = "005 031 102 102 BB 31 086 31 065", "005 031 102 102 BBXB 031 083 031 068 031 069 031 072"
    lines = [f"SAMPLE {channel} ALL {tail}".encode() for channel, tail in [(1, one), (2, two), (10, one), (2, two)]]
    summaries = summarise("axient", messages(*lines))
    assert {channel: telemetry["samples"] for channel, telemetry in summaries.items()} == {1: 1, 2: 2, 10: 1}
    assert summaries[2]["rf_c_dbm"] == -51
    assert summaries[1] == summaries[10] == told("axient", lines[:1])


def test_noise_in_one_channel_costs_the_others_nothing() -> None:
    whole = [b"SAMPLE 1 ALL AX 087 023", b"SAMPLE 2 ALL XB 060 040"]
    noisy = messages(*whole) + b"\r\n< SAMPLE 2 ALL XB 0" + messages(b"SAMPLE 2", b"SAMPLE", b"", *whole)
    assert {channel: one["samples"] for channel, one in summarise("ulxd", noisy).items()} == {1: 2, 2: 2}


def test_antennas_that_double_within_the_interval_lose_no_sample() -> None:
    samples = axient("005 255 102 102 BB 31 086 31 065", "005 031 090 102 BBBB 31 083 31 068 31 069 31 072")
    telemetry = told("axient", samples)
    assert telemetry["samples"] == 2
    assert telemetry["audio_overload"] is True
    assert telemetry["audio_peak_dbfs"] == -18
    assert telemetry["rf_c_dbm"] == -51


ULXD_SAMPLES = st.lists(
    st.tuples(st.sampled_from(["AX", "XB", "AB", "XX"]), st.integers(0, 127), st.integers(0, 255)),
    min_size=1,
    max_size=20,
)


@given(ULXD_SAMPLES, st.integers(0, 20))
def test_a_summary_is_the_same_in_one_go_and_in_two(samples: list[tuple[str, int, int]], cut: int) -> None:
    lines = ulxd(*samples)
    whole = summary("ulxd", lines)
    halves = [half for half in (summary("ulxd", lines[:cut]), summary("ulxd", lines[cut:])) if half is not None]
    assert whole == (merge(*halves) if len(halves) == 2 else halves[0])


LIKE_SAMPLES = st.lists(
    st.sampled_from(["SAMPLE", "1", "ALL", "AX", "BBXR", "005", "255", "999", "31", "\n", "", "A"]), max_size=16
).map(lambda words: " ".join(words).encode())


@given(st.sampled_from(sorted(LAYOUTS)), st.lists(st.binary(max_size=60) | LIKE_SAMPLES, max_size=8))
def test_no_bytes_make_it_raise(family: str, samples: list[bytes]) -> None:
    summarise(family, messages(*samples))
    summarise(family, b"".join(samples))
