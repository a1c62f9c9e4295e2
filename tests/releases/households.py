"""An installation on each engine, with people in it, as fixtures for a conftest to import."""

from __future__ import annotations

import pytest

from assay.releases.installation import Signers
from assay.signing.server_keys import make_server_keys
from databases import (  # noqa: F401 - fixtures
    postgres_server,
    postgres_store,
    postgres_url,
    sqlite_store,
    sqlite_template,
    store,
)
from releases.house import URL, House, installation
from store_world import NOW


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """A server's keys, made once."""
    folder = tmp_path_factory.mktemp("server") / "keys"
    return make_server_keys(folder, url=URL, passphrase=None, now=NOW)


@pytest.fixture(scope="session")
def signers(keys):
    return Signers(decision=keys.decision, approval=keys.approval, release_index=keys.release_index)


@pytest.fixture
def house(store, tmp_path, keys, signers, clock):  # noqa: F811 - the fixture above
    return House.build(installation(store, tmp_path, signers, clock, keys.trust.document))


@pytest.fixture
def one_house(sqlite_store, tmp_path, keys, signers, clock):  # noqa: F811 - the fixture above
    """Where one engine is enough."""
    return House.build(installation(sqlite_store, tmp_path, signers, clock, keys.trust.document))
