"""The closed list of audit actions, and their names for units of other kinds than receivers. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.model import Kind

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "receiver_added": "A receiver was added by configuration or command.",
        "receiver_adopted": "Discovery found a receiver and took it in.",
        "receiver_updated": "A receiver's host, name, driver or another of its settings here was changed.",
        "receiver_removed": "A receiver was taken out.",
        "receiver_replaced": "New hardware stands behind a receiver's id.",
        "receiver_moved": "A known receiver was found at another address.",
        "receiver_duplicate": "What was found is a receiver that is known already, where it is known.",
        "receiver_conflict": "Two units claim one identity.",
        "receiver_online": "A receiver is reachable and was read completely.",
        "receiver_offline": "A receiver is no longer reachable.",
        "receiver_settings_changed": "A setting was changed on the receiver.",
        "channel_settings_changed": "A channel's name, frequency, gain, mute or encryption changed.",
        "labels_set": "Labels or tags of a receiver were edited.",
        "transmitter_on": "A transmitter came on the air.",
        "transmitter_lost": "A transmitter was switched off or went out of range.",
        "battery_replace": "A battery should be changed soon.",
        "battery_critical": "A battery is about to be empty.",
        "battery_recovered": "A battery is good again.",
        "command": "A command was carried out, refused, or failed.",
        "control_begun": "A step or toggle is about to be sent. Kept before it is, so that it is not done twice.",
        "control_locked": "Control of a campus, or of its units with a tag, was locked.",
        "control_unlocked": "Such a lock ended: by a command, or by itself.",
        "bad_input": "Something arrived that is no command; these are counted, not listed one by one.",
        "discovery_started": "A discovery began.",
        "discovery_finished": "A discovery ended, with what it found.",
        "sync_cache_cleared": "What was remembered of receivers was forgotten, to be read anew.",
        "configuration_changed": "The configuration is different: read again, or at a start.",
        "clock_changed": "The clock of the bridge's machine was set: times before this are off by the difference. "
        "`late`: while the bridge did not run, or it was off for more than a day.",
        "audit_lost": "Audit events were given up, as many as `count` says: they could not be kept any longer.",
        "note": "Somebody wrote something down.",
        "unit_added": "A unit that is no receiver was added by configuration or command.",
        "unit_adopted": "Discovery found such a unit and took it in.",
        "unit_updated": "Its host, name, driver or another of its settings here was changed.",
        "unit_removed": "It was taken out.",
        "unit_replaced": "New hardware stands behind its id.",
        "unit_moved": "It was found at another address.",
        "unit_duplicate": "What was found is such a unit that is known already, where it is known.",
        "unit_conflict": "Two units claim one identity.",
        "unit_online": "It is reachable and was read completely.",
        "unit_offline": "It is no longer reachable.",
        "unit_settings_changed": "A setting was changed on it.",
        "part_settings_changed": "A setting of one of its parts was changed.",
        "bay_fault": "A charger reports a fault of a bay or its battery.",
        "beltpack_connected": "A beltpack connected to an antenna.",
        "beltpack_lost": "A beltpack was switched off or went out of range.",
    }
)
"""Every action there is, with its meaning. The list is closed: a new one is an addition to the contract."""

NAMED_FIRST = frozenset({Kind.RECEIVER, Kind.CHANNEL})
"""Kinds that had actions before there were others: theirs keep their names."""

OF_OTHER_KINDS: Mapping[str, str] = {
    "receiver_added": "unit_added",
    "receiver_adopted": "unit_adopted",
    "receiver_updated": "unit_updated",
    "receiver_removed": "unit_removed",
    "receiver_replaced": "unit_replaced",
    "receiver_moved": "unit_moved",
    "receiver_duplicate": "unit_duplicate",
    "receiver_conflict": "unit_conflict",
    "receiver_online": "unit_online",
    "receiver_offline": "unit_offline",
    "receiver_settings_changed": "unit_settings_changed",
    "channel_settings_changed": "part_settings_changed",
}
"""Action of a receiver or channel -> the same of any other unit or part."""


def action_of(action: str, kind: Kind) -> str:
    """The name of an action for a resource of this kind: ``receiver_online`` of a charger is ``unit_online``."""
    return action if kind in NAMED_FIRST else OF_OTHER_KINDS.get(action, action)
