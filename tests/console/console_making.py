"""A served console with releases in every state, and visitors with and without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from assay.access import granting, people
from assay.core.finding import Severity, Unread
from assay.core.names import ModelName
from assay.log.sequencer import Sequencer
from assay.releases import aliasing, moving
from assay.releases.approving import reject
from assay.store.releases import Release
from releases.house import finding
from served import Served

CARD = b"""---
license: apache-2.0
---
# Tiny

Words with **weight**, and `code`.

| a | b |
|---|---|
| 1 | 2 |

<script>alert(1)</script>
<img src=x onerror=alert(1)>
![far](https://tracker.example/pixel.png)
[run](javascript:alert(1)) [home](https://example.org/)
"""
HOSTILE = '"><script>alert(1)</script>{{7*7}}'


@dataclass
class Shelf:
    """One release in each state."""

    approved: Release
    waiting: Release
    denied: Release
    unread: Release
    quarantined: Release
    held: Release
    rejected: Release
    revoked: Release


def fill(served: Served) -> Shelf:
    """Releases of several models, through the domain's own functions."""
    house, inst = served.house, served.inst
    who = house.who
    shelf = Shelf(
        approved=house.approved(
            {"README.md": CARD, "model.safetensors": b"good" * 400}, title="The good one"
        ),
        waiting=house.evaluated(
            {"model.bin": b"odd" * 90},
            model=ModelName("acme", "odd"),
            title=HOSTILE,
            findings=[finding(evidence=HOSTILE), finding(Severity.LOW, path="config.json")],
        ),
        denied=house.evaluated(
            {"model.pkl": b"bad" * 90},
            model=ModelName("acme", "bad"),
            findings=[finding(Severity.CRITICAL, path="model.pkl")],
        ),
        unread=house.evaluated(
            {"model.xyz": b"???" * 90},
            model=ModelName("acme", "odd"),
            unread=[Unread("model.xyz", "no known format")],
        ),
        quarantined=house.push({"m": b"new" * 9}, model=ModelName("acme", "new")).release,
        held=house.approved({"m": b"held" * 9}, model=ModelName("acme", "held")),
        rejected=house.evaluated({"m": b"rejected" * 9}, model=ModelName("acme", "no")),
        revoked=house.approved({"m": b"gone" * 9}, model=ModelName("acme", "gone")),
    )
    moving.hold(inst, who("sam"), shelf.held.id, reason="odd answers in production")
    reject(inst, who("ben"), shelf.rejected.id, reason="not reproducible")
    moving.revoke(inst, who("sam"), shelf.revoked.id, reason="its training data was poisoned")
    aliasing.promote(
        inst,
        who("ben"),
        ModelName("acme", "tiny"),
        "production",
        shelf.approved.id,
        reason="it is the best so far",
    )
    return shelf


def sequence(served: Served) -> None:
    """Give what waits a place in the log."""
    opened = served.opened
    inst = opened.installation
    sequencer = Sequencer(inst.store, inst.log_folder, opened.log_signer, inst.clock)
    try:
        while sequencer.run_once():
            pass
    finally:
        sequencer.close()


def add_person(served: Served, name: str, *roles: str) -> None:
    """Somebody new, with these roles in acme."""
    now = served.inst.clock.now()
    with served.inst.store.write() as connection:
        person = people.add(connection, name=name, now=now, by=None)
        for role in roles:
            granting.give(connection, person, role=role, namespace="acme", now=now, by=None)
    served.house.ids[name] = person.id


def csrf_of(page: str) -> str:
    """The secret of the page's forms."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]


class Visitor:
    """Somebody without scripts: cookies, forms, and no redirect that is not looked at."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def get(self, path: str, **options) -> httpx.Response:
        return self.client.get(f"/console{path}", **options)

    def post(self, path: str, csrf: str, *, headers=None, **fields) -> httpx.Response:
        return self.client.post(
            f"/console{path}", data={"csrf": csrf, **fields}, headers=headers or {}
        )

    def sign_in(self, secret: str) -> httpx.Response:
        page = self.get("/sign-in").text
        return self.post("/sign-in", csrf_of(page), token=secret, next="/")

    def act(self, release: Release, model: str, action: str, **fields) -> httpx.Response:
        path = address(release, model)
        return self.post(f"{path}/{action}", csrf_of(self.get(path).text), **fields)


def address(release: Release, model: str) -> str:
    return f"/models/acme/{model}/releases/{release.version}"


@contextmanager
def visitor(served: Served, name: str | None = None) -> Iterator[Visitor]:
    """Somebody at the console, signed in where a name is given."""
    with httpx.Client(base_url=served.url, trust_env=False, timeout=30) as client:
        found = Visitor(client)
        if name is not None:
            answer = found.sign_in(served.token(name))
            assert answer.status_code == 303, answer.text
        yield found
