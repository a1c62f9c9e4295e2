"""docs/configuration.md says what the program does."""

from __future__ import annotations

import importlib.util
from dataclasses import fields
from pathlib import Path

import pytest

from assay.config import Config
from assay.core.errors import UsageError

TOOL = Path(__file__).resolve().parents[2] / "tools" / "config_doc.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("config_doc", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current(tool):
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "run tools/config_doc.py"


def test_every_option_is_described_with_its_variable(tool):
    text = tool.page()
    for option in fields(Config):
        if option.name != "source":
            assert f"| `{option.name}` | `ASSAY_{option.name.upper()}`" in text


def test_the_variables_it_names_are_read(tool, tmp_path):
    values = {"blobs_url": str(tmp_path), "behind_proxy": "10.0.0.0/8", "log_public": "yes"}
    for option in fields(Config):
        if option.name in ("source", "home"):
            continue
        default = getattr(Config(), option.name)
        value = values.get(option.name, "7" if isinstance(default, int) else "text")
        found = Config.load(home=tmp_path, environ={f"ASSAY_{option.name.upper()}": value})
        assert str(getattr(found, option.name)) == {"yes": "True"}.get(value, value)


def test_what_it_says_about_mistakes_is_so(tmp_path):
    (tmp_path / "assay.toml").write_text("prot = 1\n")
    with pytest.raises(UsageError, match="prot"):
        Config.load(home=tmp_path, environ={})
    (tmp_path / "assay.toml").write_text("decision_hours = 12\n")
    assert Config.load(home=tmp_path, environ={}).decision_hours == 12
    environ = {"ASSAY_DECISION_HOURS": "6"}
    assert Config.load(home=tmp_path, environ=environ).decision_hours == 6
    with pytest.raises(UsageError, match="decision_hours"):
        Config.load(home=tmp_path, environ={"ASSAY_DECISION_HOURS": "48"})
