"""What is set, as text on the wire: never clamped, never repaired, and nothing that ends a message early."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.shure.codec import controls
from services.drivers.shure.codec.framing import Framer
from services.drivers.shure.codec.messages import decode, parse, report, set_
from services.drivers.shure.codec.properties import Scope
from services.drivers.shure.families import FAMILIES, part_abilities
from services.drivers.shure.setting import Settings
from services.model import Part

ONE_KEY = [
    (family.name, control, key, can)
    for family in FAMILIES.values()
    for control in family.controls
    for key, can in control.can.items()
    if len(control.can) == 1
]


@pytest.mark.parametrize(
    ("control", "value", "text"),
    [
        (controls.channel_name(), "Vox 1", "{Vox 1}"),
        (controls.channel_name(), "a>b<c", "{a>b<c}"),
        (controls.gain(), -18, "000"),
        (controls.gain(), 0, "018"),
        (controls.gain(), 42, "060"),
        (controls.switch("AUDIO_MUTE", Scope.PART, "receiver_muted"), True, "ON"),
        (controls.switch("STORAGE_MODE", Scope.UNIT, "storage_mode"), False, "OFF"),
        (controls.frequency(6), 606.225, "606225"),
        (controls.frequency(7), 606.225, "0606225"),
        (controls.frequency(7), 1240.0, "1240000"),
        (controls.bare_name("CHAN_NAME", Scope.PART), "IEM 2/3", "IEM 2/3"),
        (controls.whole("AUDIO_IN_LVL", "input_level_db", -67, 0, "dB"), -16, "-16"),
        (controls.numbered("AUDIO_TX_MODE", "audio_mode", {1: "mono", 3: "stereo"}), "stereo", "3"),
        (controls.numbered("RF_MUTE", "rf_muted", {1: True, 0: False}), False, "0"),
        (controls.numbered("RF_TX_LVL", "rf_power_mw", {10: 10, 50: 50}, "mW"), 50, "50"),
    ],
)
def test_a_value_is_written_as_the_documents_have_it(control: controls.Control, value: object, text: str) -> None:
    (key,) = control.can
    assert control.write({key: value}) == text


def test_group_and_channel_are_written_together() -> None:
    both = {"group": 1, "group_channel": 12}
    assert controls.group("GROUP_CHAN", in_braces=False).write(both) == "01,12"
    assert controls.group("GROUP_CHANNEL", in_braces=True).write(both) == "{1,12}"


@pytest.mark.parametrize(
    ("control", "value"),
    [
        *(
            (controls.channel_name(), name)
            for name in ("", "a}b", "a{b", "123456789", "\u00c4", " a", "a ", "a\n", "a|b", 7)
        ),
        *((controls.gain(), gain) for gain in (-19, 43, 1.5, True, None, "6", float("nan"), float("inf"))),
        *((controls.switch("X", Scope.PART, "receiver_muted"), word) for word in ("true", "ON", 1, None)),
        *(
            (controls.bare_name("CHAN_NAME", Scope.PART), name)
            for name in ("", "a>b", "a<b", "{a}", "123456789", " a", "a ", "a  b", "a\r\n", 7)
        ),
        *((controls.whole("X", "input_level_db", -67, 0, "dB"), level) for level in (-68, 1, -3.5, True, "-16", None)),
        *((controls.numbered("X", "rf_muted", {1: True, 0: False}), word) for word in ("true", 1, 0, None)),
        *((controls.numbered("X", "rf_power_mw", {10: 10}), power) for power in ("10", 20, True, None, 10.0)),
        *((controls.frequency(6), mhz) for mhz in (606.21, 0, -1.0, 1240.0, "606.225", True, None, float("nan"))),
    ],
)
def test_what_cannot_be_written_as_it_is_is_refused(control: controls.Control, value: object) -> None:
    (key,) = control.can
    with pytest.raises(ValueError, match=r"."):
        control.write({key: value})


@given(name=st.text(controls.NAME_CHARACTERS, min_size=1, max_size=controls.NAME_MOST))
def test_no_name_that_can_be_set_breaks_a_message(name: str) -> None:
    try:
        text = controls.channel_name().write({"name": name})
    except ValueError:
        assert name != name.strip()
        return
    bodies = Framer().feed(set_("CHAN_NAME", 1, text) + b"< REP 2 AUDIO_GAIN 018 >")
    messages = [parse(body) for body in bodies]
    assert [(one.verb, one.index, one.name, one.value) for one in messages if one is not None] == [
        ("SET", 1, "CHAN_NAME", text),
        ("REP", 2, "AUDIO_GAIN", "018"),
    ]


@pytest.mark.parametrize(("family", "control", "key", "can"), ONE_KEY)
@given(data=st.data())
def test_what_is_written_is_read_as_the_same_value(
    family: str, control: controls.Control, key: str, can: dict[str, object], data: st.DataObject
) -> None:
    value = data.draw(_values(can))
    try:
        text = control.write({key: value})
    except ValueError:
        return
    index = None if control.scope is Scope.UNIT else 1
    line = report(control.name, index, value=text).replace(b"REP", FAMILIES[family].properties.verb.encode(), 1)
    (body,) = Framer().feed(line)
    message = parse(body)
    assert message is not None
    meaning = decode(message, FAMILIES[family].properties)
    assert meaning is not None
    assert meaning.reading.values[key] == value


def _values(can: dict[str, object]) -> st.SearchStrategy[object]:
    if "choices" in can:
        words = cast("list[str]", can["choices"])
        return st.sampled_from([True, False, *words, *(int(word) for word in words if word.isdigit())])
    if "max_length" in can:
        return st.text(controls.NAME_CHARACTERS, min_size=1, max_size=controls.NAME_MOST)
    if "minimum" in can:
        return st.integers(cast("int", can["minimum"]), cast("int", can["maximum"]))
    return st.integers(174 * 40, 1_899 * 40).map(lambda steps: round(steps * controls.STEP_MHZ, 3))


async def test_what_a_unit_has_no_more_cannot_be_set_any_more_and_a_broken_read_takes_nothing_away() -> None:
    family = FAMILIES["ulxd"]
    settings = Settings(cast("Any", None), family, 1.0)
    able = part_abilities(family)
    everything = {(control.name, 1) for control in family.controls}
    settings.note(everything, everything=True)
    assert settings.able(able, Part(1)) is able, "shared by a thousand units"
    settings.note({("CHAN_NAME", 1)}, everything=False)
    assert settings.able(able, Part(1)) is able
    settings.note({("CHAN_NAME", 1)}, everything=True)
    assert set(settings.able(able, Part(1)).settable) == {"name"}
    (result,) = (await settings.set(Part(1), {"gain_db": 6})).values()
    assert result.outcome == "not_sent"
