"""An installation nobody serves, on each engine; tests break it."""

from __future__ import annotations

import pytest

from databases import ENGINES, new_database, postgres_server  # noqa: F401 - fixtures
from served import config_for, make_installation


@pytest.fixture(params=ENGINES)
def config(request, tmp_path):
    """A new installation on each engine in turn."""
    if request.param == "sqlite":
        found = config_for(tmp_path / "home")
        make_installation(found)
        yield found
        return
    with new_database(request.getfixturevalue("postgres_server")) as url:
        found = config_for(tmp_path / "home", database_url=url)
        make_installation(found)
        yield found


@pytest.fixture
def embedded(tmp_path):
    """Where one engine is enough."""
    found = config_for(tmp_path / "home")
    make_installation(found)
    return found
