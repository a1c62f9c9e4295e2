"""A served installation and the real Hub client."""

from __future__ import annotations

import itertools

import pytest

from assay.core.names import ModelName
from databases import ENGINES, new_database, postgres_server  # noqa: F401 - fixtures
from hub_client import HubClient
from served import config_for, serving

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def hub_served(tmp_path_factory):
    """On SQLite: what a client sees does not depend on the engine."""
    with serving(config_for(tmp_path_factory.mktemp("hub") / "home")) as found:
        yield found


@pytest.fixture(params=ENGINES)
def hub_on_each_engine(request, tmp_path):
    """On each engine, for the one test that goes the whole way."""
    if request.param == "sqlite":
        yield request.getfixturevalue("hub_served")
        return
    with (
        new_database(request.getfixturevalue("postgres_server")) as url,
        serving(config_for(tmp_path / "home", database_url=url)) as found,
    ):
        yield found


@pytest.fixture
def hub(hub_served, tmp_path):
    """The client, with an empty cache."""
    return HubClient(hub_served, tmp_path / "hf")


@pytest.fixture
def model(request):
    """A name nobody else uses."""
    name = request.node.name.partition("[")[0].removeprefix("test_")[:60].strip("_")
    return ModelName("acme", f"{name}-{next(_NUMBERS)}")
