"""Llamafiles: a program for every system with a model's weights packed behind it.

Source: "Actually Portable Executable" and llamafile's README: the file begins as a program, and
is a zip archive from its end, whose member `.args` holds the program's arguments.
"""

from __future__ import annotations

import re

from assay.core.finding import Confidence, Severity
from assay.scanning.archives.spent import SpentError
from assay.scanning.archives.zip_contents import ZipContents
from assay.scanning.archives.zip_reading import read_zip
from assay.scanning.archives.zip_values import ZipError
from assay.scanning.references import HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.jinja_template.wording import hostile
from assay.scanning.subject import Answer, Buffer, Subject

_WEIGHTS = re.compile(r".+\.(?:gguf|ggml|bin|safetensors|pt|pth|pkl|onnx|tflite)\Z", re.IGNORECASE)
_ARGUMENTS = ".args"
_ARGUMENTS_BYTES = 1 << 20
_OPENS = {
    "--unsecure": "switches its sandbox off",
    "--model-url": "downloads its model",
    "-mu": "downloads its model",
    "--hf-repo": "downloads its model",
    "-hfr": "downloads its model",
    "--rpc": "sends its work to another machine",
    "--file": "reads a file into the prompt",
    "-f": "reads a file into the prompt",
    "--path": "serves a folder",
    "--log-file": "writes a file",
    "--prompt-cache": "writes a file",
}
_PLACES = re.compile(r"/|~|[A-Za-z]:\\|https?:|\.\.")

TITLE = "Llamafile"
RULES = table(
    (
        Rule(
            "llamafile.program",
            "A program with a model in it",
            Severity.HIGH,
            Confidence.HIGH,
            "The file is a native program for several systems that carries a model's weights. "
            "What the program does was not judged; only the weights in it were.",
            "Take the GGUF file out of it, or allow it after checking who built the program.",
            HIDDEN_CODE,
        ),
        Rule(
            "llamafile.arguments",
            "Arguments that reach further than a model",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The program is started with arguments by which it reads or writes files, downloads, "
            "or gives up its sandbox.",
            "Read the arguments in the archive's .args.",
            HIDDEN_CODE,
        ),
        Rule(
            "llamafile.instructions",
            "A prompt against the person it serves",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The program is started with a prompt that tells the model to disregard what it is "
            "told, or to hide something.",
            "Do not run it.",
            HIDDEN_CODE,
        ),
    )
)


def is_arguments(data: Buffer, subject: Subject) -> bool:
    """Whether it is named as the arguments of a llamafile are."""
    del data
    return subject.name.rsplit("/", 1)[-1] == _ARGUMENTS


def scan_arguments(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge the arguments a llamafile is started with, one a line."""
    del subject
    lines = bytes(data[:_ARGUMENTS_BYTES]).decode("utf-8", "replace").splitlines()
    if len(data) > _ARGUMENTS_BYTES:
        answer.unread(f"arguments over {_ARGUMENTS_BYTES} bytes")
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        word, _, value = line.strip().partition("=")
        value = value or after
        if word in _OPENS and (word == "--unsecure" or _PLACES.match(value)):
            shown = f"{word} {value}: {_OPENS[word]}"
            answer.find(RULES["llamafile.arguments"], shown)
        said = hostile(line, sometimes=False)
        if said and said.sure:
            answer.find(RULES["llamafile.instructions"], said.shown)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Report the program, and judge the weights and arguments packed with it."""
    answer.find(RULES["llamafile.program"], "Actually Portable Executable", offset=0)
    try:
        directory = read_zip(data, subject.archives)
        subject.spent.begin(len(data), len(directory.members), subject.archives)
    except (SpentError, ZipError) as error:
        answer.unread(f"what is packed with the program cannot be read: {error}")
        return
    with ZipContents(data, directory, subject, answer) as contents:
        for item in contents.items:
            if item.name == _ARGUMENTS or _WEIGHTS.match(item.name):
                contents.judge(item)
