"""One server per engine for all tests here; each test uses a model of its own."""

from __future__ import annotations

import itertools

import pytest

from assay.core.names import ModelName
from databases import ENGINES, new_database, postgres_server  # noqa: F401 - fixtures
from served import config_for, serving

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def sqlite_served(tmp_path_factory):
    """Where one engine is enough: what is tested is HTTP."""
    with serving(config_for(tmp_path_factory.mktemp("served") / "home")) as found:
        yield found


@pytest.fixture(scope="session")
def postgres_served(tmp_path_factory, postgres_server):  # noqa: F811 - the fixture above
    """On PostgreSQL."""
    home = tmp_path_factory.mktemp("served") / "home"
    with (
        new_database(postgres_server) as url,
        serving(config_for(home, database_url=url)) as found,
    ):
        yield found


@pytest.fixture(params=ENGINES)
def served(request):
    """On each engine in turn."""
    name = "sqlite_served" if request.param == "sqlite" else "postgres_served"
    return request.getfixturevalue(name)


@pytest.fixture
def model(request):
    """A name nobody else uses."""
    name = request.node.name.partition("[")[0].removeprefix("test_")[:60].strip("_")
    return ModelName("acme", f"{name}-{next(_NUMBERS)}")
