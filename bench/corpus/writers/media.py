"""Ordinary companions of models: pictures, sounds, documents, tables."""

from __future__ import annotations

import io
import random
import struct
import wave
import zlib


def png(rng: random.Random, width: int = 16, height: int = 16) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + rng.randbytes(3 * width) for _ in range(height))
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def gif(comment: bytes = b"") -> bytes:
    """One white pixel, with a comment block."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\xff\xff\xff\0\0\0"
    note = b"!\xfe" + bytes([len(comment)]) + comment + b"\0" if comment else b""
    return head + note + b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"


def jpeg(rng: random.Random) -> bytes:
    """A JFIF shell with made-up scan data."""
    app = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    table = b"\xff\xdb\x00\x43\x00" + bytes(max(1, i % 99) for i in range(64))
    frame = b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + rng.randbytes(64).replace(b"\xff", b"\x7f")
    return b"\xff\xd8" + app + table + frame + scan + b"\xff\xd9"


def wav(rng: random.Random, samples: int = 800) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(
            struct.pack(f"<{samples}h", *(rng.randrange(-99, 99) for _ in range(samples)))
        )
    return out.getvalue()


def pdf(title: str, tail: bytes = b"") -> bytes:
    """One page with a line of text; offsets are true."""
    stream = f"BT /F1 18 Tf 72 720 Td ({title}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(out) + tail


def csv(rng: random.Random, rows: int = 40) -> str:
    lines = ["text,label,score"]
    words = "good bad fine great poor slow quick odd plain dull bright".split()
    for _ in range(rows):
        lines.append(f'"{" ".join(rng.choices(words, k=6))}",{rng.randrange(3)},{rng.random():.4f}')
    return "\n".join(lines) + "\n"


def jsonl(rng: random.Random, rows: int = 30) -> str:
    words = "what how why when tell write explain a short story list code recipe".split()
    line = '{{"prompt": "{}", "completion": "{}"}}'
    return "".join(
        line.format(" ".join(rng.choices(words, k=5)), " ".join(rng.choices(words, k=12))) + "\n"
        for _ in range(rows)
    )
