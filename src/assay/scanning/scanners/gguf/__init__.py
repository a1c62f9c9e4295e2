"""GGUF: metadata that is judged, templates that run, and tensors that lie end to end."""

from __future__ import annotations

from assay.scanning.parsers.gguf import BudgetError, CutOffError, Gguf, GgufError
from assay.scanning.scanners.gguf.metadata import judge_metadata
from assay.scanning.scanners.gguf.rules import RULES
from assay.scanning.scanners.gguf.tensors import judge_tensors
from assay.scanning.subject import Answer, Buffer, Subject


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge the metadata, and that the tensors cover the rest of the file exactly once."""
    file = Gguf(data)
    whole = False
    try:
        file.read()
        whole = True
    except (BudgetError, CutOffError) as error:
        answer.unread(str(error))
    except GgufError as error:
        answer.find(RULES["gguf.header"], str(error), offset=error.offset)
        answer.unread(f"the header cannot be read: {error}")
    judge_metadata(data, file, subject, answer)
    if whole:
        judge_tensors(data, file, subject, answer)
