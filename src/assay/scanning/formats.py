"""What a file is, by its content; what its name says is compared afterwards.

A format is recognised by its magic and, where that is weak, by its structure. What no
scanner judges yet is `unknown` with the reason, never clean.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from assay.core.limits import MIB, ScanLimits
from assay.scanning.archives.streams import unmarked
from assay.scanning.kinds import by_family, by_magic, candidates, claimed, extension
from assay.scanning.pickle import PersistentIdRule, PickleResult, Safety, scan_pickle
from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.executables import executable
from assay.scanning.pickle.torch_legacy import MAGIC as TORCH_LEGACY_MAGIC
from assay.scanning.scanners.text_names import is_start_file
from assay.scanning.subject import Buffer, Subject

HEAD_BYTES = 1024
SAFETENSORS_HEADER_BYTES = 100_000_000
"""Longest header the safetensors library accepts."""


@dataclass(frozen=True, slots=True)
class Format:
    """What a file is.

    Attributes:
        family: Which kind it is, `unknown` where nobody reads it.
        reason: Why nobody does, where the family is unknown.
    """

    family: str
    reason: str = ""


_PICKLES = frozenset(".pkl .pickle .p .pk .pck .pcl .joblib .dill .sav .pt .pth .ckpt".split())
_DATA_ELSEWHERE = frozenset(
    ".onnx .gguf .ggml .h5 .hdf5 .keras .npy .npz .tflite .pb .parquet .arrow .tar".split()
)
_UNJUDGED = (
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"\x1f\x9d", "a file of Unix compress"),
    (0, b"MSCF", "a cabinet archive"),
    (0, b"!<arch>\n", "an ar archive, as Debian packages and static libraries are"),
    (0, b"\xed\xab\xee\xdb", "an RPM package"),
    (0, b"dex\n0", "Android code"),
    (0, b"\x7fELF", "a damaged program"),
)
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_BY_EXTENSION = {
    ".model": "a binary tokenizer model",
}
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_NO_TEXT = range(0x80, 0xC0)
"""Bytes no text in UTF-8 begins with: they continue a character."""
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")
_ENCODED = ("text-wide", "python-encoded", "script-encoded", "source-encoded", "text-encoded")
_TEXT_SAMPLE = 64 * 1024
_PROBE = ScanLimits(max_findings=20, memo_entries=1_000_000, stack_items=1_000_000)
_FIRST_BYTES = frozenset(
    (*op.INTERESTING, *op.NO_ARGUMENT, *op.FIXED_ARGUMENT, *op.COUNTED, *op.LINES, op.FRAME)
)


def declares_other_data(path: str) -> bool:
    """Whether a name claims a format that is neither a pickle nor a plain zip archive."""
    return extension(path) in _DATA_ELSEWHERE


def may_be_empty(path: str) -> bool:
    """Whether a file of this name without content is what its name says: text, code, a marker."""
    weights = _PICKLES | _DATA_ELSEWHERE | _BY_EXTENSION.keys() | {".bin"}
    promised = [kind for kind in claimed(path) if not kind.text or kind.family == "json"]
    return not promised and extension(path) not in weights


def identify(data: Buffer, subject: Subject) -> Format:
    """What these bytes are. Reads the first kilobyte, and more where that does not decide."""
    if not len(data):
        return Format("empty")
    head = bytes(data[:HEAD_BYTES])
    return (
        _by_magic(head)
        or _by_structure(data, head, subject)
        or _by_sniffing(data, subject)
        or _by_text(data, subject)
    )


def _by_magic(head: bytes) -> Format | None:
    kind = by_magic(head)
    if kind:  # before the programs, since a llamafile is one that is read
        return Format(kind.family)
    if executable(head):
        return Format("executable")
    if head.startswith(_LFS_POINTER) and len(head) < HEAD_BYTES:
        return _unknown("a Git LFS pointer: the file itself is not here")
    for offset, magic, what in _UNJUDGED:
        if head[offset : offset + len(magic)] == magic:
            return _unjudged(what)
    return None


def _by_structure(data: Buffer, head: bytes, subject: Subject) -> Format | None:
    if _looks_like_safetensors(head, len(data)):
        return Format("safetensors")
    if head.startswith(TORCH_LEGACY_MAGIC):
        return Format("torch-legacy")
    if head[0] == op.PROTO and head[1:2] and head[1] <= op.HIGHEST_PROTOCOL:
        return Format("pickle")
    family = _by_ending(data, head, subject)
    return Format(family) if family else None


def _by_ending(data: Buffer, head: bytes, subject: Subject) -> str:
    """What a name's loader takes the file for, whatever it holds."""
    ending = extension(subject.name)
    if ending == ".safetensors":
        return "safetensors"
    if ending == ".pth" and is_start_file(data, subject.name):
        return "python-start"
    return "pickle" if ending in _PICKLES and not unmarked(head) else ""


def _by_sniffing(data: Buffer, subject: Subject) -> Format | None:
    """What a scanner recognises by structure, then a pickle that has no header."""
    if data[0] in _NO_TEXT or _CONTROL.search(data, 0, _TEXT_SAMPLE):
        for kind in candidates(subject.name, text=False):
            if not kind.sniff or kind.call(kind.sniff, data, subject):
                return Format(kind.family)
    return Format("pickle") if old_pickle(data, subject) is not None else None


def _by_text(data: Buffer, subject: Subject) -> Format:
    name = subject.name
    json = any(kind.module == "json_document" for kind in claimed(name))
    budget = subject.limits.json_bytes if json else subject.limits.text_bytes
    if _CONTROL.search(data, 0, _TEXT_SAMPLE):
        return _encoded(data, subject) or _binary(name)
    if len(data) > budget:
        return _unknown(f"text over the budget of {budget} bytes")
    return _text(data, subject) if is_text(data) else _encoded(data, subject) or _binary(name)


def _encoded(data: Buffer, subject: Subject) -> Format | None:
    """Text in another encoding than UTF-8, or with control characters."""
    for family in _ENCODED:
        kind = by_family()[family]
        if kind.call(kind.sniff, data, subject):
            return Format(family)
    return None


def _text(data: Buffer, subject: Subject) -> Format:
    """What a text is: what a scanner recognises, or what its name claims."""
    for kind in candidates(subject.name, text=True):
        if not kind.sniff or kind.call(kind.sniff, data, subject):
            return Format(kind.family)
    return _unknown("text whose use is not known")


def _binary(name: str) -> Format:
    wanted = claimed(name)
    if wanted and all(kind.text for kind in wanted):
        return _unknown(f"it is not the {wanted[-1].family} its name says")
    if extension(name) in _BY_EXTENSION:
        return _unjudged(_BY_EXTENSION[extension(name)])
    return _unknown("its format is not known")


def _unknown(reason: str) -> Format:
    return Format("unknown", reason)


def _unjudged(what: str) -> Format:
    return _unknown(f"{what}: not judged yet")


def _looks_like_safetensors(head: bytes, size: int) -> bool:
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and length <= min(size - 8, SAFETENSORS_HEADER_BYTES)


def is_text(data: Buffer) -> bool:
    """Whether all bytes are UTF-8 text without control characters."""
    if _CONTROL.search(data):
        return False
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(data), MIB):
            decoder.decode(bytes(data[at : at + MIB]), final=at + MIB >= len(data))
    except UnicodeDecodeError:
        return False
    return True


def old_pickle(data: Buffer, subject: Subject) -> PickleResult | None:
    """The reading of a pickle that has no header (protocols 0 and 1), if the bytes are one.

    They are one if they are read to their end as one, or if they import a name that could
    be one and use it, or that no model needs: that much a loader would have done.
    """
    if data[0] not in _FIRST_BYTES:
        return None
    result = scan_pickle(
        data,
        path=subject.path,
        member=subject.member,
        base_offset=subject.base,
        limits=_PROBE,
        policy=subject.policy,
        persistent_ids=PersistentIdRule.UNKNOWN,
    )
    names = [found for found in result.imports if _NAME.match(found.module)]
    acts = any(f.safety is Safety.DANGEROUS or set(f.uses) - {"imported"} for f in names)
    whole = result.streams > 0 and result.end - subject.base == len(data) > 2
    return result if acts or whole else None
