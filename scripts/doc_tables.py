"""The tables within pages that people write, each made from the code that it repeats.

Where a table needs words that no code has (the remedy for a reason, when an event is sent), they stand here, beside
a closed list of the code; `tests/unit/test_docs.py` fails when one of that list is missing.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast, get_args

import typer
from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.main import get_command

from bridge.app import App
from bridge.cli.main import app as program
from bridge.contract import PUBLISHED, Envelope, annotation
from bridge.http import metrics
from bridge.settings import Settings
from services.audit import ACTIONS
from services.drivers import Product, find_drivers, find_simulators
from services.drivers.shure.families import FAMILIES
from services.model import (
    KEYS,
    NOUNS,
    RESOURCE_KINDS,
    RETRYABLE,
    TITLES,
    UNIT_KINDS,
    UNIT_NOUNS,
    AvailabilityReason,
    ErrorCode,
    EventType,
    Facet,
    Key,
    KeyTable,
    Kind,
)
from services.rules import DEFAULT_RULES, PRECEDENCE
from services.store import Store
from services.units import STATES
from services.verbs import VERBS

CAPTURES = Path(__file__).parent.parent / "tests" / "captures"

UNUSED_ERRORS: Mapping[ErrorCode, str] = {
    "not_leader": "with several instances",
    "device_auth": "for makers whose units ask for a password",
    "unsupported_by_firmware": "with `set`",
}
"""Codes of the closed list that nothing answers yet, and what they are kept for."""

REASONS: Mapping[AvailabilityReason, tuple[str, str]] = {
    "connecting": (
        "The bridge has just started, or the unit was just added.",
        "Wait some seconds. If it stays, look at `link`.",
    ),
    "never_seen": (
        "It never answered: gear with the driver `manual`, or a configured host that is still being asked.",
        "For `manual` nothing. Otherwise check `host`.",
    ),
    "refused": (
        "The address is there, and nothing listens at the port of its kind of unit.",
        "Is it a supported unit? Has it finished booting? Is controller access allowed in its menu (see below)?",
    ),
    "local_port_unavailable": (
        "This machine does not let the bridge have the local port that these units answer to.",
        "`link` names the program that holds it: end it, or give each a local address (`[discovery] interface`).",
    ),
    "control_blocked": (
        "The unit takes the connection and answers nothing.",
        "Allow controller access in its menu, see below. If it was online before, it hangs: switch it off and on.",
    ),
    "timeout": (
        "Nobody answers at the address, its name is not known, or the answer did not come in time.",
        "Power, cable, VLAN, address of the unit, firewall, DNS. `ping` it from the machine of the bridge.",
    ),
    "silent": (
        "The connection stands, and nothing was received for two keep-alives though the bridge asked.",
        "Power or network went without a goodbye: look at the unit and at the switch port.",
    ),
    "closed_by_device": (
        "The unit ended the connection.",
        "A restart or a changed network setting: the bridge tries again. If it repeats, close other controllers.",
    ),
    "reset_by_device": (
        "The unit reset the connection.",
        "A restart, or a unit that is overrun: ask for fewer meters (`meter_interval`), close other controllers.",
    ),
    "wrong_model": (
        "What answers is not what is expected: another model, another kind of unit, or no driver for it.",
        "Check `host`. After a swap see [below](#after-a-swap).",
    ),
    "identity_conflict": (
        "Another unit answers at this address, or two units claim the same identity.",
        "After a swap see [below](#after-a-swap); otherwise look for two units with one address.",
    ),
    "auth_failed": (
        "The unit refuses our password, or asks for one. It is sent once, and again only after the settings changed.",
        "Check the password at the unit, and its `options` in the configuration.",
    ),
    "removed": (
        "It was taken out of the configuration or by `unit_remove` or `receiver_remove`.",
        "`unit_add` or `receiver_add` brings it back.",
    ),
    "bridge_stopped": ("The bridge itself closed the connection.", "Start the bridge."),
}
"""Why a unit is offline: what it means, what to do."""

EVENTS: Mapping[EventType, tuple[str, str, str]] = {
    "transmitter_on": ("channel", "A transmitter came on the air.", "`key`, `late`"),
    "transmitter_lost": ("channel", "It was switched off or went out of range.", "`key`, `late`"),
    "transmitter_muted": ("channel", "Muted at the transmitter.", "`key`, `late`"),
    "transmitter_unmuted": ("channel", "No longer.", "`key`, `late`"),
    "talk_switch_pressed": ("channel", "The talk or mute button is held.", "`key`, `late`"),
    "talk_switch_released": ("channel", "It was let go.", "`key`, `late`"),
    "battery_replace": (
        "channel, beltpack",
        "The battery fell to the `replace` threshold.",
        "the battery figures that it can have, `late`",
    ),
    "battery_critical": (
        "channel, beltpack",
        "It fell to the `critical` threshold.",
        "the battery figures that it can have, `late`",
    ),
    "battery_recovered": (
        "channel, beltpack",
        "It is above both again.",
        "the battery figures that it can have, `late`",
    ),
    "interference_started": ("channel", "The receiver reports interference.", "`key` (which carrier), `late`"),
    "interference_ended": ("channel", "No longer.", "`key`, `late`"),
    "audio_overload": ("channel", "The overload light came on; families that have one.", "`audio_peak_dbfs`"),
    "alert_raised": ("channel", "Not sent yet: alerts come with a later version.", ""),
    "alert_cleared": ("channel", "Not sent yet.", ""),
    "online": (UNIT_NOUNS, "It was read completely.", "`state`, `reason`, `detail`"),
    "offline": (UNIT_NOUNS, "It was lost.", "`state`, `reason`, `detail`"),
    "settings_changed": (
        UNIT_NOUNS,
        "Audited settings changed, on the unit or on one of its parts.",
        f"{' or '.join(f'`{kind.part}`' for kind in UNIT_KINDS.values())} (id or null), `before`, `after`, `late`",
    ),
    "identity_conflict": (UNIT_NOUNS, "Two units claim its identity.", "`why`"),
    "device_inserted": ("bay", "A battery or transmitter was put into the bay.", "`key`, `late`"),
    "device_removed": ("bay", "It was taken out.", "`key`, `late`"),
    "charge_complete": ("bay", "The battery is full, or at its storage charge.", "`charge_state`, `late`"),
    "bay_fault": ("bay", "The charger reports a fault of the bay or its battery.", "`charge_state`, `fault`, `late`"),
    "beltpack_connected": ("beltpack", "It connected to an antenna.", "`key`, `late`"),
    "beltpack_lost": ("beltpack", "It was switched off or went out of range.", "`key`, `late`"),
}
"""Whose event it is, when it is sent, and what its ``data`` has."""

SCOPES: Mapping[str, str] = {
    "process": "process",
    "bridge": "campus",
    **{kind.value: NOUNS[kind] for kind in RESOURCE_KINDS},
}


def grid(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [_line(head), "|" + "---|" * len(head), *(_line([str(cell) for cell in row]) for row in rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


# -- topics.md -----------------------------------------------------------------------------------------------


def topics() -> str:
    """Every topic that is published."""
    return grid(
        ("topic", "QoS", "retained", "what"),
        ((f"`{topic.address}`", topic.qos, "yes" if topic.retained else "no", topic.about) for topic in PUBLISHED),
    )


def keys_of(kind: Kind, facet: Facet, table: KeyTable = KEYS) -> Callable[[], str]:
    """The keys of one facet of a kind."""

    def make() -> str:
        return grid(("key", "values", "meaning"), (_key_row(row) for row in table.of(kind, facet)))

    return make


def _key_row(row: Key) -> tuple[str, str, str]:
    bare, limits = _flat(annotation(row))
    return f"`{row.name}`", _values(bare, limits), row.words


def _unwrap(hint: Any) -> tuple[Any, list[FieldInfo]]:
    """The bare type of nested ``Annotated``, and the fields that were found on the way."""
    fields: list[FieldInfo] = []
    while hasattr(hint, "__metadata__"):
        fields += [extra for extra in hint.__metadata__ if isinstance(extra, FieldInfo)]
        hint = hint.__origin__
    return hint, fields


def _values(kind: Any, limits: Sequence[object]) -> str:
    options, nullable = [], False
    for option in get_args(kind) if type(None) in get_args(kind) else (kind,):
        if option is type(None):
            nullable = True
            continue
        options.append(_value(option))
    words = " or ".join(options)
    low = next((limit.ge for limit in limits if isinstance(limit, Ge)), None)
    high = next((limit.le for limit in limits if isinstance(limit, Le)), None)
    if low is not None or high is not None:
        words += f" {'' if low is None else low}..{'' if high is None else high}"
    return f"{words}, null" if nullable else words


def _value(kind: Any) -> str:
    if hasattr(kind, "__metadata__"):
        return _values(*_flat(kind))
    if getattr(kind, "__origin__", None) is list:
        return f"list of {_value(get_args(kind)[0])}"
    if getattr(kind, "__origin__", None) is dict:
        return "object"
    literals = [option for option in get_args(kind) if isinstance(option, str)]
    if literals:
        return _code(literals)
    return {str: "text", int: "integer", float: "number", bool: "true, false"}.get(kind, "object")


def _flat(kind: Any) -> tuple[Any, list[object]]:
    bare, fields = _unwrap(kind)
    return bare, [extra for field in fields for extra in field.metadata]


def status_of(kind: Kind) -> Callable[[], str]:
    """What leads to which status of a part, most severe first."""

    def make() -> str:
        rows = [(number, f"`{reason}`", f"`{word}`") for number, (reason, word) in enumerate(PRECEDENCE[kind], 1)]
        return grid(("", "reason", "status"), rows)

    return make


def thresholds() -> str:
    """When a battery is worth a status."""
    return grid(
        ("figure", "`replace` at or below", "`critical` at or below", "ends above, by"),
        (
            (f"`{key}`", rule.value, DEFAULT_RULES.critical[key].value, rule.hysteresis)
            for key, rule in DEFAULT_RULES.replace.items()
        ),
    )


def events() -> str:
    """Every event."""
    return grid(
        ("event_type", "of", "when", "`data`"),
        ((f"`{event}`", *EVENTS[event]) for event in get_args(EventType)),
    )


def envelope() -> str:
    """The keys of a request."""
    return grid(("key", "values", "meaning"), _fields(Envelope))


def verbs() -> str:
    """Every verb: whom it is sent to and what it takes."""
    rows = []
    for name, verb in VERBS.items():
        arguments = {
            model: [SCOPES[scope] for scope in verb.takes if verb.takes[scope] is model]
            for model in verb.takes.values()
        }
        takes = "; ".join(
            f"{'/'.join(scopes)}: {_code(model.model_fields)}" if len(arguments) > 1 else _code(model.model_fields)
            for model, scopes in arguments.items()
            if model.model_fields
        )
        about = verb.about
        to = ", ".join(SCOPES[scope] for scope in SCOPES if scope in verb.takes)
        rows.append((f"`{name}`", to, takes or "none", about))
    return grid(("verb", "sent to", "arguments", "what it does"), rows)


def arguments() -> str:
    """The arguments of every verb that has some."""
    parts = []
    seen: set[type[BaseModel]] = set()
    for name, verb in VERBS.items():
        for model in dict.fromkeys(verb.takes.values()):
            if model.model_fields and model not in seen:
                seen.add(model)
                parts.append(f"**`{name}`**\n\n{grid(('argument', 'values', 'meaning'), _fields(model))}")
    return "\n\n".join(parts)


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    for name, field in model.model_fields.items():
        bare, inner = _flat(field.annotation)
        words = field.description or next(
            (one.description for one in _unwrap(field.annotation)[1] if one.description), ""
        )
        values = _values(bare, [*field.metadata, *inner])
        yield f"`{name}`", f"{values}; **needed**" if field.is_required() else values, words or ""


def errors() -> str:
    """The closed list of error codes."""
    rows = []
    for code, title in TITLES.items():
        later = UNUSED_ERRORS.get(code)
        words = f"{title}. *Not answered by this version; kept for use {later}.*" if later else f"{title}."
        rows.append((f"`{code}`", "yes" if code in RETRYABLE else "no", words))
    return grid(("code", "try again unchanged?", "meaning"), rows)


def audit_actions() -> str:
    """Every audit action."""
    rows = []
    for action, words in ACTIONS.items():
        rows.append((f"`{action}`", words))
    return grid(("action", "meaning"), rows)


# -- supported-devices.md ------------------------------------------------------------------------------------


def models() -> str:
    """Every model that the installed drivers know."""
    return grid(
        ("model", "family", "is a", "parts", "note"),
        (
            (
                f"{maker(driver.manufacturer)} {product.model}",
                f"{product.title} (`{product.family}`)",
                UNIT_KINDS[product.kind].noun,
                "as it reports" if product.parts is None else product.parts,
                product.note,
            )
            for driver in find_drivers().values()
            for product in driver.products
            if driver.doors
        ),
    )


def maker(manufacturer: str) -> str:
    """A manufacturer as it is written: ``audio_technica`` -> Audio-Technica."""
    return manufacturer.replace("_", "-").title()


PAGES: Mapping[tuple[str, str], str] = {
    **{("shure", family): "../protocols.md" for family in ("ulxd", "qlxd", "slxd", "slxd_plus", "axient", "sbc")},
    **{("sennheiser", family): "../protocols.md" for family in ("ew_g4", "ew_iem_g4")},
    ("shure", "psm1000"): "psm1000.md",
    ("shure", "uhfr"): "uhfr.md",
    ("shure", "axient_psm"): "system-api.md",
    ("sennheiser", "spectera"): "sennheiser-sscv2.md",
    **{("sennheiser", family): "sennheiser-speechline.md" for family in ("speechline", "speechline_mcr", "chg4n")},
    ("audio_technica", "*"): "audio-technica.md",
    ("lectrosonics", "*"): "lectrosonics-dsqd.md",
    ("yamaha", "*"): "executive-elite.md",
    ("riedel", "*"): "bolero.md",
    ("shure", "*"): "mxw.md",
    ("sennheiser", "*"): "sennheiser-ssc.md",
}
"""The page with the facts and sources of each family, below docs/protocols; ``*`` stands for the others of a driver."""

RECORDED = "# Recorded by mic2mqtt capture"
"""How a capture begins that was not written by hand."""


def standing() -> str:
    """How far each family is: documented, simulated, captured, tried on hardware."""
    simulators, rows = find_simulators(), []
    captures = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(CAPTURES.rglob("*.capture"))]
    for name, driver in find_drivers().items():
        for family in dict.fromkeys(product.family for product in driver.products if driver.doors):
            products = [product for product in driver.products if product.family == family]
            page = (PAGES.get((name, family)) or PAGES[name, "*"]).removeprefix("../")
            where = page if page == "protocols.md" else f"protocols/{page}"
            played = [one.name for one in products if name in simulators and one.name in simulators[name].traits]
            mine = [
                text for text in captures if any(f"\ndriver {name}\nproduct {one.name}\n" in text for one in products)
            ]
            real = sum(text.startswith(RECORDED) for text in mine)
            rows.append(
                (
                    f"{maker(driver.manufacturer)} {products[0].title} (`{family}`)",
                    f"[{page}]({where})",
                    f"{len(played)} of {len(products)} models",
                    f"{len(mine)}, {real or 'none'} recorded",
                    "no",
                )
            )
    return grid(("family", "documented", "simulated", "captures", "tried on hardware"), rows)


def families() -> str:
    """What each family is about."""
    return grid(
        ("family", "in `info`", "slots a channel", "meter interval, ms"),
        (
            (
                one.title,
                f"`{one.name}`",
                one.slots or "none",
                f"{one.meters.fastest_ms} to {one.meters.slowest_ms}" if one.meters else "none",
            )
            for one in FAMILIES.values()
        ),
    )


def _products(kind: Kind) -> list[Product]:
    """A product of each family of a kind that is on the network."""
    products = [product for driver in find_drivers().values() if driver.doors for product in driver.products]
    return list({product.family: product for product in reversed(products) if product.kind is kind}.values())[::-1]


def _matrix(kind: Kind, keys: Iterable[str], reported: Callable[[Product], frozenset[str]]) -> str:
    products = _products(kind)
    head = ("key", *(product.title for product in products))
    rows = ((f"`{key}`", *("yes" if key in reported(product) else "" for product in products)) for key in keys)
    return grid(head, (row for row in rows if any(row[1:])))


def unit_matrix(kind: Kind) -> Callable[[], str]:
    """Which family reports which key of a unit."""
    return lambda: _matrix(kind, KEYS.names(kind), lambda product: product.abilities.keys)


def part_matrix(kind: Kind) -> Callable[[], str]:
    """The same of the parts of such a unit."""
    return lambda: _matrix(kind, KEYS.names(UNIT_KINDS[kind].part), lambda product: product.part_abilities.keys)


def telemetry_matrix(kind: Kind) -> Callable[[], str]:
    """The same of their meters."""
    meters = KEYS.names(UNIT_KINDS[kind].part, Facet.TELEMETRY)
    return lambda: _matrix(kind, meters, lambda product: product.part_abilities.telemetry)


def more_keys() -> str:
    """Keys under ``more``, by driver."""
    return grid(
        ("key", "unit", "driver", "meaning"),
        (
            (f"`{key.name}`", key.unit or "-", f"`{name}`", key.words)
            for name, driver in find_drivers().items()
            for key in driver.more
        ),
    )


def properties() -> str:
    """Wire names that are read, and the keys that they fill."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for family in FAMILIES.values():
        for prop in family.properties:
            if prop.keys and not prop.metered:
                row = (f"`{prop.name}`", prop.scope.value, _code(prop.keys))
                rows.setdefault(row, []).append(family.title)
    order = {name: number for number, name in enumerate(("unit", "part", "slot"))}
    found = sorted(rows.items(), key=lambda item: (order[item[0][1]], item[0][0]))
    return grid(("name", "of", "keys", "families"), ((*row, ", ".join(families)) for row, families in found))


def faults() -> str:
    """Faults of the simulators."""
    rows = (
        (f"`{name}`", f"`{fault}`", words)
        for name, simulator in find_simulators().items()
        for fault, words in simulator.faults.items()
    )
    return grid(("driver", "fault", "what happens"), rows)


# -- troubleshooting.md, architecture.md, operations.md ------------------------------------------------------


def reasons() -> str:
    """Why a receiver is offline."""
    return grid(
        ("reason", "what it means", "what to do"),
        ((f"`{reason}`", *REASONS[reason]) for reason in get_args(AvailabilityReason)),
    )


def session_states() -> str:
    """The states of a session as a Mermaid diagram."""
    arrows = [f"    {state} --> {after}: {step}" for state, steps in STATES.items() for step, after in steps.items()]
    return "\n".join(("```mermaid", "stateDiagram-v2", f"    [*] --> {next(iter(STATES))}", *arrows, "```"))


def commands() -> str:
    """The program's commands, each with its example."""
    group = cast("typer.core.TyperGroup", get_command(program))
    return grid(("command", "what it does", "example"), _commands(group, "mic2mqtt"))


def _commands(group: typer.core.TyperGroup, path: str) -> Iterator[tuple[str, str, str]]:
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from _commands(command, f"{path} {name}")
            continue
        example = (command.epilog or "").removeprefix("Example: ")
        yield f"`{path} {name}`", (command.help or "").strip(), f"`{example}`"


# -- metrics.md ----------------------------------------------------------------------------------------------


def metric_table() -> str:
    """Every metric, asked of a bridge that is built and not run."""
    return grid(("metric", "kind", "labels", "meaning"), asyncio.run(_metrics()))


async def _metrics() -> list[tuple[str, str, str, str]]:
    with tempfile.TemporaryDirectory() as directory:
        async with Store.open(f"sqlite:///{Path(directory) / 'docs.db'}") as store:
            app = App(Settings(), find_drivers(), store, Settings)
            figures = metrics.described(app.metrics())
            return [(f"`{one.name}`", one.kind, _code(one.labels), one.words) for one in figures]


TABLES: Mapping[tuple[str, str], Callable[[], str]] = {
    ("docs/topics.md", "topics"): topics,
    ("docs/topics.md", "receiver-info"): keys_of(Kind.RECEIVER, Facet.INFO),
    ("docs/topics.md", "receiver-state"): keys_of(Kind.RECEIVER, Facet.STATE),
    ("docs/topics.md", "receiver-link"): keys_of(Kind.RECEIVER, Facet.LINK),
    ("docs/topics.md", "channel-info"): keys_of(Kind.CHANNEL, Facet.INFO),
    ("docs/topics.md", "channel-state"): keys_of(Kind.CHANNEL, Facet.STATE),
    ("docs/topics.md", "telemetry"): keys_of(Kind.CHANNEL, Facet.TELEMETRY),
    ("docs/topics.md", "slot"): keys_of(Kind.CHANNEL, Facet.SLOTS),
    ("docs/topics.md", "iem-info"): keys_of(Kind.IEM, Facet.INFO),
    ("docs/topics.md", "iem-state"): keys_of(Kind.IEM, Facet.STATE),
    ("docs/topics.md", "iem-channel-info"): keys_of(Kind.IEM_CHANNEL, Facet.INFO),
    ("docs/topics.md", "iem-channel-state"): keys_of(Kind.IEM_CHANNEL, Facet.STATE),
    ("docs/topics.md", "iem-channel-telemetry"): keys_of(Kind.IEM_CHANNEL, Facet.TELEMETRY),
    ("docs/topics.md", "iem-channel-status"): status_of(Kind.IEM_CHANNEL),
    ("docs/topics.md", "charger-info"): keys_of(Kind.CHARGER, Facet.INFO),
    ("docs/topics.md", "charger-state"): keys_of(Kind.CHARGER, Facet.STATE),
    ("docs/topics.md", "bay-info"): keys_of(Kind.BAY, Facet.INFO),
    ("docs/topics.md", "bay-state"): keys_of(Kind.BAY, Facet.STATE),
    ("docs/topics.md", "bay-status"): status_of(Kind.BAY),
    ("docs/topics.md", "intercom-info"): keys_of(Kind.INTERCOM, Facet.INFO),
    ("docs/topics.md", "intercom-state"): keys_of(Kind.INTERCOM, Facet.STATE),
    ("docs/topics.md", "beltpack-info"): keys_of(Kind.BELTPACK, Facet.INFO),
    ("docs/topics.md", "beltpack-state"): keys_of(Kind.BELTPACK, Facet.STATE),
    ("docs/topics.md", "beltpack-status"): status_of(Kind.BELTPACK),
    ("docs/topics.md", "status"): status_of(Kind.CHANNEL),
    ("docs/topics.md", "thresholds"): thresholds,
    ("docs/topics.md", "events"): events,
    ("docs/topics.md", "envelope"): envelope,
    ("docs/topics.md", "verbs"): verbs,
    ("docs/topics.md", "arguments"): arguments,
    ("docs/topics.md", "errors"): errors,
    ("docs/topics.md", "audit-actions"): audit_actions,
    ("docs/supported-devices.md", "families"): families,
    ("docs/supported-devices.md", "models"): models,
    ("docs/supported-devices.md", "standing"): standing,
    ("docs/supported-devices.md", "channel-keys"): part_matrix(Kind.RECEIVER),
    ("docs/supported-devices.md", "charger-keys"): unit_matrix(Kind.CHARGER),
    ("docs/supported-devices.md", "bay-keys"): part_matrix(Kind.CHARGER),
    ("docs/supported-devices.md", "beltpack-keys"): part_matrix(Kind.INTERCOM),
    ("docs/supported-devices.md", "more-keys"): more_keys,
    ("docs/supported-devices.md", "receiver-keys"): unit_matrix(Kind.RECEIVER),
    ("docs/supported-devices.md", "telemetry-keys"): telemetry_matrix(Kind.RECEIVER),
    ("docs/supported-devices.md", "iem-channel-keys"): part_matrix(Kind.IEM),
    ("docs/supported-devices.md", "iem-channel-telemetry-keys"): telemetry_matrix(Kind.IEM),
    ("docs/supported-devices.md", "faults"): faults,
    ("docs/protocols.md", "properties"): properties,
    ("docs/troubleshooting.md", "reasons"): reasons,
    ("docs/architecture.md", "session-states"): session_states,
    ("docs/metrics.md", "metrics"): metric_table,
    ("docs/operations.md", "commands"): commands,
}
"""(file, name of the place) -> what stands there."""
