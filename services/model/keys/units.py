"""Keys of the units themselves, and who the parts are: ``info``, ``link``, and ``state`` of a unit. PURE."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Literal

from services.model.keys.key import Key
from services.model.keys.objects import Alert, EncryptionMode, Labels, Lock, SettableRange
from services.model.kinds import PART_KINDS, UNIT_KINDS, Facet, Kind
from services.model.words import Source

_RECEIVER, _IEM, _CHARGER, _INTERCOM = (
    frozenset({kind}) for kind in (Kind.RECEIVER, Kind.IEM, Kind.CHARGER, Kind.INTERCOM)
)
_CHANNEL = frozenset({Kind.CHANNEL})
_UNITS = frozenset(UNIT_KINDS)
_PARTS = frozenset(PART_KINDS)
_unit_info = partial(Key, kinds=_UNITS)
_part_info = partial(Key, kinds=_PARTS)
_link = partial(Key, kinds=_UNITS, facet=Facet.LINK)
_state = partial(Key, kinds=_RECEIVER)
_setting = partial(Key, kinds=_RECEIVER, role="setting", audited=True)


def _counts() -> Iterator[Key]:
    """How many parts a unit has, by the name that its kind has for it."""
    for name in dict.fromkeys(kind.count for kind in UNIT_KINDS.values()):
        kinds = [kind for kind in UNIT_KINDS.values() if kind.count == name]
        words = f"{kinds[0].part_noun.capitalize()}s."
        yield Key(name, int, words, minimum=0, kinds=frozenset(kind.unit for kind in kinds), role="identity")


UNIT_INFO_KEYS: tuple[Key, ...] = (
    _unit_info(
        "manufacturer", str, "Maker, lower snake_case: shure, sennheiser, manual.", required=True, role="identity"
    ),
    _unit_info("family", str, "Product family: ulxd, qlxd, slxd, slxd_plus, axient.", role="identity"),
    _unit_info("model", str, "Model as the unit names it, for example ULXD4Q.", role="identity"),
    _unit_info("name", str, "The configured name, else the unit's own label.", role="kept", facet=Facet.INFO),
    _unit_info("host", str, "Host name or address that the bridge connects to.", role="kept", facet=Facet.INFO),
    _unit_info("port", int, "TCP or UDP port.", minimum=1, maximum=65535, role="kept", facet=Facet.INFO),
    _unit_info("serial", str, "Serial number, where the unit reports it.", role="identity"),
    _unit_info("mac", str, "Control network MAC address, lower case with colons.", role="identity"),
    _unit_info("firmware", str, "Firmware version as the unit writes it, without a marker.", role="identity"),
    _unit_info("band", str, "RF band designation, for example G50.", role="identity"),
    _unit_info("device_id", str, "The label that people gave the unit on its front panel.", role="identity"),
    *_counts(),
    _unit_info("driver", str, "The driver that reads it.", required=True, role="kept", facet=Facet.INFO),
    _unit_info(
        "source",
        Source,
        "Who owns its settings: the file, a command, or discovery.",
        required=True,
        role="kept",
        facet=Facet.INFO,
    ),
    _unit_info(
        "capabilities", list[str], "What this model can report or do.", required=True, role="kept", facet=Facet.INFO
    ),
    _unit_info(
        "settable",
        dict[str, SettableRange],
        "Keys that rules allow to be set on the unit itself: range or choices; empty without rules.",
        required=True,
        role="kept",
        facet=Facet.INFO,
    ),
    _unit_info("labels", Labels, "", required=True, role="kept", facet=Facet.INFO),
)
"""``info`` of a unit."""

UNIT_LINK_KEYS: tuple[Key, ...] = (
    _link("last_seen", str, "When data of it last arrived, RFC 3339."),
    _link("data_age_s", float, "Seconds since.", unit="s"),
    _link("session", str, "State of the session: idle, connecting, reading, live, waiting.", required=True),
    _link("reconnects_24h", int, "Connections lost in the last 24 hours.", required=True),
    _link("last_error", str, "What went wrong last, and the remedy."),
)
"""``link`` of a unit."""

PART_INFO_KEYS: tuple[Key, ...] = (
    *(
        Key(
            kind.unit.value,
            str,
            f"Id of its {kind.noun}.",
            required=True,
            kinds=frozenset({kind.part}),
            role="kept",
            facet=Facet.INFO,
        )
        for kind in UNIT_KINDS.values()
    ),
    _part_info("number", int, "From 1.", minimum=1, required=True, role="kept", facet=Facet.INFO),
    Key("antenna_count", int, "Antennas seen in its meters.", minimum=1, maximum=4, kinds=_CHANNEL, role="identity"),
    Key(
        "diversity",
        Literal["antenna", "quadversity", "frequency", "quadversity_frequency"],
        "How its signal is made safe.",
        kinds=_CHANNEL,
        role="identity",
    ),
    Key(
        "capabilities",
        list[str],
        "What this model can report of a channel.",
        required=True,
        kinds=_CHANNEL,
        role="kept",
        facet=Facet.INFO,
    ),
    Key(
        "capabilities",
        list[str],
        "Keys of the state that it can fill.",
        required=True,
        kinds=_PARTS - _CHANNEL,
        role="kept",
        facet=Facet.INFO,
    ),
    _part_info(
        "settable",
        dict[str, SettableRange],
        "Keys that rules allow to be set on it: range or choices; empty without rules.",
        required=True,
        role="kept",
        facet=Facet.INFO,
    ),
    _part_info("labels", Labels, "", required=True, role="kept", facet=Facet.INFO),
)
"""``info`` of a part."""

RECEIVER_KEYS: tuple[Key, ...] = (
    _setting("name", str, "The unit's own label, as it reports it now."),
    _setting("encryption_mode", EncryptionMode, "Encryption."),
    _state(
        "firmware_update_failed",
        bool,
        "The firmware version carries the unit's mark of a failed self-test or update.",
        audited=True,
    ),
    _setting("transmission_mode", Literal["standard", "high_density"], "RF channel spacing mode."),
    _setting("audio_summing_mode", str, "Channels summed: off, 1+2, 3+4, 1+2/3+4, 1+2+3+4."),
    _setting("frequency_diversity_mode", str, "Channels in frequency diversity: off, 1+2 ..."),
    _setting("quadversity_mode", bool, "Four antennas for each channel."),
    _setting("lock", Lock, "Front panel lock."),
    _state("alerts", list[Alert], "Open alerts of the receiver.", role="kept"),
)
"""``receiver.state``."""

IEM_KEYS: tuple[Key, ...] = (
    Key("name", str, "The unit's own label, as it reports it now.", kinds=_IEM, role="setting", audited=True),
    Key("lock", Lock, "Front panel lock.", kinds=_IEM, role="setting", audited=True),
    Key("encryption_mode", EncryptionMode, "Encryption.", kinds=_IEM, role="setting", audited=True),
    Key("alerts", list[Alert], "Open alerts of the IEM transmitter.", kinds=_IEM, role="kept"),
)
"""``iem.state``."""

CHARGER_KEYS: tuple[Key, ...] = (
    Key("name", str, "The unit's own label, as it reports it now.", kinds=_CHARGER, role="setting", audited=True),
    Key(
        "storage_mode",
        bool,
        "Batteries are brought to their storage charge instead of being filled.",
        kinds=_CHARGER,
        role="setting",
        audited=True,
    ),
    Key("lock", Lock, "Front panel lock.", kinds=_CHARGER, role="setting", audited=True),
    Key(
        "firmware_update_failed",
        bool,
        "The firmware version carries the unit's mark of a failed self-test or update.",
        kinds=_CHARGER,
        audited=True,
    ),
    Key("alerts", list[Alert], "Open alerts of the charger.", kinds=_CHARGER, role="kept"),
)
"""``charger.state``."""

INTERCOM_KEYS: tuple[Key, ...] = (
    Key("name", str, "The unit's own label, as it reports it now.", kinds=_INTERCOM, role="setting", audited=True),
    Key(
        "antennas",
        list[str],
        "Antennas that belong to it, by name.",
        kinds=_INTERCOM,
    ),
    Key("alerts", list[Alert], "Open alerts of the intercom.", kinds=_INTERCOM, role="kept"),
)
"""``intercom.state``."""

MORE_KEYS: tuple[Key, ...] = (
    Key(
        "more", dict[str, object], "What only this maker's units report, by keys of the driver.", kinds=_UNITS | _PARTS
    ),
)
"""Of every ``state``."""
