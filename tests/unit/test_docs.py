"""The documentation agrees with the code: nothing is missing in it, what it repeats is current, its examples work."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, cast, get_args

import pytest
import typer
from typer.main import get_command

from bridge.cli.main import app as program
from bridge.contract import PUBLISHED, Incoming, Rejection, Topics, parse, payloads
from bridge.http import exposition, metrics
from bridge.settings import Settings, load
from bridge.settings.environment import variables
from scripts import doc_tables
from scripts.configuration_page import configuration
from services.audit import ACTIONS, action_of
from services.drivers import families, find_drivers
from services.model import KEYS, RESOURCE_KINDS, AvailabilityReason, ErrorCode, EventType, Facet
from services.verbs import VERBS

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md"), ROOT / "mosquitto" / "README.md"])
LATER = {"performance.md", "scaling.md"}
"""Pages that are written from measurements, by whoever measures."""


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Every fenced block of a language, with the page that it stands on."""
    for page in PAGES:
        for block in re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            yield str(page.relative_to(ROOT)), block


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "scripts" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_generated_document_is_stale(generator: ModuleType) -> None:
    assert not [path.name for path in generator.stale()], "run `make docs`"


def test_a_table_goes_to_its_place_and_a_missing_place_is_told(generator: ModuleType) -> None:
    page = "before\n<!-- begin x -->\nold\n<!-- end x -->\nafter"
    assert generator.put(page, "x", "new\n") == "before\n<!-- begin x -->\nnew\n<!-- end x -->\nafter"
    with pytest.raises(ValueError, match="begin y"):
        generator.put(page, "y", "new")


# -- nothing is missing --------------------------------------------------------------------------------------


def test_every_key_and_variable_stands_in_the_documentation() -> None:
    text = configuration()
    for section, info in Settings.model_fields.items():
        assert f"[{section}]" in text
        if hasattr(info.annotation, "model_fields"):
            for key in info.annotation.model_fields:  # type: ignore[union-attr]
                assert f"`{key}`" in text or f"[{section}.{key}]" in text
    for name in variables(Settings):
        assert name in text or name.endswith("_FILE")


def test_every_topic_and_every_facet_is_described() -> None:
    text = text_of("topics.md")
    assert {topic.facet for topic in PUBLISHED} >= {*Facet}
    for topic in PUBLISHED:
        assert f"`{topic.address}`" in text


def test_every_verb_event_error_and_audit_action_is_described() -> None:
    text = text_of("topics.md")
    for word in (*VERBS, *get_args(EventType), *get_args(ErrorCode), *ACTIONS):
        assert f"| `{word}` |" in text, word


def test_every_argument_of_every_verb_is_described() -> None:
    text = text_of("topics.md")
    for name, verb in VERBS.items():
        for model in verb.takes.values():
            for field in model.model_fields:
                assert f"| `{field}` |" in text, f"{name}: {field}"


def test_every_reason_for_being_offline_has_a_remedy_and_every_event_a_meaning() -> None:
    assert list(doc_tables.REASONS) == list(get_args(AvailabilityReason))
    assert list(doc_tables.EVENTS) == list(get_args(EventType))
    text = text_of("troubleshooting.md")
    for reason, (meaning, remedy) in doc_tables.REASONS.items():
        assert meaning
        assert remedy
        assert f"| `{reason}` |" in text


def test_what_is_said_to_be_unused_is_unused_and_nothing_else_is() -> None:
    sources = [
        path.read_text(encoding="utf-8")
        for folder in ("bridge", "services")
        for path in (ROOT / folder).rglob("*.py")
        if path.name not in {"errors.py", "actions.py"}
    ]
    together = "\n".join(sources)
    # as an argument or a value; a set that only sorts codes names them on lines of their own
    answered = {code for code in get_args(ErrorCode) if re.search(rf'\(\s*"{code}"|[,=] "{code}"', together)}
    assert set(get_args(ErrorCode)) - answered == {*doc_tables.UNUSED_ERRORS}
    written = {action for action in ACTIONS if f'"{action}"' in together}
    assert set(ACTIONS) == written | {action_of(action, kind) for action in written for kind in RESOURCE_KINDS}


def test_every_metric_is_described_also_those_that_alerts_and_dashboards_use() -> None:
    text = text_of("metrics.md")
    for name in {row.metric.name for row in KEYS.rows if row.metric}:
        assert f"`{exposition.PREFIX}{name}`" in text
    for name in {name for counters in metrics.COUNTERS.values() for name, _, _ in counters}:
        assert f"`{exposition.PREFIX}{name}_total`" in text
    shipped = [*(ROOT / "grafana").rglob("*.json"), ROOT / "grafana" / "prometheus" / "alerts.yml"]
    for file in shipped:
        for name in set(re.findall(r"mic2mqtt_[a-z0-9_]+", file.read_text(encoding="utf-8"))):
            assert f"`{name}`" in text, f"{file.name}: {name}"


def test_every_driver_and_family_is_named_among_the_supported_devices() -> None:
    text = text_of("supported-devices.md")
    for name, driver in find_drivers().items():
        assert name in text.lower()
        for family in families(driver):
            assert f"`{family}`" in text or family == name


def test_every_command_of_the_program_is_described() -> None:
    text = text_of("operations.md")
    for path in _commands():
        assert f"`mic2mqtt {' '.join(path)}`" in text


def test_every_page_and_decision_stands_in_its_index() -> None:
    for folder in (DOCS, DOCS / "decisions"):
        index = (folder / "README.md").read_text(encoding="utf-8")
        for page in folder.glob("*.md"):
            assert page.name == "README.md" or f"]({page.name})" in index, page.name


CITATION = re.compile(r"\b(docs/[\w./-]+\.md)(#[\w-]+)?")
"""A page of the documentation in code, maybe with the heading."""


# -- what stands there is so ---------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if file.name in LATER:
            continue
        assert file.exists(), target
        if anchor:
            assert anchor in _anchors(file), target


def test_every_page_and_anchor_that_code_cites_is_there() -> None:
    astray = [
        f"{source.relative_to(ROOT)}: {page}{anchor}"
        for folder in ("bridge", "services", "scripts", "bench", "tests")
        for source in sorted((ROOT / folder).rglob("*.py"))
        for page, anchor in CITATION.findall(source.read_text(encoding="utf-8"))
        if not (ROOT / page).exists() or (anchor and anchor[1:] not in _anchors(ROOT / page))
    ]
    assert not astray


def test_code_cites_sections_by_name_and_not_by_number() -> None:
    numbered = re.compile(r"\bnotes,? (?:section )?\d")
    astray = [
        f"{source.relative_to(ROOT)}: {found}"
        for folder in ("bridge", "services")
        for source in sorted((ROOT / folder).rglob("*.py"))
        for found in numbered.findall(source.read_text(encoding="utf-8"))
    ]
    assert not astray


def _anchors(page: Path) -> set[str]:
    """What a heading is called in a link."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_message_of_the_troubleshooting_page_is_one_that_is_said() -> None:
    sources = "\n".join(
        re.sub(r'"\s*f?"', "", path.read_text(encoding="utf-8"))
        for folder in ("bridge", "services")
        for path in (ROOT / folder).rglob("*.py")
    )
    text = text_of("troubleshooting.md")
    tables = re.findall(r"\| (?:in the log|message) \| what to do \|\n\|[-|]+\n((?:\|.*\n)+)", text)
    said = [row.split("|")[1].strip() for table in tables for row in table.splitlines()]
    said += re.findall(r"^- `([a-z ]+)`(?: and `[a-z ]+`)?[ :]", text.partition("## Many log lines")[2], re.MULTILINE)
    assert len(said) > 10
    for message in said:
        for part in message.split("..."):
            assert part.strip(" )(,") in sources, message


def test_every_file_that_a_page_names_is_there() -> None:
    for page in PAGES:
        for name in re.findall(r"`((?:bridge|services|scripts|tests|packaging)/[\w./]+)`", page.read_text("utf-8")):
            if "acme" not in name:
                assert (ROOT / name).exists(), f"{page.name}: {name}"


def test_every_whole_topic_on_a_page_is_one_of_ours() -> None:
    topics = Topics()
    for page in PAGES:
        for topic in re.findall(r"mic2mqtt/v1/[\w/+#<>{}-]+", page.read_text(encoding="utf-8")):
            if not set("+#<>{}") & set(topic) and "/value/" not in topic:
                assert topics.parse(topic) or topics.parse_command(topic) or _is_root(topic), f"{page.name}: {topic}"


def _is_root(topic: str) -> bool:
    return topic.rstrip("/") in {"mic2mqtt/v1", "mic2mqtt/v1/bridge"}


# -- the examples work ---------------------------------------------------------------------------------------


def test_every_configuration_on_a_page_can_be_read(tmp_path: Path) -> None:
    found = list(blocks("toml"))
    assert {page for page, _ in found} >= {"README.md", "docs/quick-start.md", "docs/configuration.md"}
    for secret in ("mqtt-password", "database-password", "acme-password", "system-api-key"):
        (tmp_path / secret).write_text("secret", encoding="utf-8")
    for number, (page, example) in enumerate(found):
        if "project" in tomllib.loads(example):
            continue  # of pyproject.toml
        file = tmp_path / f"{number}.toml"
        file.write_text(example, encoding="utf-8")
        assert load(file, {}) != Settings(), page


def test_every_payload_on_a_page_is_one_that_could_be_published() -> None:
    found = [(page, json.loads(block)) for page, block in blocks("json")]
    published = [(page, body) for page, body in found if "schema" in body]
    assert len({body["schema"] for _, body in published}) >= 6
    for page, body in published:
        assert payloads.read(json.dumps(body).encode()) is not None, page


def test_every_request_on_a_page_is_one_that_is_performed() -> None:
    page = text_of("topics.md")
    found = re.findall(r"to `(mic2mqtt/v1/[^`]+/cmd/[^`]+)`:\n\n```json\n(.*?)```", page, re.DOTALL)
    assert found
    for topic, body in found:
        request = parse(Incoming(topic, body.encode(), retain=False), Topics(), now=0.0)
        assert request is not None, topic
        assert not isinstance(request, Rejection), topic


def _commands() -> dict[tuple[str, ...], Any]:
    group = cast("typer.core.TyperGroup", get_command(program))
    found: dict[tuple[str, ...], Any] = {}
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            found |= {(name, inner): one for inner, one in command.commands.items()}
        else:
            found[name,] = command
    return found


def _lines() -> Iterator[tuple[str, list[str]]]:
    """Every call of the program in a shell example, and in the program's own help."""
    for page, block in blocks("sh"):
        for line in block.splitlines():
            if line.startswith("mic2mqtt "):
                yield page, shlex.split(line, comments=True)[1:]
    for path, command in _commands().items():
        yield " ".join(path), shlex.split(str(command.epilog).removeprefix("Example: "))[1:]


def test_every_call_of_the_program_on_a_page_is_understood() -> None:
    commands = _commands()
    seen = list(_lines())
    assert len(seen) > len(commands)
    for page, words in seen:
        path = next((path for path in commands if tuple(words[: len(path)]) == path), None)
        assert path is not None, f"{page}: mic2mqtt {' '.join(words)}"
        commands[path].make_context("mic2mqtt", words[len(path) :])
