"""What templates must not do, read from their text."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from assay.console.rendering import environment

FOLDER = resources.files("assay.console")
TEMPLATES = sorted(entry.name for entry in (FOLDER / "templates").iterdir())


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_escapes_everything_and_runs_nothing(name):
    text = (FOLDER / "templates" / name).read_text(encoding="utf-8")
    environment().get_template(name)
    assert "|safe" not in text.replace(" ", "")
    assert "autoescape" not in text
    assert "<script" not in text
    assert not re.search(r"\son[a-z]+=", text)
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_form_that_posts_carries_its_secret(name):
    text = (FOLDER / "templates" / name).read_text(encoding="utf-8")
    for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL):
        assert 'name="csrf"' in form


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_field_has_a_label(name):
    text = (FOLDER / "templates" / name).read_text(encoding="utf-8")
    for field in re.findall(r"<(?:input|textarea)[^>]*>", text):
        if 'type="hidden"' in field or 'type="checkbox"' in field:
            continue
        identifier = re.search(r'\sid="([^"]+)"', field)[1]
        assert f'for="{identifier}"' in text
