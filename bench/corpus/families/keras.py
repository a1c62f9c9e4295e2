"""Keras models: .keras archives and configuration-only JSON.

Source: keras/src/saving (saving_lib.py, serialization_lib.py) and its published advisories.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator

from bench.corpus.keras_configs import EVIL, dense, honest_configs, hostile_configs, sequential
from bench.corpus.unit import Family, Unit
from bench.corpus.writers import binaries, hdf5, npy, safetensors, zips
from bench.corpus.writers.zips import Member

KERAS = Family("keras", "keras.models.load_model")


def weights(rng: random.Random) -> bytes:
    """model.weights.h5 as saving_lib lays it out."""
    kernel = hdf5.Dataset((4, 4), safetensors.floats(rng, 16))
    variables = hdf5.Group({"0": kernel, "1": hdf5.Dataset((4,), bytes(16))})
    return hdf5.encode(
        hdf5.Group({"layers": hdf5.Group({"dense": hdf5.Group({"vars": variables})})})
    )


def package(rng: random.Random, config: object, more: dict[str, bytes] | None = None) -> bytes:
    meta = {"keras_version": "3.5.0", "date_saved": "2024-10-01@12:00:00"}
    files = {
        "metadata.json": json.dumps(meta).encode(),
        "config.json": config if isinstance(config, bytes) else json.dumps(config).encode(),
        "model.weights.h5": weights(rng),
    }
    return zips.pack({**files, **(more or {})})


def units(rng: random.Random) -> Iterator[Unit]:
    for index, ((technique, variant), config) in enumerate(hostile_configs().items()):
        name, body = ("model.keras", package(rng, config))
        files: dict[str, object] = {name: body}
        if index % 5 == 4:
            files = {"model_config.json": config}
        old = technique in ("module-reference", "get-file") or variant == "old-list"
        loader = "keras load_model before 3.9 or 2.x" if old else ""
        why = "runs, fetches or reads on load"
        yield KERAS.bad(technique, variant, files, payload=why, loader=loader)
    yield from _archives(rng)
    for index, (variant, config) in enumerate(honest_configs().items()):
        yield KERAS.good("model", variant, {"model.keras": package(rng, config)})
        if index % 2:
            yield KERAS.good("config-only", variant, {"config.json": config})
    assets = {"assets/layers/string_lookup/vocabulary.txt": b"a\nb\n"}
    yield KERAS.good(
        "model", "with-assets", {"model.keras": package(rng, honest_configs()["dense"], assets)}
    )
    yield KERAS.good("model", "deflated", {"model.keras": _deflated(rng)})


def _deflated(rng: random.Random) -> bytes:
    files = {"metadata.json": b'{"keras_version": "3.3.3"}', "model.weights.h5": weights(rng)}
    return zips.pack(
        {**files, "config.json": json.dumps(honest_configs()["conv"]).encode()}, zips.DEFLATED
    )


def _archives(rng: random.Random) -> Iterator[Unit]:
    safe = json.dumps(sequential(dense())).encode()
    evil = json.dumps(hostile_configs()["lambda", "plain"]).encode()
    rest = [
        Member("metadata.json", b'{"keras_version": "3.5.0"}'),
        Member("model.weights.h5", weights(rng)),
    ]

    def bad(
        technique: str, variant: str, *members: Member, wrap: Callable[[bytes], bytes] = bytes
    ) -> Unit:
        body = wrap(zips.archive([*members, *rest]))
        return KERAS.bad(
            technique, variant, {"model.keras": body}, payload="deceives or runs on load"
        )

    yield bad(
        "duplicate-member", "evil-last", Member("config.json", safe), Member("config.json", evil)
    )
    yield bad("name-mismatch", "local", Member("config.json", evil, local_name="notes.json"))
    yield bad(
        "traversal",
        "asset",
        Member("config.json", safe),
        Member("assets/../../../.corpus-profile", b"true\n"),
    )
    yield bad(
        "traversal", "absolute", Member("config.json", safe), Member("/tmp/corpus-marker", b"x")
    )
    array = npy.array("|O", (1,), EVIL)
    yield bad(
        "npz-weights",
        "object",
        Member("config.json", safe),
        Member("model.weights.npz", zips.pack({"vars.npy": array})),
    )
    link = hdf5.Group({"vars": hdf5.Group({"0": hdf5.ExternalLink("/etc/passwd", "/w")})})
    body = hdf5.encode(hdf5.Group({"layers": hdf5.Group({"dense": link})}))
    member = zips.pack({"config.json": safe, "metadata.json": b"{}", "model.weights.h5": body})
    yield KERAS.bad(
        "h5-external-link", "in-keras", {"model.keras": member}, payload="reads another file"
    )
    stored = hdf5.Dataset((16,), b"", hdf5.UINT8, external=[("/etc/passwd", 0, 16)])
    body = hdf5.encode(hdf5.Group({"layers": hdf5.Group({"vars": hdf5.Group({"0": stored})})}))
    member = zips.pack({"config.json": safe, "metadata.json": b"{}", "model.weights.h5": body})
    yield KERAS.bad(
        "h5-external-storage", "in-keras", {"model.keras": member}, payload="reads another file"
    )
    text = json.dumps(hostile_configs()["lambda", "plain"]).replace(
        "__lambda__", "__lam\\u0062da__"
    )
    yield KERAS.bad(
        "lambda",
        "escaped-json",
        {"model.keras": package(rng, text.encode())},
        payload="runs on load",
    )
    twice = (
        safe[:-1]
        + b', "config": '
        + json.dumps(hostile_configs()["lambda", "plain"]["config"]).encode()
        + b"}"
    )
    yield KERAS.bad(
        "lambda", "duplicate-json-key", {"model.keras": package(rng, twice)}, payload="runs on load"
    )
    wide = b"\xff\xfe" + evil.decode().encode("utf-16-le")
    yield KERAS.bad("lambda", "utf-16", {"model.keras": package(rng, wide)}, payload="runs on load")
    yield KERAS.bad(
        "executable-asset",
        "so",
        {
            "model.keras": package(
                rng, sequential(dense()), {"assets/libops.so": binaries.elf(b"x")}
            )
        },
        payload="carries code",
        expect="suspicious",
    )
