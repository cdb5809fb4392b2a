from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from bridge.settings import Settings, load
from bridge.settings_document import configuration
from bridge.settings_environment import variables

ROOT = Path(__file__).parent.parent.parent


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


def test_every_key_and_variable_stands_in_the_documentation() -> None:
    text = configuration()
    for section, info in Settings.model_fields.items():
        assert f"[{section}]" in text
        if hasattr(info.annotation, "model_fields"):
            for key in info.annotation.model_fields:  # type: ignore[union-attr]
                assert f"`{key}`" in text or f"[{section}.{key}]" in text
    for name in variables(Settings):
        assert name in text or name.endswith("_FILE")


def test_the_examples_of_the_documentation_can_be_read(tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", configuration(), re.DOTALL)
    assert examples
    (tmp_path / "mqtt-password").write_text("secret", encoding="utf-8")
    for number, example in enumerate(examples):
        file = tmp_path / f"{number}.toml"
        file.write_text(example, encoding="utf-8")
        assert load(file, {}).receivers or tomllib.loads(example)


def test_a_table_goes_to_its_place_and_a_missing_place_is_told(generator: ModuleType) -> None:
    page = "before\n<!-- begin x -->\nold\n<!-- end x -->\nafter"
    assert generator.put(page, "x", "new\n") == "before\n<!-- begin x -->\nnew\n<!-- end x -->\nafter"
    with pytest.raises(ValueError, match="begin y"):
        generator.put(page, "y", "new")
