"""Spark ML: folders of metadata in JSON and data in Parquet, with checksums beside them.

The reader makes the class the metadata names. Source: Spark's `ReadWrite.scala`; Hadoop's
`ChecksumFileSystem`.
"""

from __future__ import annotations

import re
from typing import Any

from assay.core.finding import Confidence, Severity
from assay.scanning.references import LOADS_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "Spark ML"
RULES = table(
    (
        Rule(
            "spark.class",
            "A class that is not Spark's",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The reader makes the class the metadata names. It is none of Spark's or of a library "
            "that is known here.",
            "Find out which library the class is from before the model is loaded.",
            LOADS_CODE,
        ),
    )
)
_KNOWN = re.compile(
    r"(?:org\.apache\.spark|pyspark|com\.johnsnowlabs|ml\.dmlc\.xgboost4j|com\.microsoft\.azure\.synapse|"
    r"com\.microsoft\.ml|synapse\.ml|ml\.combust\.mleap|com\.salesforce\.op|ai\.h2o|sparknlp)\."
)
_MARK_BYTES = 8
_LARGEST_BLOCK = 1024 * 1024


def scan_json(document: dict[str, Any], subject: Subject, answer: Answer) -> None:
    """Judge the metadata of one stage."""
    del subject
    name = document.get("class")
    if not isinstance(name, str) or not _KNOWN.match(name):
        answer.find(RULES["spark.class"], str(name)[:200])


def scan_checksums(data: Buffer, subject: Subject, answer: Answer) -> None:
    """A mark, the size of a block, and four bytes for each block."""
    del subject
    block = int.from_bytes(data[4:8], "big")
    if not 0 < block <= _LARGEST_BLOCK or (len(data) - _MARK_BYTES) % 4:
        answer.unread("checksums that are none")
