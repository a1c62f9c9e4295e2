"""A served console on each engine, filled once; tests that change something use their own model."""

from __future__ import annotations

import pytest

from assay.core.names import ModelName
from console.console_making import fill, sequence
from databases import ENGINES, new_database, postgres_server  # noqa: F401 - fixtures
from served import config_for, serving


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory):
    """A server, and a release in each state."""
    home = tmp_path_factory.mktemp("console") / "home"
    with serving(config_for(home)) as found:
        shelf = fill(found)
        sequence(found)
        yield found, shelf


@pytest.fixture(scope="session")
def on_postgresql(tmp_path_factory, postgres_server):  # noqa: F811 - the fixture above
    home = tmp_path_factory.mktemp("console-pg") / "home"
    with (
        new_database(postgres_server) as url,
        serving(config_for(home, database_url=url)) as found,
    ):
        shelf = fill(found)
        sequence(found)
        yield found, shelf


@pytest.fixture(params=ENGINES)
def filled(request):
    """The server and its shelf, on each engine in turn."""
    return request.getfixturevalue(f"on_{request.param}")


@pytest.fixture
def served(filled):
    return filled[0]


@pytest.fixture
def shelf(filled):
    return filled[1]


@pytest.fixture
def model(request):
    """A name nobody else uses."""
    return ModelName("acme", request.node.name.partition("[")[0].removeprefix("test_")[:60])
