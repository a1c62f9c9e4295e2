"""The log's files over HTTP."""

from __future__ import annotations

import pytest

from assay.core.errors import NotFoundError
from assay.web.tile_files import log_file


@pytest.fixture
def folder(tmp_path):
    for path in ["checkpoint", "tile/0/000", "tile/0/001.p/7", "tile/entries/x001/234", "secret"]:
        file = tmp_path / "log" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(path.encode())
    return tmp_path / "log"


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001.p/7", "tile/entries/x001/234"])
def test_tiles_may_be_kept_for_ever(folder, path):
    answer = log_file(folder, path, public=True)
    assert answer.body == path.encode()
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_tiles_of_a_private_log_are_not_for_shared_caches(folder):
    answer = log_file(folder, "tile/0/000", public=False)
    assert answer.headers["cache-control"].startswith("private")


def test_the_checkpoint_is_asked_for_again_each_time(folder):
    answer = log_file(folder, "checkpoint", public=True)
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "path",
    [
        "secret",
        "",
        "tile",
        "tile/0",
        "tile/64/000",
        "tile/0/../../secret",
        "tile/0/999",
        "../secret",
        "checkpoint/",
        "tile/0/000\n",
        "tile/0/000.p/0",
        "tile//000",
    ],
)
def test_nothing_else_of_the_folder_is_served(folder, path):
    with pytest.raises(NotFoundError):
        log_file(folder, path, public=True)


def test_a_link_in_place_of_a_tile_is_not_followed(folder):
    (folder / "tile/0/002").symlink_to(folder / "secret")
    with pytest.raises(NotFoundError):
        log_file(folder, "tile/0/002", public=True)
