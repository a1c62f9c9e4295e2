"""Rules about tar containers."""

from __future__ import annotations

from assay.core.finding import Confidence, Severity
from assay.scanning.references import DISAGREEMENT, DO_NOT_LOAD, EXHAUSTION, HIDDEN_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table

_DO_NOT_UNPACK = "Do not unpack the archive."

TITLE = "Tar archives"
RULES = table(
    (
        Rule(
            "tar.unsafe-name",
            "A name that leaves the folder",
            Severity.HIGH,
            Confidence.HIGH,
            "A member's name is absolute, leads upwards, or holds characters that systems read "
            "differently. Unpacking it can overwrite files elsewhere.",
            _DO_NOT_UNPACK,
            TRAVERSAL,
        ),
        Rule(
            "tar.odd-name",
            "A name that is not UTF-8",
            Severity.LOW,
            Confidence.HIGH,
            "A member's name is written in an encoding the archive does not say. Systems show and "
            "unpack it under different names.",
            "Ask the publisher for an archive with portable names.",
            DISAGREEMENT,
        ),
        Rule(
            "tar.outer-link",
            "A link out of the archive",
            Severity.HIGH,
            Confidence.HIGH,
            "A member is a link to a place outside the folder the archive is unpacked into, or "
            "could lead there by way of another link. A later member, or a program that follows "
            "the link, then reads or overwrites files elsewhere.",
            _DO_NOT_UNPACK,
            TRAVERSAL,
        ),
        Rule(
            "tar.inner-link",
            "A link within the archive",
            Severity.LOW,
            Confidence.HIGH,
            "A member is a link to another place in the archive.",
            "Look at where the link leads before unpacking the archive.",
            TRAVERSAL,
        ),
        Rule(
            "tar.special-member",
            "A device or pipe in the archive",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A member asks to be unpacked as a device or a pipe, which no model needs.",
            _DO_NOT_UNPACK,
            TRAVERSAL,
        ),
        Rule(
            "tar.duplicate-name",
            "Two members of one name",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Two members have the same name, or one lies below another that is no folder. Readers "
            "disagree which of them they mean, and a link can be replaced by what follows it.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "tar.similar-name",
            "Two members whose names differ in case",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "Two members have names that differ only in case or in how they are written. On some "
            "systems one replaces the other.",
            "Compare the two members before unpacking the archive.",
            DISAGREEMENT,
        ),
        Rule(
            "tar.two-sizes",
            "Two sizes of one member",
            Severity.HIGH,
            Confidence.HIGH,
            "A member's extended header says another size than its own, or a member that has no "
            "content says a size. Readers go on at different places and find different members.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "tar.absurd-size",
            "A member far larger than the archive",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A member's header promises more by far than the archive can hold. A program that "
            "makes room for it first fills memory or disk.",
            _DO_NOT_UNPACK,
            EXHAUSTION,
        ),
        Rule(
            "tar.broken-header",
            "A member header that is broken",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Where the next member should begin there is no valid header. Some readers stop "
            "there as if the archive had ended, and others look for the next one.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "tar.hidden-member",
            "A member behind the end of the archive",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Members follow the mark that ends the archive. Most readers never see them, and some "
            "can be told to.",
            DO_NOT_LOAD,
            HIDDEN_CODE,
        ),
        Rule(
            "tar.trailing-data",
            "Data behind the archive",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Bytes follow the mark that ends the archive. No library writes them, and they can "
            "hold anything.",
            DO_NOT_LOAD,
            HIDDEN_CODE,
        ),
    )
)
