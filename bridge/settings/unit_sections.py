"""Units that are always served: ``[[units]]``, and ``[[receivers]]`` as older files have it."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from bridge.settings.sections import Section
from bridge.settings.values import (
    MINUTE,
    UNIT_ID_MAX,
    Allowed,
    Duration,
    Id,
    Organization,
    UnitId,
    Whole,
    Word,
    host_alone,
)
from services.model import UNIT_KINDS, UnitWord
from services.rules import parse


class DriverSettings(Section):
    """Drivers that are used only where somebody asks for them."""

    experimental: Annotated[
        tuple[Word, ...],
        Allowed("names of drivers"),
        Field(
            description="Drivers that speak an interface which their maker has not published, so that any firmware may "
            "break them: off unless named here. See `docs/supported-devices.md`."
        ),
    ] = ()


class LabelSettings(Section):
    """Where a unit stands: free text."""

    location: Annotated[Word | None, Allowed("text"), Field(description="Site or venue.")] = None
    building: Annotated[Word | None, Allowed("text"), Field(description="Building.")] = None
    room: Annotated[Word | None, Allowed("text"), Field(description="Room.")] = None
    rack: Annotated[Word | None, Allowed("text"), Field(description="Rack.")] = None
    position: Annotated[Word | None, Allowed("text"), Field(description="Place in the rack.")] = None


class ReceiverSettings(Section):
    """A receiver that is always served, as `[[units]]` with `kind = "receiver"`: older files have it, and it stays."""

    host: Annotated[
        Annotated[str, AfterValidator(host_alone)] | None,
        Allowed("a host name or address"),
        Field(description='Where it is. Needed, except with driver = "manual".'),
    ] = None
    id: Annotated[
        UnitId | None,
        Allowed(f"an id of at most {UNIT_ID_MAX} characters"),
        Field(
            description="Its id in topics, for ever; survives a swap of the unit. Made from model and MAC if not given."
        ),
    ] = None
    name: Annotated[
        Word | None, Allowed("text"), Field(description="Its name for people; the unit's own label if not given.")
    ] = None
    driver: Annotated[
        str,
        Field(description="The driver that reads it; `auto` asks all drivers. See `mic2mqtt version`.", min_length=1),
    ] = "auto"
    port: Annotated[
        Annotated[Whole, Field(ge=1, le=65535)] | None,
        Allowed("1 to 65535"),
        Field(description="Its port, where it is not the driver's own."),
    ] = None
    organization: Annotated[
        Organization | None,
        Allowed("an id, but not `bridge`"),
        Field(description="Its organization; that of `[bridge]` where it is not given."),
    ] = None
    campus: Annotated[Id | None, Allowed("an id"), Field(description="Its campus; that of `[bridge]` likewise.")] = None
    manufacturer: Annotated[
        Word | None,
        Allowed("text"),
        Field(description='Its maker: only with driver = "manual", where no unit can report it.'),
    ] = None
    meter_interval: Annotated[
        float | None,
        Duration(0.1, MINUTE, zero="off"),
        Field(description="Metering asked of it; that of `[polling]` where it is not given."),
    ] = None
    tags: Annotated[
        tuple[Word, ...], Allowed("words"), Field(description="Words to select it by, in commands and rules.")
    ] = ()
    labels: Annotated[LabelSettings, Field(description="Where it stands.")] = LabelSettings()

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.driver != "manual":
            if self.host is None:
                raise ValueError('host is missing (only a unit with driver = "manual" has none)')
            if self.manufacturer is not None:
                raise ValueError('manufacturer is what the unit reports; it can be given only with driver = "manual"')
        elif self.id is None:
            raise ValueError('id is missing: a unit with driver = "manual" cannot be asked for one')
        return self

    def label_record(self) -> dict[str, object]:
        """All labels and the tags, every key present, as they are published."""
        return {**self.labels.model_dump(), "tags": list(self.tags)}


class CredentialSettings(Section):
    """What a driver needs to be let in by its units: for all of them, or for those in some networks."""

    driver: Annotated[str, Field(description="The driver. See `mic2mqtt version`.", min_length=1)]
    networks: Annotated[
        tuple[Word, ...],
        Allowed("networks, ranges, addresses or host names"),
        Field(description="Only for units there; of several that fit, the one for fewer addresses counts."),
    ] = ()
    options: Annotated[
        dict[str, Any],
        Allowed("a table; its keys are the driver's own"),
        Field(
            description="As in `[[units]]`, whose own options count more, key by key. `<key>_file` names a file that "
            "holds the value; it is read again with the configuration. Never shown, never stored."
        ),
    ]

    @model_validator(mode="after")
    def _networks_are_places(self) -> Self:
        for text in self.networks:
            parse(text)
        return self


class UnitSettings(ReceiverSettings):
    """A unit that is always served: a receiver, a charger, an IEM transmitter. Applied at every start and reload."""

    kind: Annotated[
        UnitWord | None,
        Allowed(", ".join(f'"{kind}"' for kind in UNIT_KINDS)),
        Field(
            description="What it is. Found out by asking where it is not given; given together with `id` it has its "
            "topics before it ever answered."
        ),
    ] = None

    unit: Annotated[
        Word | None,
        Allowed("text"),
        Field(description="Which one of the units behind a gateway at `host`, as `mic2mqtt discover` names it."),
    ] = None

    options: Annotated[
        dict[str, Any],
        Allowed("a table; its keys are the driver's own"),
        Field(
            default_factory=dict,
            description="Settings of the driver alone, for example a password. `<key>_file` names a file that holds "
            "the value. Needs `driver`. Never shown, never stored.",
        ),
    ]

    @model_validator(mode="after")
    def _options_have_a_driver(self) -> Self:
        if self.options and self.driver == "auto":
            raise ValueError("options are those of one driver: name it, driver = ...")
        return self

    @model_validator(mode="after")
    def _has_a_kind(self) -> Self:
        if self.driver == "manual" and self.kind is None:
            raise ValueError('kind is missing: a unit with driver = "manual" cannot be asked for it')
        return self
