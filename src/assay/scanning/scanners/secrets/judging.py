"""Looking through a text: credentials by their shape, and payloads behind a layer of encoding.

A search goes from literal to literal, so that a vocabulary of many megabytes costs little;
numbers are never looked through.
"""

from __future__ import annotations

import base64
import re
from binascii import Error as Base64Error
from binascii import unhexlify
from collections.abc import Iterator

from assay.scanning.pickle.executables import executable
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.secrets.rules import RULES
from assay.scanning.scanners.secrets.shapes import SHAPES, Shape
from assay.scanning.scanners.tensor_bytes import is_hostile_pickle
from assay.scanning.subject import Answer, Buffer, Subject

_MOST_PLACES = 20_000
_MOST_FOUND = 20
_MOST_BLOBS = 200
_BLOB_BYTES = 1024 * 1024
_LAYERS = 3
_SHOWN = 4
_FEWEST_DISTINCT = 6
_PLACEHOLDER = re.compile(
    rb"example|placeholder|your|xxxx|changeme|change_me|dummy|sample|redacted|secret|passw|"
    rb"insert|replace|test|fake|\.\.\.|\*\*\*|1234567|abcdef|foobar|default|\btoken\b",
    re.IGNORECASE,
)
_BLOB = re.compile(rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{80,}+={0,2}")
_HEX = re.compile(rb"[0-9A-Fa-f]+\Z")
_PROTO = re.compile(rb"\x80[\x02-\x05]")


def judge_text(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Look through a text.

    Args:
        data: UTF-8 text.
        subject: What it is the text of.
        answer: Where findings go; what is secret is masked in them.
    """
    raw = data if isinstance(data, bytes) else bytes(data)
    for shape in SHAPES:
        for number, (at, value) in enumerate(_found(raw, shape)):
            if number == _MOST_FOUND:
                break
            answer.find(RULES[shape.rule], f"{shape.what}: {_masked(value)}", offset=at)
    for count, blob in enumerate(_BLOB.finditer(raw)):
        if count == _MOST_BLOBS:
            break
        what = _carried(blob.group()[:_BLOB_BYTES], subject)
        if what:
            answer.find(RULES["text.payload"], what, offset=blob.start())


def _found(raw: bytes, shape: Shape) -> Iterator[tuple[int, bytes]]:
    """Where a credential of a shape lies, and what of it is secret."""
    past = -1
    for anchor in shape.anchors:
        at = raw.find(anchor)
        for _ in range(_MOST_PLACES):
            if at < 0:
                break
            begin = max(0, at - shape.before)
            found = shape.pattern.search(raw, begin, at + len(anchor) + 5000)
            if found and found.start() <= at and found.start() > past:
                past = found.end()
                value = found.group(1)
                if not _is_placeholder(value, shape):
                    yield found.start(), value
            at = raw.find(anchor, at + len(anchor))


def _is_placeholder(value: bytes, shape: Shape) -> bool:
    """Whether a value is one that documentation shows, not one that opens anything."""
    if shape.rule == "secret.private-key":
        body = value.replace(b"\\n", b"")
        return len(set(body)) < 20 or b"..." in body
    if shape.rule == "secret.webhook":
        return b"xxxx" in value.lower() or b"your" in value.lower()
    weak = shape.what.startswith("password")
    if _PLACEHOLDER.search(value) and (weak or not value[:3].islower() or b"xxx" in value.lower()):
        return True
    distinct = len(set(value))
    if weak and not (any(48 <= c < 58 for c in value) and any(c > 57 for c in value)):
        return True
    return distinct < _FEWEST_DISTINCT


def _masked(value: bytes) -> str:
    text = value.strip().decode("ascii", "replace")
    return f"{text[:_SHOWN]}… ({len(text)} characters)"


def _carried(blob: bytes, subject: Subject) -> str | None:
    """What a long encoded text is once decoded, through a few layers."""
    for layer in range(1, _LAYERS + 1):
        decoded = _decoded(blob)
        if decoded is None:
            return None
        program = executable(decoded[:1024])
        if program:
            return f"{program} behind {layer} layer(s) of encoding"
        if _is_text(decoded[:256]):
            script = acting(decoded)
            if script:
                return f"behind {layer} layer(s) of encoding: {script}"
        elif _PROTO.match(decoded) and is_hostile_pickle(decoded, subject):
            return f"a pickle that acts behind {layer} layer(s) of encoding"
        blob = decoded.strip()
    return None


def _decoded(blob: bytes) -> bytes | None:
    if _HEX.match(blob):
        return unhexlify(blob[: len(blob) & ~1])
    text = blob.rstrip(b"=\r\n")
    if len(text) < 40 or text.translate(None, _ALPHABET):
        return None
    try:
        return base64.b64decode(text[: len(text) - (len(text) % 4 == 1)] + b"==")
    except Base64Error:
        return None


_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _is_text(head: bytes) -> bool:
    return not head.translate(None, bytes((9, 10, 13, *range(32, 127))))
