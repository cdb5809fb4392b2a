"""Starts mic2mqtt as an app of Home Assistant: the app's options and the broker of the Supervisor become its settings.

The standard library alone: Home Assistant's bashio is in its own base images only, and those have no Python that the
locked wheels are made for. In the end this process becomes `mic2mqtt run`, so that SIGTERM reaches the bridge itself.
With ``--health`` it asks the running bridge whether it is alive.

Exit codes: 1 the Supervisor or the broker is not there (trying again may help), 2 something has to be changed first.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

FAILED, WRONG = 1, 2
TOKEN = "SUPERVISOR_TOKEN"  # noqa: S105 - the name of the variable that has it
TOKENS = (TOKEN, "HASSIO_TOKEN")
"""The Supervisor gives it under its old name, too. The bridge has no use for it and gets neither."""
EXAMPLE = Path(__file__).with_name("mic2mqtt.toml")
ANSWER_S = 10.0
AGAIN_S = 2.0
HEALTH_S = 4.0
MOST_BYTES = 65_536

Options = Mapping[str, Any]


class StartError(Exception):
    """The bridge cannot be started: what is wrong and what to do, and the exit code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


class NotYetError(Exception):
    """The Supervisor does not have it now. In the minutes after a boot that passes by itself."""


def main() -> None:
    """Start the bridge, or end with one line that names the remedy."""
    arguments = _arguments()
    try:
        options = _options(arguments.data)
        if arguments.health:
            _ask_health(str(options.get("http_listen") or ""))
            return
        _become_bridge(arguments, options)
    except StartError as error:
        _say(str(error))
        sys.exit(error.code)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Start mic2mqtt as an app of Home Assistant.")
    parser.add_argument("--health", action="store_true", help="ask the running bridge whether it is alive")
    parser.add_argument("--data", type=Path, default=Path("/data"), help="options.json and the database")
    parser.add_argument("--config", type=Path, default=Path("/config"), help="the folder of mic2mqtt.toml")
    parser.add_argument("--private", type=Path, default=Path("/run/mic2mqtt"), help="the broker's password; no backup")
    parser.add_argument("--supervisor", default="http://supervisor", help="URL of the Supervisor")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds to wait for the MQTT service")
    return parser.parse_args()


def _become_bridge(arguments: argparse.Namespace, options: Options) -> NoReturn:
    environment = {name: value for name, value in os.environ.items() if name not in TOKENS}
    environment |= settings(options)
    if options.get("mqtt_service", True):
        service = _wait_for_service(arguments.supervisor, arguments.patience)
        environment |= broker(service, arguments.private)
    else:
        _say("the broker is the one of mic2mqtt.toml, because the option mqtt_service is off")
    file = _configuration(arguments.config)
    # [database] url of an empty configuration is a file in the working folder
    os.chdir(arguments.data)
    sys.stderr.flush()
    try:
        os.execvpe("mic2mqtt", ["mic2mqtt", "run", "--config", str(file)], environment)  # noqa: S606, S607 - see above
    except OSError as error:
        raise StartError(
            f"the program mic2mqtt does not start: {error.strerror}. Build the app anew", FAILED
        ) from error


# -- options ---------------------------------------------------------------------------------------------------


def _options(data: Path) -> Options:
    """What the user set in Home Assistant, where the Supervisor writes it."""
    file = data / "options.json"
    try:
        options = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise StartError(f"{file} cannot be read ({error}): save the options of the app again", WRONG) from error
    if not isinstance(options, dict):
        raise StartError(f"{file} holds no options: save the options of the app again", WRONG)
    return options


def settings(options: Options) -> dict[str, str]:
    """The options as variables of mic2mqtt, which count more than its file. What is empty is left to the file."""
    texts = {
        "MIC2MQTT_LOG__LEVEL": options.get("log_level"),
        "MIC2MQTT_BRIDGE__ORGANIZATION": options.get("organization"),
        "MIC2MQTT_BRIDGE__CAMPUS": options.get("campus"),
        "MIC2MQTT_HOME_ASSISTANT__NAMES": options.get("home_assistant_names"),
        "MIC2MQTT_HTTP__LISTEN": options.get("http_listen"),
    }
    lists = {
        "MIC2MQTT_HOME_ASSISTANT__CAMPUSES": options.get("home_assistant_campuses"),
        "MIC2MQTT_HOME_ASSISTANT__TAGS": options.get("home_assistant_tags"),
    }
    found = {name: str(value) for name, value in texts.items() if value}
    found |= {name: json.dumps(value) for name, value in lists.items() if value}
    found["MIC2MQTT_HOME_ASSISTANT__ENABLED"] = "true" if options.get("home_assistant", True) else "false"
    return found


# -- the broker ------------------------------------------------------------------------------------------------


def _wait_for_service(supervisor: str, patience_s: float) -> Mapping[str, Any]:
    """The MQTT service, as soon as there is one: after a boot the broker may start later than this app."""
    token = next(filter(None, map(os.environ.get, TOKENS)), None)
    if token is None:
        raise StartError(
            f"there is no {TOKEN}: this program runs as an app of Home Assistant. Elsewhere run `mic2mqtt run`, or "
            "switch the option mqtt_service off",
            WRONG,
        )
    end = time.monotonic() + patience_s
    waiting = False
    while True:
        try:
            return _ask_service(f"{supervisor}/services/mqtt", token)
        except NotYetError as error:
            if time.monotonic() >= end:
                raise StartError(str(error), FAILED) from error
            if not waiting:
                _say(f"{error}. Waiting {patience_s:g} s for it")
            waiting = True
            time.sleep(AGAIN_S)


def _ask_service(url: str, token: str) -> Mapping[str, Any]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - our own URL
    try:
        # through no proxy: the token is for the Supervisor alone
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=ANSWER_S) as answer:
            body = answer.read(MOST_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(error.code, _message(error)) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise NotYetError(f"the Supervisor does not answer ({reason}): restart the app, then the host") from error
    try:
        service = json.loads(body)["data"]
        host, port = service["host"], int(service["port"])
    except (ValueError, KeyError, TypeError):
        service = host = port = None
    if not isinstance(service, dict) or not isinstance(host, str) or not host or not port:
        # not repeated here: a password may stand in it
        raise StartError("the Supervisor's answer names no MQTT broker: update Home Assistant and the app", FAILED)
    return service


def _refusal(status: int, message: str) -> Exception:
    said = f"the Supervisor answered {status}{message and f', {message!r}'}"
    if status == 400:  # noqa: PLR2004 - "Service not enabled"
        return NotYetError(
            f'Home Assistant has no MQTT service ({said}): install and start the app "Mosquitto broker". For a broker '
            "of your own switch the option mqtt_service off and write [mqtt] into mic2mqtt.toml"
        )
    if status in {401, 403}:
        return StartError(f"this app may not ask for the MQTT service ({said}): install the app again", WRONG)
    return NotYetError(f"the MQTT service is not known now ({said}): see the log of the Supervisor")


def _message(error: urllib.error.HTTPError) -> str:
    """What the Supervisor says of it, where it says something."""
    try:
        return str(json.loads(error.read(MOST_BYTES))["message"])[:200]
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return ""


def broker(service: Mapping[str, Any], private: Path) -> dict[str, str]:
    """The broker as variables of mic2mqtt; its password as a file that only this user may read."""
    host = f"[{service['host']}]" if ":" in service["host"] else service["host"]
    scheme = "mqtts" if service.get("ssl") else "mqtt"
    found = {"MIC2MQTT_MQTT__URL": f"{scheme}://{host}:{int(service['port'])}"}
    if service.get("username"):
        found["MIC2MQTT_MQTT__USER"] = str(service["username"])
    if service.get("password"):
        found["MIC2MQTT_MQTT__PASSWORD_FILE"] = str(_kept(str(service["password"]), private))
    _say(f"the broker is {found['MIC2MQTT_MQTT__URL']}, from the Supervisor")
    return found


def _kept(password: str, private: Path) -> Path:
    file = private / "mqtt-password"
    try:
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.unlink(missing_ok=True)  # the rights of a file that is there would stay as they are
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as sink:
            sink.write(password)
    except OSError as error:
        raise StartError(f"{file} cannot be written: {error.strerror}. Restart the app", FAILED) from error
    return file


# -- the file --------------------------------------------------------------------------------------------------


def _configuration(folder: Path) -> Path:
    """The user's file; the first start writes a commented one, and none after that touches it."""
    file = folder / "mic2mqtt.toml"
    if file.exists():
        return file
    new = file.with_suffix(".new")
    try:
        new.write_bytes(EXAMPLE.read_bytes())
        new.chmod(0o600)  # somebody will write a password into it
        new.replace(file)  # whole or not at all, also in a power cut
    except OSError as error:
        raise StartError(f"{file} cannot be written: {error.strerror}. Look at the folder of the app", WRONG) from error
    _say(f"wrote {file}: name your units and networks there")
    return file


# -- health ----------------------------------------------------------------------------------------------------


def _ask_health(listen: str) -> None:
    """Return when the bridge is alive, or when the options do not say where it could be asked."""
    host, _, port = listen.rpartition(":")
    if not port:
        return
    # who listens on all addresses is asked on loopback
    host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=HEALTH_S)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/healthz")
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise StartError(f"the bridge does not answer at {listen}: {error}", FAILED) from error
    if status != http.HTTPStatus.OK:
        raise StartError(f"the bridge answers {status} at {listen}", FAILED)


def _say(text: str) -> None:
    print(f"mic2mqtt app: {text}", file=sys.stderr)


if __name__ == "__main__":
    main()
