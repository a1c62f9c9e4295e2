"""Members that PyTorch's archives of every kind have: marks, pickles, files of the author's."""

from __future__ import annotations

import re

from assay.core.finding import Confidence, Severity
from assay.scanning.archives.contents import Contents, Item
from assay.scanning.formats import identify, is_text
from assay.scanning.pickle import PersistentIdRule
from assay.scanning.references import HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners import pickle as pickles
from assay.scanning.scanners.acting_text import acting
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "PyTorch archives"
RULES = table(
    (
        Rule(
            "torch.extra-script",
            "A script among the files added to a model",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A text that was put into the model's archive is a command or code. PyTorch does not "
            "run it; a program that reads the model's extra files might.",
            "Look at the text, and at what reads it.",
            HIDDEN_CODE,
        ),
    )
)
_ADVICE = "torch.restricted-loading"
_MARK = re.compile(
    r"(?:[^/]+/)?(?:version|byteorder|archive_format|archive_version|\.format_version|"
    r"\.storage_alignment|\.data/(?:version|serialization_id|python_version|\w+))\Z"
)
_WORD = re.compile(rb"[\w.+-]*\s*\Z")
_MARK_BYTES = 4096
_PLAIN = ("text", "unknown")


def is_mark(contents: Contents, item: Item) -> bool:
    """Whether a member is one of the short texts PyTorch writes: a version, a byte order."""
    if not _MARK.match(item.name) or item.size > _MARK_BYTES:
        return False
    body = contents.read(item)
    return body is not None and _WORD.match(bytes(body)) is not None


def judge_own_pickle(body: Buffer, subject: Subject) -> Answer:
    """Judge a pickle that has a loader of its own, to which `weights_only` means nothing."""
    part, kept = Answer(subject), Answer(subject)
    pickles.scan_as(body, subject, part, PersistentIdRule.TORCH)
    findings = (found for found in part.findings if found.rule != _ADVICE)
    kept.take(tuple(findings), part.unread_parts)
    return kept


def judge_extra(contents: Contents, item: Item) -> None:
    """A file the model's author added: the loader hands it over as it is, text or not."""
    body = contents.read(item, contents.subject.limits.text_bytes)
    if body is None:
        return
    inner = contents.inside(item)
    plain = bool(len(body)) and identify(body, inner).family in _PLAIN
    if not plain or not is_text(body):
        contents.judge(item)
        return
    shown = acting(body)
    if shown:
        contents.answer.find(RULES["torch.extra-script"], shown, member=inner.member)
