"""The configuration in the services' words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel, ValidationError

from bridge.contract import LARGEST
from bridge.mqtt import MqttConfig
from bridge.settings.loading import ConfigurationError, Settings
from bridge.settings.problems import Key, Problem, dotted, explain
from bridge.settings.unit_sections import ReceiverSettings, UnitSettings
from services.control import ControlRule
from services.drivers import Credential, Driver
from services.model import Campus, Kind, RangeRecord
from services.rules import StatusRules, Threshold, parse
from services.units import ConfiguredUnit, Polling


def broker_of(settings: Settings) -> MqttConfig:
    """Where the broker is; the client id is fixed for each logical bridge, so that the broker keeps two apart."""
    mqtt = settings.mqtt
    return MqttConfig(
        url=mqtt.url,
        client_id=mqtt.client_id or f"mic2mqtt-{settings.bridge.id}",
        user=mqtt.user,
        password=mqtt.password.get_secret_value() if mqtt.password else None,
        ca_file=mqtt.ca_file,
        protocol=mqtt.protocol,
        largest_payload=LARGEST,
    )


def polling_of(settings: Settings) -> Polling:
    """How units are asked."""
    polling = settings.polling
    return Polling(
        refresh_interval_s=polling.refresh_interval,
        keepalive_s=polling.keepalive,
        meter_interval_s=polling.meter_interval,
        interface=settings.discovery.interface,
    )


def status_rules_of(settings: Settings) -> StatusRules:
    """Battery thresholds, in the order in which a family's measures count."""
    status = settings.status
    minutes, percent = status.hysteresis_minutes, status.hysteresis_percent
    return StatusRules(
        replace={
            "battery_runtime_minutes": Threshold(status.replace_minutes, minutes),
            "battery_percent": Threshold(status.replace_percent, percent),
            "battery_bars": Threshold(status.replace_bars, 0),
        },
        critical={
            "battery_runtime_minutes": Threshold(status.critical_minutes, minutes),
            "battery_percent": Threshold(status.critical_percent, percent),
            "battery_bars": Threshold(status.critical_bars, 0),
        },
        lost_hold_s=status.lost_hold,
    )


def control_rules_of(settings: Settings) -> list[ControlRule]:
    """What may be changed, in the order of the file."""
    return [
        ControlRule(
            number=number,
            verbs=frozenset(rule.verbs),
            organization=rule.organization,
            campus=rule.campus,
            tags=frozenset(rule.tags),
            units=frozenset(rule.units),
            keys=None if rule.keys is None else frozenset(rule.keys),
            limits=dict(rule.limits),
            allow_rf=rule.allow_rf,
            only_idle=rule.only_idle,
        )
        for number, rule in enumerate(settings.control.rules, 1)
    ]


def configured_units(settings: Settings, drivers: Mapping[str, Driver]) -> list[ConfiguredUnit]:
    """The units that stand in the file. Raises `ConfigurationError` for options that a driver does not have."""
    problems: list[Problem] = []
    units = [_unit(settings, entry, Kind.RECEIVER, None) for entry in settings.receivers]
    for number, entry in enumerate(settings.units):
        options, wrong = _options(entry, drivers, settings, ("units", number, "options"))
        problems += wrong
        unit = _unit(settings, entry, Kind(entry.kind) if entry.kind else None, options)
        units.append(replace(unit, behind=entry.unit or ""))
    if problems:
        raise ConfigurationError([str(problem) for problem in sorted(problems, key=Problem.order)])
    return units


def _options(
    entry: UnitSettings, drivers: Mapping[str, Driver], settings: Settings, key: Key
) -> tuple[BaseModel | None, list[Problem]]:
    """The options of a unit in the form of its driver, and what is wrong with them."""
    driver, where = drivers.get(entry.driver), settings.where
    if driver is None or (driver.options is None and not entry.options):
        return None, []  # a driver that is not installed has a line of its own
    if driver.options is None:
        return None, [Problem(where.of(key), dotted(key), f"driver {entry.driver} has no options")]
    try:
        return driver.options.model_validate(entry.options), []
    except ValidationError as error:
        shared = [one for one in settings.credentials if one.driver == entry.driver]
        if shared and all(one["type"] == "missing" for one in error.errors()) and not entry.options:
            return None, []  # what it lacks may come from there
        return None, explain(error, where, driver.options, key)


def credentials_of(settings: Settings, drivers: Mapping[str, Driver]) -> list[Credential]:
    """What drivers need to be let in. Raises `ConfigurationError` for options that a driver does not have."""
    problems: list[Problem] = []
    found: list[Credential] = []
    for number, entry in enumerate(settings.credentials):
        driver, key = drivers.get(entry.driver), ("credentials", number)
        if driver is None:
            continue  # a driver that is not installed has a line of its own
        if driver.options is None:
            at = (*key, "driver")
            problems.append(Problem(settings.where.of(at), dotted(at), f"driver {entry.driver} has no options"))
            continue
        try:
            driver.options.model_validate(entry.options)
        except ValidationError as error:  # what is missing may stand in another entry, or with a unit
            wrong = explain(error, settings.where, driver.options, (*key, "options"))
            missing = {dotted((*key, "options", *one["loc"])) for one in error.errors() if one["type"] == "missing"}
            problems += [problem for problem in wrong if problem.key not in missing]
        found += [Credential(entry.driver, entry.options, place) for place in map(parse, entry.networks)]
        if not entry.networks:
            found.append(Credential(entry.driver, entry.options))
    if problems:
        raise ConfigurationError([str(problem) for problem in sorted(problems, key=Problem.order)])
    return found


def _unit(settings: Settings, entry: ReceiverSettings, kind: Kind | None, options: BaseModel | None) -> ConfiguredUnit:
    return ConfiguredUnit(
        tenant=Campus(settings.organization_of(entry), settings.campus_of(entry)),
        host=entry.host or "",
        id=entry.id,
        kind=kind,
        name=entry.name,
        driver=entry.driver,
        port=entry.port,
        manufacturer=entry.manufacturer,
        labels=entry.label_record(),
        meter_interval_s=entry.meter_interval,
        options=options,
    )


def ranges_of(settings: Settings) -> list[RangeRecord]:
    """The networks and single hosts that are searched."""
    default = Campus(settings.bridge.organization, settings.bridge.campus)
    ranges = [
        RangeRecord(
            tenant=Campus(settings.organization_of(entry), settings.campus_of(entry)),
            network=entry.network,
            adopt=entry.adopt,
            schedule_s=entry.schedule,
            manufacturer=entry.manufacturer,
            source="config",
        )
        for entry in settings.discovery.ranges
    ]
    hosts = [RangeRecord(default, host, True, None, None, "config") for host in settings.discovery.hosts]
    return ranges + hosts
