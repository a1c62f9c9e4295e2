"""R data (RDS, RData): code that runs when an object is loaded or first looked at.

Functions and calls are ordinary parts of R models: a fitted model keeps the call that made
it. A promise is not: R makes them while it runs and never writes one as an object's value,
and its code runs as soon as the value is used (CVE-2024-27322).
"""

from __future__ import annotations

import re

from assay.core.finding import Confidence, Severity
from assay.scanning.parsers.r_serialization import (
    CLOSURE,
    PROMISE,
    Region,
    RError,
    Walk,
)
from assay.scanning.references import EXHAUSTION, HIDDEN_CODE, LOADS_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.subject import Answer, Buffer, Subject

_DO_NOT_LOAD = "Do not load the file with R. Ask for the coefficients, or a model as PMML or ONNX."

TITLE = "R data"
RULES = table(
    (
        Rule(
            "r.promise",
            "Code that runs when the object is used",
            Severity.HIGH,
            Confidence.HIGH,
            "The file holds a promise where R never writes one: code that R runs as soon as the "
            "loaded object is looked at.",
            _DO_NOT_LOAD,
            HIDDEN_CODE,
        ),
        Rule(
            "r.dangerous-code",
            "Code that runs commands",
            Severity.HIGH,
            Confidence.HIGH,
            "Code in the file that runs without being called starts programs, reaches the "
            "network, or loads libraries.",
            _DO_NOT_LOAD,
            HIDDEN_CODE,
        ),
        Rule(
            "r.function",
            "A function that runs commands",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A function stored with the model starts programs, reaches the network, or loads "
            "libraries when it is called. Most functions in models only compute.",
            "Read the function before the model is used.",
            LOADS_CODE,
        ),
        Rule(
            "r.start",
            "A function that R calls by its name",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The workspace holds a function that R itself calls when it starts or ends with "
            "this workspace.",
            _DO_NOT_LOAD,
            LOADS_CODE,
        ),
        Rule(
            "r.depth",
            "Nested deeper than R can read",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Lists are nested in one another so deeply that R runs out of its stack when it "
            "reads the file.",
            _DO_NOT_LOAD,
            EXHAUSTION,
        ),
        Rule(
            "r.profile",
            "A file that R runs when it starts",
            Severity.HIGH,
            Confidence.MEDIUM,
            "R runs a file of this name when it is started in the folder. A model needs none.",
            "Remove the file, or read it before R is started there.",
            LOADS_CODE,
        ),
    )
)
_DEEPEST = 5_000
_STARTS = frozenset({".First", ".Last", ".First.lib", ".onLoad", ".onAttach", ".First.sys"})
_PROGRAMS = frozenset(
    "system system2 shell shell.exec pipe fifo socketConnection socketAccept serverSocket "
    "make.socket download.file url curl_download curl_fetch_memory getURL browseURL GET POST "
    "dyn.load library.dynam source sys.source source_url install.packages install_github "
    "install_url remotes::install_github unlink file.remove mcfork mcparallel Sys.setenv "
    "Sys.chmod setHook unserialize reticulate::py_run_string py_run_string py_run_file "
    "import_from_path sourceCpp cppFunction R_unserialize attachNamespace run_process "
    "processx::run q quit .External2".split()
)
_EVALUATES = frozenset({"eval", "evalq", "eval.parent", "do.call", "match.fun", "get", "Reduce"})
_PARSES = frozenset({"parse", "str2lang", "str2expression", "deparse1", "rawToChar"})
_NAMED = frozenset({"do.call", "match.fun", "get", "get0", "mget", "getFromNamespace", "Reduce"})
_PROFILE = re.compile(r"(?:.*/)?(?:\.?Rprofile(?:\.site)?|\.Renviron|Renviron\.site)\Z")
_ASCII = re.compile(rb"(?:RDA[23]\n)?A\n[23]\n\d{1,7}\n\d{1,7}\n")


def is_text(data: Buffer, subject: Subject) -> bool:
    """Whether it is a serialization written as text, or begins and is named as one."""
    head = bytes(data[:64])
    named = subject.name.lower().endswith((".rds", ".rda", ".rdata"))
    return _ASCII.match(head) is not None or (named and head.startswith((b"A\n", b"RDA")))


def is_profile(data: Buffer, subject: Subject) -> bool:
    """Whether R runs a file of this name when it starts."""
    del data
    return _PROFILE.match(subject.name) is not None


def scan_profile(data: Buffer, subject: Subject, answer: Answer) -> None:
    """A file that R runs when it starts is no part of a model."""
    shown = bytes(data[:200]).decode("utf-8", "replace").strip()
    answer.find(RULES["r.profile"], f"{subject.name}: {shown}", offset=0)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Walk the object and judge its code."""
    del subject
    walk = Walk(data)
    try:
        walk.read()
    except RError as error:
        answer.unread(f"the R object cannot be read: {error}")
    else:
        if walk.end < len(data) and bytes(data[walk.end :]).strip():
            answer.unread(f"{len(data) - walk.end} bytes behind the R object")
    if walk.deepest > _DEEPEST:
        answer.find(RULES["r.depth"], f"{walk.deepest} levels")
    for region in walk.regions:
        _judge(region, answer)
    for name in _STARTS.intersection(walk.names):
        if walk.names[name] == CLOSURE:
            answer.find(RULES["r.start"], name)


def _judge(region: Region, answer: Answer) -> None:
    reached = _reached(region)
    shown = f"{_named(region)}: {', '.join(reached or list(region.names)[:5])}"
    if region.texts:
        shown += f" with {region.texts[0]!r}"
    if region.kind == PROMISE:
        _judge_promise(region, reached, shown, answer)
    elif region.active and reached:
        answer.find(RULES["r.dangerous-code"], shown, offset=region.offset)
    elif region.kind == CLOSURE and reached:
        rule = RULES["r.start"] if region.name in _STARTS else RULES["r.function"]
        answer.find(rule, shown, offset=region.offset)


def _judge_promise(region: Region, reached: list[str], shown: str, answer: Answer) -> None:
    """Unforced arguments in a function's environment are usual, anything else is not."""
    if region.place != "environment":
        severity = None if region.names else Severity.MEDIUM
        answer.find(RULES["r.promise"], shown, offset=region.offset, severity=severity)
    elif reached and region.waits:
        answer.find(RULES["r.dangerous-code"], shown, offset=region.offset)


def _reached(region: Region) -> list[str]:
    """What a piece of code calls that leads out of R."""
    names = set(region.names)
    found = sorted(names & _PROGRAMS)
    if names & _NAMED:
        found.extend(text for text in region.texts if text in _PROGRAMS)
    if region.kind == PROMISE and names & _EVALUATES and names & _PARSES:
        found.append("eval of text")
    return found


def _named(region: Region) -> str:
    where = {"environment": "in an environment", "attribute": "in an attribute"}
    name = region.name or "an object without a name"
    return f"{name} {where.get(region.place, '')}".strip()
