"""Rows most store tests start from, and threads that start together."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.manifest import Manifest, ManifestEntry
from assay.core.names import ModelName
from assay.store import artifacts, models, principals, releases
from assay.store.artifacts import Artifact
from assay.store.models import Model
from assay.store.principals import Principal
from assay.store.releases import Release

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)


def digest(text: str) -> Digest:
    return Digest.of(text.encode())


def version(text: str) -> str:
    return digest(text).hex[:40]


@dataclass
class World:
    """Makes rows with as little said as possible; names must differ."""

    connection: sa.Connection

    def person(self, name: str = "ada") -> Principal:
        found = principals.find(self.connection, name)
        return found or principals.create(self.connection, kind="person", name=name, now=NOW)

    def model(self, name: str = "acme/tiny") -> Model:
        return models.ensure(
            self.connection, ModelName.parse(name), created_by=self.person().id, now=NOW
        )

    def artifact(self, text: str = "weights", path: str = "model.bin") -> Artifact:
        manifest = Manifest.of([ManifestEntry(path, len(text), digest(text))])
        return artifacts.record(self.connection, manifest, kind="model", now=NOW)

    def release(self, text: str = "weights", model: str = "acme/tiny") -> Release:
        return releases.create(
            self.connection,
            model_id=self.model(model).id,
            version=version(text),
            tree=self.artifact(text).tree,
            publisher_id=self.person().id,
            now=NOW,
        )


def address(store):
    return store.engine.url.render_as_string(hide_password=False)


def run_at_once(work, number):
    """Run `work` in threads that start together; whatever one raises is raised here."""
    barrier, failures = threading.Barrier(number, timeout=10), []

    def go():
        try:
            barrier.wait()
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below
            failures.append(error)

    threads = [threading.Thread(target=go) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    if failures:
        raise failures[0]
