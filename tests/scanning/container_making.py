"""Containers made by hand, right and wrong, and a scanner to put them to in this process."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assay.core.finding import Finding, Verdict, verdict_of
from assay.core.limits import ArchiveLimits, ScanLimits
from assay.scanning.inspection import inspect
from assay.scanning.subject import Subject

COMMAND = b"cposix\nsystem\n(S'true'\ntR."
"""Protocol 0, no header: any loader would run a command."""

ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00" + bytes(44)


@dataclass(frozen=True)
class Judged:
    family: str
    findings: tuple[Finding, ...]
    unread: tuple[str, ...]
    verdict: Verdict

    @property
    def rules(self) -> set[str]:
        return {finding.rule for finding in self.findings}


def judge(
    data: bytes,
    name: str = "model.pt",
    *,
    limits: ScanLimits | None = None,
    archives: ArchiveLimits | None = None,
) -> Judged:
    """Scan bytes without the sandbox."""
    subject = Subject(name, "", limits or ScanLimits(), archives or ArchiveLimits())
    form, answer = inspect(data, subject)
    unread = tuple(item.reason for item in answer.unread_parts)
    verdict = verdict_of(answer.findings, answer.unread_parts)
    return Judged(form.family, answer.findings, unread, verdict)


@dataclass
class Member:
    """One zip member; what the local header and the directory say can be set apart."""

    name: str
    body: bytes
    method: int = 0
    packed: bytes | None = None
    local: dict[str, object] = field(default_factory=dict)
    central: dict[str, object] = field(default_factory=dict)
    before: bytes = b""
    mode: int = 0

    def fields(self, changes: Mapping[str, object]) -> dict[str, object]:
        packed = self.payload
        usual = {
            "name": self.name.encode(),
            "flags": 0,
            "method": self.method,
            "crc": zlib.crc32(self.body),
            "packed": len(packed),
            "size": len(self.body),
        }
        return usual | dict(changes)

    @property
    def payload(self) -> bytes:
        if self.packed is not None:
            return self.packed
        if self.method == 8:
            engine = zlib.compressobj(9, zlib.DEFLATED, -15)
            return engine.compress(self.body) + engine.flush()
        return self.body


def zip_of(
    members: Sequence[Member],
    *,
    before: bytes = b"",
    slack: bytes = b"",
    after: bytes = b"",
    comment: bytes = b"",
    listed: Sequence[Member] | None = None,
    shift: bool = False,
) -> bytes:
    """An archive, as wrong as asked for; `shift` counts offsets from the archive's own start."""
    out = io.BytesIO()
    out.write(before)
    base = len(before) if shift else 0
    starts: dict[int, int] = {}
    for member in members:
        out.write(member.before)
        starts[id(member)] = out.tell() - base
        f = member.fields(member.local)
        name = f["name"]
        assert isinstance(name, bytes)
        out.write(
            struct.pack(
                "<4sHHHHHIIIHH",
                *(b"PK\x03\x04", 20, f["flags"], f["method"], 0, 0x21, f["crc"]),
                *(f["packed"], f["size"], len(name), 0),
            )
        )
        out.write(name + member.payload)
    out.write(slack)
    directory = out.tell() - base
    rows = list(members if listed is None else listed)
    for member in rows:
        f = member.fields(member.central)
        name = f["name"]
        assert isinstance(name, bytes)
        out.write(
            struct.pack(
                "<4sHHHHHHIIIHHHHHII",
                *(b"PK\x01\x02", 3 << 8 | 20, 20, f["flags"], f["method"], 0, 0x21, f["crc"]),
                *(f["packed"], f["size"], len(name), 0, 0, 0, 0, member.mode << 16),
                starts[id(member)],
            )
        )
        out.write(name)
    size = out.tell() - base - directory
    out.write(
        struct.pack(
            "<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(rows), len(rows), size, directory, len(comment)
        )
    )
    out.write(comment + after)
    return out.getvalue()


def state_dict_pickle() -> bytes:
    """What torch.save writes for one tensor, by hand: OrderedDict, a storage, a rebuild call."""
    return (
        b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01X\x01\x00\x00\x00wq\x02"
        b"ctorch._utils\n_rebuild_tensor_v2\nq\x03((X\x07\x00\x00\x00storageq\x04"
        b"ctorch\nFloatStorage\nq\x05X\x01\x00\x00\x000q\x06X\x03\x00\x00\x00cpuq\x07K\x04tq\x08Q"
        b"K\x00K\x04\x85q\tK\x01\x85q\n\x89h\x00)Rq\x0btq\x0cRq\rs."
    )


def torch_members(pkl: bytes | None = None, root: str = "archive") -> list[Member]:
    return [
        Member(f"{root}/data.pkl", state_dict_pickle() if pkl is None else pkl),
        Member(f"{root}/byteorder", b"little"),
        Member(f"{root}/data/0", struct.pack("<4f", 1, 2, 3, 4)),
        Member(f"{root}/version", b"3\n"),
        Member(f"{root}/.data/serialization_id", b"0123456789012345678901234567890123456789"),
    ]


def streamed_zip(members: Sequence[tuple[str, bytes]]) -> bytes:
    """An archive with data descriptors, as a writer to a pipe (and PyTorch) leaves it."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, piece: object) -> int:
            self.data += bytes(piece)  # type: ignore[call-overload]
            return len(bytes(piece))  # type: ignore[call-overload]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        for name, body in members:
            archive.writestr(name, body)
    return bytes(pipe.data)


def safetensors_of(
    header: Mapping[str, object] | bytes, body: bytes = b"", length: int | None = None
) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + body


def tensor(begin: int, end: int, dtype: str = "U8", shape: object = None) -> dict[str, object]:
    return {
        "dtype": dtype,
        "shape": [end - begin] if shape is None else shape,
        "data_offsets": [begin, end],
    }


def benign_pickle() -> bytes:
    return pickle.dumps({"weights": [1.0, 2.0], "name": "x"}, protocol=4)
