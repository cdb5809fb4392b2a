"""Drivers are found, and a broken one never stops the others."""

from __future__ import annotations

import logging
import sys
import tomllib
import types
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from services.drivers import find_drivers, get_driver
from services.drivers.registry import GROUP, PARTS, UnknownDriverError


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, GROUP)


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Another maker's module."""
    module = types.ModuleType("acme_receivers")
    offered = dict.fromkeys(PARTS["driver"])
    module.driver = types.SimpleNamespace(name="acme", **offered)  # type: ignore[attr-defined]
    module.other = types.SimpleNamespace(name="acme", **offered)  # type: ignore[attr-defined]
    module.older = types.SimpleNamespace(name="older", probe=None)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_the_drivers_of_the_product_are_installed() -> None:
    assert {"shure", "manual"} <= {*find_drivers()}


def test_a_new_maker_is_one_entry_point(acme: types.ModuleType) -> None:
    assert find_drivers([point("acme", "acme_receivers:driver")]) == {"acme": acme.driver}


@pytest.mark.usefixtures("acme")
def test_a_broken_driver_is_an_error_in_the_log_and_the_others_work(caplog: pytest.LogCaptureFixture) -> None:
    points = [point("broken", "no_such_module:driver"), point("acme", "acme_receivers:driver")]
    assert [*find_drivers(points)] == ["acme"]
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "broken" in record.getMessage()


@pytest.mark.usefixtures("acme")
def test_a_driver_for_another_version_of_the_port_is_left_out_and_the_log_says_what_it_lacks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    points = [point("older", "acme_receivers:older"), point("acme", "acme_receivers:driver")]
    assert [*find_drivers(points)] == ["acme"]
    assert "lacks manufacturer, products, doors" in caplog.text


@pytest.mark.usefixtures("acme")
def test_a_name_that_two_claim_is_given_to_neither(caplog: pytest.LogCaptureFixture) -> None:
    points = [point("acme", "acme_receivers:driver"), point("acme", "acme_receivers:other")]
    assert find_drivers(points) == {}
    assert "claimed by both" in caplog.text


def test_the_same_driver_listed_twice_is_one_driver(acme: types.ModuleType) -> None:
    points = [point("acme", "acme_receivers:driver")] * 2
    assert find_drivers(points) == {"acme": acme.driver}


@pytest.mark.usefixtures("acme")
def test_a_driver_that_calls_itself_otherwise_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    assert find_drivers([point("alias", "acme_receivers:driver")]) == {}
    assert "names must be equal" in caplog.text


def test_an_unknown_name_is_answered_with_the_names_that_there_are() -> None:
    with pytest.raises(UnknownDriverError, match=r"no driver 'sure'; installed drivers: .*manual.*shure"):
        get_driver(find_drivers(), "sure")


def test_what_is_installed_offers_what_the_project_declares() -> None:
    """An environment that was made before a maker came lacks it, and documents made there forget it."""
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    for group in ("mic2mqtt.drivers", "mic2mqtt.simulators"):
        offered = {point.name: point.value for point in entry_points(group=group)}
        assert offered.items() >= project["entry-points"][group].items(), "run `make venv`"
