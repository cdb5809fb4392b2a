"""`run` and `check`: the process round the bridge."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from bridge.cli.cautions import cautions
from bridge.logs import Logs
from bridge.settings import ConfigurationError, Settings, configured_units, find_file, load, redacted, secrets
from services.drivers import Driver

log = logging.getLogger(__name__)

SWITCH_INTERVAL_S: Final = 0.0005
"""The database's thread gives the interpreter back after so long: the worst lag of the loop fell from 35 to 5 ms."""

COLLECT_AFTER: Final = 20_000
"""Objects made before the garbage collector looks at the young ones; with its 700 it looks at every burst of meters."""

FILES_BESIDE: Final = 128
"""Files that are open without any unit: database, broker, HTTP, and room for a scan."""


def raise_file_limit() -> int:
    """Allow as many open files as the system lets us; how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else sys.maxsize


def check_file_limit(limit: int, units: int) -> None:
    """Warn where the limit is too low: each unit holds one socket, and one more while it comes back."""
    needed = 2 * units + FILES_BESIDE
    if limit < needed:
        log.warning(
            "this process may open %d files, and %d units need %d: raise the limit (systemd: LimitNOFILE=%d, "
            "docker: --ulimit nofile=%d)",
            limit,
            units,
            needed,
            needed,
            needed,
        )


def warn(settings: Settings) -> None:
    """Log what is allowed and yet unwise."""
    for caution in cautions(settings):
        log.warning("%s", caution)


def run(path: Path | None) -> None:
    """Run the bridge until a signal ends it. Raises `ConfigurationError` and whatever keeps it from starting."""
    settings = load(path, os.environ)
    with Logs(settings.log.level, settings.log.format, secrets=secrets(settings)) as logs:

        def reload() -> Settings:
            new = load(path, os.environ)
            logs.change(new.log.level, new.log.format, secrets=(*secrets(settings), *secrets(new)))
            if (said := cautions(new)) != warned:  # once each: whoever may send commands could fill the log
                warn(new)
                warned[:] = said
            return new

        file = find_file(path, os.environ)
        log.info("mic2mqtt starts", extra={"configuration": str(file) if file else "none: defaults and environment"})
        origin = "the environment" if file is None else str(file)
        warn(settings)
        warned = cautions(settings)
        limit = raise_file_limit()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_run(settings, reload, limit, origin))
        log.info("mic2mqtt has stopped")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    import uvloop

    return uvloop.new_event_loop


class Signals:
    """SIGTERM and SIGINT stop the task in good order, a second one at once; SIGHUP asks for a reload."""

    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task
        self._loop = asyncio.get_running_loop()
        self.stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop, number)

    def on_hangup(self, do: Callable[[], None]) -> None:
        """What SIGHUP is to do."""
        self._loop.add_signal_handler(signal.SIGHUP, do)

    def _stop(self, number: signal.Signals) -> None:
        log.info("stopping", extra={"signal": number.name})
        self.stopping = True
        for each in (signal.SIGTERM, signal.SIGINT):
            self._loop.remove_signal_handler(each)
        self._task.cancel()


async def _run(settings: Settings, reload: Callable[[], Settings], limit: int, origin: str) -> None:
    """``origin`` names the file of the configuration, for error messages."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine runs in a task
    signals = Signals(task)
    signals.on_hangup(lambda: log.warning("still starting: send SIGHUP again later"))
    from bridge.app import App
    from services.drivers import asked_for, find_drivers
    from services.model import ServiceError
    from services.store import Store

    reloading: set[asyncio.Task[None]] = set()

    async def reload_now(app: App) -> None:
        try:
            await app.reload()
        except ServiceError as error:
            log.error("everything stays as it was", extra={"why": error.detail})  # noqa: TRY400 - no bug of ours

    def started(app: App, _url: str | None) -> None:
        def hang_up() -> None:
            doing = asyncio.create_task(reload_now(app), name="reload")
            reloading.add(doing)
            doing.add_done_callback(reloading.discard)

        signals.on_hangup(hang_up)
        # What is there now stays: a full collection would look at all of it again and hold the loop for 70 ms.
        gc.collect()
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER)
        check_file_limit(limit, len(app.inventory.units))

    try:
        async with Store.open(settings.database.connection_url()) as store:
            drivers = asked_for(find_drivers(), settings.drivers.experimental)
            app = App(settings, drivers, store, reload, origin=origin)
            await app.run(started)
    except asyncio.CancelledError:
        if not signals.stopping:
            raise


def check(path: Path | None, *, connect: bool, show: bool, write: Callable[[str], None]) -> bool:
    """Look at the configuration; whether everything that was tried works. Raises `ConfigurationError`."""
    settings = load(path, os.environ)
    _check_drivers(settings)
    file = find_file(path, os.environ)
    write(f"configuration: fine ({file or 'no file: defaults and environment'})")
    for caution in cautions(settings):
        write(f"warning: {caution}")
    if show:
        write(json.dumps(redacted(settings), indent=2))
    if not connect:
        return True
    return all([asyncio.run(_check_broker(settings, write)), _check_database(settings, write)])


def _check_drivers(settings: Settings) -> None:
    """Check what only the installed drivers know. Raises `ConfigurationError`."""
    from services.drivers import find_drivers

    drivers = find_drivers()
    problems = _unknown_drivers(settings, drivers)
    try:
        configured_units(settings, drivers)
    except ConfigurationError as error:
        problems += error.problems
    if problems:
        raise ConfigurationError(problems)


def _unknown_drivers(settings: Settings, drivers: Mapping[str, Driver]) -> list[str]:
    from services.drivers import asked_for

    known = ", ".join(["auto", *sorted(drivers)])
    makers = {driver.manufacturer for driver in drivers.values()}
    return (
        [
            f"{section}[{number}].driver: {entry.driver!r} is not installed; allowed: {known}"
            for section, entries in (("receivers", settings.receivers), ("units", settings.units))
            for number, entry in enumerate(entries, 1)
            if entry.driver not in {"auto", *drivers}
        ]
        + [
            f"{section}[{number}].driver: {entry.driver!r} is experimental and off: write [drivers] experimental = "
            f'["{entry.driver}"] to use it'
            for section, entries in (("receivers", settings.receivers), ("units", settings.units))
            for number, entry in enumerate(entries, 1)
            if entry.driver in drivers.keys() - asked_for(drivers, settings.drivers.experimental)
        ]
        + [
            f"drivers.experimental: there is no driver {name!r}; installed: {', '.join(sorted(drivers))}"
            for name in settings.drivers.experimental
            if name not in drivers
        ]
        + [
            f"discovery.ranges[{number}].manufacturer: {entry.manufacturer!r} has no driver here; allowed: "
            f"{', '.join(sorted(makers))}"
            for number, entry in enumerate(settings.discovery.ranges, 1)
            if entry.manufacturer not in {None, *makers}
        ]
    )


async def _check_broker(settings: Settings, write: Callable[[str], None]) -> bool:
    from bridge.cli.broker import config_for
    from bridge.mqtt import BrokerError, open_once

    try:
        connection = await open_once(config_for(settings, "check"))
    except BrokerError as error:
        write(f"broker: {error}")
        return False
    write(f"broker: fine ({settings.mqtt.url}, MQTT {connection.version})")
    await connection.close(1.0)
    return True


def _check_database(settings: Settings, write: Callable[[str], None]) -> bool:
    from bridge.cli.store import look_at_schema
    from services.store import StoreError

    try:
        _current, words = look_at_schema(settings, thorough=True)
    except StoreError as error:
        write(f"database: {error}")
        return settings.database.url.startswith("sqlite") and "there is no database" in str(error)
    write(f"database: {words}")
    return True
