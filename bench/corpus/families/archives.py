"""Archives: slip, links, bombs, nesting, duplicates; honest archives beside them."""

from __future__ import annotations

import bz2
import random
import struct
import tarfile
import zlib
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import binaries, media, safetensors, tars, zips
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.tars import Entry
from bench.corpus.writers.zips import Member

ARCHIVE = Family("archives", "unzip, tar, extractall")
EVIL = op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND)))
ESCAPE = "writes outside the folder"
BOMB = "fills memory or disk"
MEGABYTE = 1 << 20


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _slip()
    yield from _links()
    yield from _bombs()
    yield from _nested()
    yield from _odd(rng)
    yield from _honest(rng)


def bad(technique: str, variant: str, name: str, body: bytes, payload: str) -> Unit:
    return ARCHIVE.bad(technique, variant, {name: body}, payload=payload)


def _slip() -> Iterator[Unit]:
    names = {
        "parent": "../../../tmp/corpus-marker",
        "absolute": "/tmp/corpus-marker",
        "inner": "model/../../corpus-marker",
        "backslash": "..\\..\\corpus-marker",
        "drive": "C:\\Windows\\Temp\\x.dll",
        "unc": "\\\\example.invalid\\share\\x",
        "dot-slash": "./.././../corpus-marker",
        "profile": "../../root/.corpus-profile",
        "double-slash": "//tmp//corpus-marker",
    }
    for variant, name in names.items():
        yield bad(
            "zip-slip",
            variant,
            "model.zip",
            zips.pack({"config.json": b"{}", name: b"true\n"}),
            ESCAPE,
        )
    for variant in ("parent", "absolute", "inner", "profile"):
        tar = tars.archive([Entry("config.json", b"{}"), Entry(names[variant], b"true\n")])
        yield bad("tar-slip", variant, "model.tar", tar, ESCAPE)
    tar = tars.archive(
        [Entry("w/" * 60 + "../" * 70 + "tmp/corpus-marker", b"x")], tarfile.PAX_FORMAT
    )
    yield bad("tar-slip", "pax-long-name", "model.tar.gz", tars.gz(tar), ESCAPE)
    tar = tars.archive(
        [Entry("a" * 120 + "/" + "../" * 5 + "corpus-marker", b"x")], tarfile.GNU_FORMAT
    )
    yield bad("tar-slip", "gnu-long-name", "model.tar.xz", tars.xz(tar), ESCAPE)
    yield bad("tar-slip", "hidden-in-bz2", "model.tbz2", tars.bz(tars.pack({"../x": b"x"})), ESCAPE)


def _links() -> Iterator[Unit]:
    def tar(variant: str, *entries: Entry, name: str = "model.tar") -> Unit:
        return bad("tar-link", variant, name, tars.archive(entries), ESCAPE)

    yield tar("symbolic-absolute", Entry("vocab.txt", kind=tarfile.SYMTYPE, target="/etc/passwd"))
    yield tar(
        "symbolic-parent",
        Entry("m/vocab.txt", kind=tarfile.SYMTYPE, target="../../../../etc/passwd"),
    )
    yield tar(
        "write-through",
        Entry("d", kind=tarfile.SYMTYPE, target="/tmp"),
        Entry("d/corpus-marker", b"x"),
    )
    yield tar("hard", Entry("vocab.txt", kind=tarfile.LNKTYPE, target="/etc/passwd"))
    chain = [
        Entry("a", kind=tarfile.SYMTYPE, target="."),
        Entry("b", kind=tarfile.SYMTYPE, target="a/.."),
        Entry("b/x", b"x"),
    ]
    yield tar("chain", *chain)
    yield tar("device", Entry("weights.bin", kind=tarfile.BLKTYPE))
    yield tar("fifo", Entry("weights.bin", kind=tarfile.FIFOTYPE))
    yield tar("setuid", Entry("bin/run", binaries.elf(b"x", shared=False), mode=0o104755))
    link = Member("vocab.txt", b"/etc/passwd", mode=0o120777)
    yield bad("zip-link", "absolute", "model.zip", zips.archive([link]), ESCAPE)
    through = [Member("d", b"/tmp", mode=0o120777), Member("d/corpus-marker", b"x")]
    yield bad("zip-link", "write-through", "model.zip", zips.archive(through), ESCAPE)


def zero_stream(megabytes: int) -> bytes:
    """Deflated zeros; a full flush after each megabyte makes the pieces alike."""
    maker = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = maker.compress(bytes(MEGABYTE)) + maker.flush(zlib.Z_FULL_FLUSH)
    again = maker.compress(bytes(MEGABYTE)) + maker.flush(zlib.Z_FULL_FLUSH)
    return first + again * (megabytes - 1) + maker.flush()


def _bombs() -> Iterator[Unit]:
    size = 400
    crc = zlib.crc32(bytes(MEGABYTE))
    total = crc
    for _ in range(size - 1):
        total = zlib.crc32(bytes(MEGABYTE), total)
    packed = zero_stream(size)
    single = Member(
        "weights.bin", b"", zips.DEFLATED, crc=total, size=size * MEGABYTE, packed=packed
    )
    yield bad("bomb", "zip-ratio", "model.zip", zips.archive([single]), BOMB)
    lying = Member("weights.bin", b"", zips.DEFLATED, crc=total, size=1000, packed=packed)
    yield bad("bomb", "zip-size-lies", "model.zip", zips.archive([lying]), BOMB)
    gz = b"\x1f\x8b\x08\0\0\0\0\0\2\xff" + packed + struct.pack("<II", total, size * MEGABYTE)
    yield bad("bomb", "gzip", "weights.bin.gz", gz, BOMB)
    overlap = [
        Member(
            f"w{i}",
            b"",
            zips.DEFLATED,
            crc=total,
            size=size * MEGABYTE,
            packed=b"" if i else packed,
            at=0,
        )
        for i in range(300)
    ]
    yield bad("bomb", "zip-overlap", "model.zip", zips.archive(overlap), BOMB)
    many = [Member(f"f{i:06}", b"") for i in range(66_000 // 2)]
    yield bad("bomb", "zip-many-members", "model.zip", zips.archive(many), BOMB)
    twice = bz2.compress(bz2.compress(bytes(20 * MEGABYTE)) * 200)
    yield bad("bomb", "bzip2-twice", "model.tar.bz2", twice, BOMB)
    inner = zips.archive([single])
    yield bad(
        "bomb",
        "zip-of-zips",
        "model.zip",
        zips.pack({f"{i}.zip": inner for i in range(9)}, zips.DEFLATED),
        BOMB,
    )
    head = tars.archive([Entry("w.bin", b"")])[:512]
    huge = bytearray(head)
    huge[124:136] = b"77777777777\0"
    huge[148:156] = b"        "
    huge[148:156] = f"{sum(huge):06o}\0 ".encode()
    yield bad("bomb", "tar-size-lies", "model.tar", bytes(huge) + bytes(1024), BOMB)


def _nested() -> Iterator[Unit]:
    body = zips.pack({"data.pkl": EVIL})
    for depth in (1, 4):
        yield bad("nested", f"zip-{depth + 1}", "model.zip", body, "a hostile pickle inside")
        for _ in range(depth):
            body = zips.pack({"inner.zip": body}, zips.DEFLATED)
    yield bad("nested", "deep", "model.zip", body, "a hostile pickle deep inside")
    for _ in range(60):
        body = zips.pack({"inner.zip": body})
    yield bad("nested", "very-deep", "model.zip", body, "a hostile pickle deeper than a tool looks")
    yield bad(
        "nested",
        "tar-in-zip",
        "model.zip",
        zips.pack({"m.tar.gz": tars.gz(tars.pack({"m.pkl": EVIL}))}),
        "a hostile pickle inside",
    )
    yield bad(
        "nested",
        "zip-in-tar",
        "model.tar.gz",
        tars.gz(tars.pack({"m.zip": zips.pack({"m.pkl": EVIL})})),
        "a hostile pickle inside",
    )
    yield bad("nested", "gz-gz", "model.pkl.gz", tars.gz(tars.gz(EVIL)), "a hostile pickle inside")
    yield bad("nested", "xz-pickle", "model.pkl.xz", tars.xz(EVIL), "a hostile pickle inside")
    yield bad("nested", "bz2-pickle", "model.pkl.bz2", tars.bz(EVIL), "a hostile pickle inside")


def _odd(rng: random.Random) -> Iterator[Unit]:
    weights = safetensors.weights(rng, {"w": (4, 4)})
    twins = [Entry("model.pkl", op.pickle4(op.EMPTY_DICT)), Entry("model.pkl", EVIL)]
    yield bad(
        "duplicate", "tar", "model.tar", tars.archive(twins), "the later member replaces the first"
    )
    case = [Member("Model.pkl", op.pickle4(op.EMPTY_DICT)), Member("model.pkl", EVIL)]
    yield bad(
        "duplicate",
        "zip-case",
        "model.zip",
        zips.archive(case),
        "the later member replaces the first",
    )
    yield bad(
        "executable-member",
        "elf",
        "model.zip",
        zips.pack({"model.safetensors": weights, "lib/run.so": binaries.elf(b"x")}),
        "carries code",
    )
    yield bad(
        "executable-member",
        "pe-in-tar",
        "model.tar.gz",
        tars.gz(
            tars.pack({"w.safetensors": weights, "setup.exe": binaries.pe(b"x", library=False)})
        ),
        "carries code",
    )
    cut = zips.pack({"data.pkl": EVIL})
    yield bad(
        "truncated",
        "no-directory",
        "model.zip",
        cut[: cut.index(b"PK\1\2")],
        "recovery tools still unpack it",
    )
    yield bad(
        "encrypted",
        "zip-bit",
        "model.zip",
        zips.archive([Member("w.pkl", rng.randbytes(64), flags=1)]),
        "cannot be looked into",
    )
    yield bad(
        "after-end",
        "tar-pickle",
        "model.tar",
        tars.pack({"a.txt": b"a"}) + EVIL,
        "a second reading",
    )
    yield bad(
        "truncated",
        "tar",
        "model.tar",
        tars.pack({"a.txt": b"a", "m.pkl": EVIL})[:1300],
        "recovery tools still unpack it",
    )
    yield bad(
        "truncated", "gzip", "model.pkl.gz", tars.gz(EVIL)[:-8], "stream readers still unpack it"
    )
    locked = Member(
        "w.pkl", rng.randbytes(64), method=99, flags=1, extra=b"\x01\x99\x07\0\x02\0AE\x03\x08\0"
    )
    yield bad("encrypted", "zip-aes", "model.zip", zips.archive([locked]), "cannot be looked into")
    yield bad(
        "after-end", "gzip-pickle", "model.txt.gz", tars.gz(b"text") + EVIL, "a second reading"
    )
    yield bad(
        "after-end",
        "zip-elf",
        "model.zip",
        zips.pack({"a.txt": b"a"}) + binaries.elf(b"x"),
        "carries code",
    )
    yield bad(
        "python-start",
        "zipapp",
        "model.zip",
        zips.pack(
            {"__main__.py": f"import os\nos.system('{COMMAND}')\n".encode(), "w.bin": weights}
        ),
        "runs as `python model.zip`",
    )


def _honest(rng: random.Random) -> Iterator[Unit]:
    weights = safetensors.weights(rng, {"w": (8, 8)})
    files = {
        "model/config.json": b'{"model_type": "bert"}\n',
        "model/model.safetensors": weights,
        "model/vocab.txt": b"[PAD]\n",
    }

    def good(variant: str, name: str, body: bytes) -> Unit:
        return ARCHIVE.good("archive", variant, {name: body})

    yield good("zip", "model.zip", zips.pack(files, zips.DEFLATED))
    yield good("tar", "model.tar", tars.pack(files))
    yield good("tar-gz", "model.tar.gz", tars.gz(tars.pack(files)))
    yield good("tar-xz", "model.tar.xz", tars.xz(tars.pack(files)))
    yield good("tar-bz2", "model.tar.bz2", tars.bz(tars.pack(files)))
    folder = Entry("model", kind=tarfile.DIRTYPE, mode=0o755)
    yield good(
        "tar-folder", "model.tar", tars.archive([folder, *(Entry(n, b) for n, b in files.items())])
    )
    yield good(
        "tar-pax",
        "model.tar",
        tars.archive([Entry("größe/" + "a" * 120 + ".txt", b"x")], tarfile.PAX_FORMAT),
    )
    yield good(
        "tar-gnu", "model.tar", tars.archive([Entry("b" * 150 + ".txt", b"x")], tarfile.GNU_FORMAT)
    )
    dots = {"./config.json": b"{}", "./model.safetensors": weights}
    yield good("tar-dot-names", "model.tar", tars.pack(dots))
    yield good(
        "zip-double-dot-name",
        "model.zip",
        zips.pack({"notes..txt": b"x", "v1..v2.diff": b"-a\n+b\n"}),
    )
    yield good("zeros", "zeros.zip", zips.pack({"padding.bin": bytes(200_000)}, zips.DEFLATED))
    yield good("csv-gz", "train.csv.gz", tars.gz(media.csv(rng, 2000).encode()))
    yield good("jsonl-gz", "data.jsonl.gz", tars.gz(media.jsonl(rng, 500).encode()))
    yield good(
        "nested",
        "release.zip",
        zips.pack({"weights.tar.gz": tars.gz(tars.pack(files)), "README.md": b"# x\n"}),
    )
    pictures = {f"img/{i:03}.png": media.png(rng, 8, 8) for i in range(50)}
    yield good("pictures", "images.tar", tars.pack(pictures))
    link = [
        Entry("model-v1.bin", weights),
        Entry("model.bin", kind=tarfile.SYMTYPE, target="model-v1.bin"),
    ]
    yield good("tar-inner-link", "model.tar", tars.archive(link))
    shards = {
        f"{i:05}.{kind}": media.jpeg(rng) if kind == "jpg" else b"a caption"
        for i in range(20)
        for kind in ("jpg", "txt")
    }
    yield good("web-dataset", "shard-000000.tar", tars.pack(shards))
    yield good(
        "sources",
        "code.zip",
        zips.pack(
            {
                "train.py": b"import torch\nmodel = torch.nn.Linear(2, 2)\n",
                "setup.cfg": b"[metadata]\nname = x\n",
            }
        ),
    )
    yield good("text-xz", "corpus.txt.xz", tars.xz(b"the cat sat on the mat. " * 3000))
