from __future__ import annotations

import io
import json
import logging
import threading
import warnings
from collections.abc import Callable

import orjson
import pytest

from bridge import logs
from bridge.logs import WAITING, Format, Level, Logs

OURS = logging.getLogger("services.units.sessions")


@pytest.fixture
def written() -> Callable[..., str]:
    def write(say: Callable[[], None], level: Level = "info", format: Format = "plain", **options: object) -> str:  # noqa: A002
        stream = io.StringIO()
        with Logs(level, format, stream=stream, secrets=options.get("secrets", ())):  # type: ignore[arg-type]
            say()
        return stream.getvalue()

    return write


def test_a_line_says_when_how_bad_which_unit_what_and_why(written: Callable[..., str]) -> None:
    extra = {"unit": "rack1", "reason": "silent", "why": "nothing received for 20 s: is it switched on?"}
    line = written(lambda: OURS.warning("unit is lost", extra=extra))
    assert line.endswith(
        " WARNING rack1          unit is lost: nothing received for 20 s: is it switched on?  (reason=silent)\n"
    )


def test_json_has_the_same_facts_and_utc(written: Callable[..., str]) -> None:
    line = json.loads(written(lambda: OURS.info("online %d", 3, extra={"unit": "rack1"}), format="json"))
    assert line.pop("time").endswith("Z")
    assert line == {"event": "online 3", "level": "info", "unit": "rack1"}


def test_libraries_speak_from_warning_on_and_are_named(written: Callable[..., str]) -> None:
    def say() -> None:
        logging.getLogger("paho").info("chatter")
        logging.getLogger("paho").warning("trouble")

    lines = written(say, level="debug")
    assert "chatter" not in lines
    assert "trouble  (logger=paho)" in lines


@pytest.mark.parametrize(("level", "seen"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_the_level_is_the_least_important_that_is_written(written: Callable[..., str], level: Level, seen: int) -> None:
    def say() -> None:
        for name in ("debug", "info", "warning", "error"):
            getattr(OURS, name)("line")

    assert len(written(say, level=level).splitlines()) == seen


@pytest.mark.parametrize("form", ["plain", "json"])
def test_no_secret_is_written_wherever_it_stands(written: Callable[..., str], form: Format) -> None:
    def say() -> None:
        OURS.info("connecting to mqtt://anna:pa@ss@host:1883 with %s", "hunter22")
        OURS.info("settings", extra={"mqtt": {"password": "topsecret", "user": "anna"}, "api_token": "topsecret"})
        try:
            raise ValueError("hunter22 was refused by postgresql://u:deepsecret@db/x")
        except ValueError:
            OURS.exception("failed")

    text = written(say, format=form, secrets=["hunter22"])
    for secret in ("pa@ss", "hunter22", "topsecret", "deepsecret"):
        assert secret not in text
    assert "anna" in text
    assert "db/x" in text


def test_a_traceback_stands_below_its_line(written: Callable[..., str]) -> None:
    def say() -> None:
        try:
            raise RuntimeError("broken")
        except RuntimeError:
            OURS.exception("it failed", extra={"unit": "rack1"})

    first, *trace = written(say).splitlines()
    assert first.endswith("rack1          it failed")
    assert trace[-1] == "    RuntimeError: broken"


@pytest.mark.parametrize("form", ["plain", "json"])
def test_words_of_an_error_cannot_forge_a_line_nor_reach_a_terminal(written: Callable[..., str], form: Format) -> None:
    def say() -> None:
        try:
            raise RuntimeError("Vox\n2026-01-01 00:00:00.000 ERROR fire\u2028\x1b[2J\x9b1m\u202e")
        except RuntimeError:
            OURS.exception("it failed")

    first, *trace = written(say, format=form).removesuffix("\n").split("\n")
    assert all(row.startswith("    ") for row in trace)
    assert all(row.isprintable() for row in (first, *trace))
    assert form == "plain" or not trace


def test_a_name_cannot_forge_a_line(written: Callable[..., str]) -> None:
    text = written(lambda: OURS.info("renamed", extra={"name_now": "Vox\n2026-01-01 ERROR fire\x1b[2J"}))
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text


def test_only_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    for stream, form, coloured in (
        (Terminal(), "auto", True),
        (Terminal(), "plain", False),
        (io.StringIO(), "auto", False),
    ):
        with Logs("info", form, stream=stream):  # type: ignore[arg-type]
            OURS.error("line")
        assert ("\x1b[31m" in stream.getvalue()) is coloured


def test_a_reader_that_stands_still_holds_nobody_up_and_is_told_what_it_missed() -> None:
    reading = threading.Event()

    class Stuck(io.StringIO):
        def write(self, text: str) -> int:
            reading.wait(20)
            return super().write(text)

    stream = Stuck()
    with Logs("info", "plain", stream=stream) as logs:
        for number in range(WAITING + 500):
            OURS.info("line %d", number)
        assert logs.dropped > 0
        reading.set()
        logs.drained()
        OURS.info("after")
    assert "log lines were dropped" in stream.getvalue()


def test_the_level_can_change_while_it_runs() -> None:
    stream = io.StringIO()
    with Logs("warning", "plain", stream=stream) as logs:
        OURS.info("before")
        logs.change("info", "json")
        OURS.info("after")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["after"]


def test_warnings_of_python_are_log_lines(written: Callable[..., str]) -> None:
    def say() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=True)
            warnings.warn("old thing", DeprecationWarning, stacklevel=1)

    assert "old thing" in written(say)


def test_afterwards_the_log_is_as_it_was() -> None:
    before = list(logging.getLogger().handlers)
    with Logs(stream=io.StringIO()):
        pass
    assert logging.getLogger().handlers == before


HOSTILE = "Vox\x1b]0;owned\x07\x9b2J\u202egnp\u2028\x00\ud800"


def test_nothing_in_a_line_reaches_the_terminal_but_what_it_shows() -> None:
    line = {"time": "now", "level": "info", "event": HOSTILE, "unit": HOSTILE, "exception": f"Traceback\n  {HOSTILE}"}
    for text in (logs.plain_line(line), logs.json_line(line)):
        assert all(sign.isprintable() for row in text.split("\n") for sign in row), ascii(text)
    assert "\n" not in logs.json_line(line)
    assert orjson.loads(logs.json_line({"event": "\x1b\x9b"}))["event"] == "\x1b\x9b"
