"""What DBOS says reaches our log once, in one line."""

from __future__ import annotations

import logging

from assay.jobs import engine


def test_a_trouble_that_goes_on_is_told_once_a_minute(monkeypatch, caplog):
    engine.load()
    log = logging.getLogger("dbos")
    now = [0.0]
    monkeypatch.setattr(engine.time, "monotonic", lambda: now[0])
    for now[0] in (10_000.0, 10_000.2, 10_059.0, 10_061.0):
        log.warning("Exception encountered in queue thread: %s\n(Background)", "disk is full")
    log.warning("another trouble")
    assert caplog.messages == [
        "Exception encountered in queue thread: disk is full (Background)",
        "Exception encountered in queue thread: disk is full (Background)",
        "another trouble",
    ]
