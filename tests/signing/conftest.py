"""A model, a key, and a signature over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from signing.signing_making import Keyed, make_key, make_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "model")


@pytest.fixture
def key(tmp_path: Path) -> Keyed:
    return make_key(tmp_path)
