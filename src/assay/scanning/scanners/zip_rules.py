"""Rules about zip containers."""

from __future__ import annotations

from assay.core.finding import Confidence, Severity
from assay.scanning.references import (
    DISAGREEMENT,
    DO_NOT_LOAD,
    EXHAUSTION,
    HIDDEN_CODE,
    TRAVERSAL,
)
from assay.scanning.rules import Rule, table

TITLE = "Zip archives"
RULES = table(
    (
        Rule(
            "zip.local-differs",
            "Two descriptions of one member",
            Severity.HIGH,
            Confidence.HIGH,
            "The header before the member's bytes says something else than the directory at the "
            "end. One reader goes by the first and another by the second.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "zip.duplicate-name",
            "Two members of one name",
            Severity.HIGH,
            Confidence.HIGH,
            "Two members have the same name, or names that differ only in case or in how they "
            "are written. Readers disagree which of the two they mean.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "zip.prepended",
            "Data before the archive",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The archive does not begin where the file does. A program that reads from the start "
            "sees something else than one that looks for the directory at the end.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "zip.appended",
            "Data behind the archive",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Bytes follow the end of the archive. No library writes them, and readers disagree "
            "whether such a file is an archive.",
            DO_NOT_LOAD,
            HIDDEN_CODE,
        ),
        Rule(
            "zip.comment",
            "A comment in the archive",
            Severity.LOW,
            Confidence.HIGH,
            "The archive carries a comment. No model library writes one; it can hold anything.",
            "Look at what the comment says.",
            HIDDEN_CODE,
        ),
        Rule(
            "zip.several-directories",
            "More than one directory",
            Severity.HIGH,
            Confidence.HIGH,
            "The archive has more than one end record or directory, so that readers can find "
            "different members in the same file.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "zip.broken-directory",
            "A directory that leads nowhere",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The directory counts other members than it lists, or names places where no member "
            "is. Some readers refuse such an archive, and others read what else is in it.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "zip.slack",
            "Bytes that belong to no member",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Bytes in the archive are part of no member and no header. No library leaves such "
            "gaps, and they can hold anything.",
            DO_NOT_LOAD,
            HIDDEN_CODE,
        ),
        Rule(
            "zip.hidden-member",
            "A member the directory does not list",
            Severity.HIGH,
            Confidence.HIGH,
            "A member lies in the archive that the directory does not name. A reader that goes "
            "through the file from the start finds it; others do not.",
            DO_NOT_LOAD,
            HIDDEN_CODE,
        ),
        Rule(
            "zip.overlap",
            "Members that share bytes",
            Severity.HIGH,
            Confidence.HIGH,
            "Two members, or a member and the directory, cover the same bytes. That is how an "
            "archive hides a second content or unpacks without end.",
            DO_NOT_LOAD,
            EXHAUSTION,
        ),
        Rule(
            "zip.unsafe-name",
            "A name that leaves the folder",
            Severity.HIGH,
            Confidence.HIGH,
            "A member's name is absolute, leads upwards, or holds characters that systems read "
            "differently. Unpacking it can overwrite files elsewhere.",
            "Do not unpack the archive.",
            TRAVERSAL,
        ),
        Rule(
            "zip.odd-name",
            "A name with backslashes",
            Severity.LOW,
            Confidence.HIGH,
            "A member's name has backslashes between its parts, as some Windows programs write "
            "them. Other systems unpack it as one file with a backslash in its name.",
            "Ask the publisher for an archive with portable names.",
            DISAGREEMENT,
        ),
        Rule(
            "zip.special-member",
            "A link or device in the archive",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A member asks to be unpacked as a symbolic link, a device or a socket.",
            "Do not unpack the archive.",
            TRAVERSAL,
        ),
        Rule(
            "zip.inner-link",
            "A link within the archive",
            Severity.LOW,
            Confidence.HIGH,
            "A member asks to be unpacked as a symbolic link to another place in the archive.",
            "Look at where the link leads before unpacking the archive.",
            TRAVERSAL,
        ),
        Rule(
            "zip.ratio",
            "A member that unpacks to very much",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A small member claims to unpack to a very large one. Unpacking it fills memory or "
            "disk.",
            "Do not unpack the archive.",
            EXHAUSTION,
        ),
        Rule(
            "zip.encrypted",
            "A member marked as encrypted",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The flag bits say the member is encrypted. Scanners stop there, while PyTorch does "
            "not look at the flag and loads the bytes as they are.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "zip.wrong-size",
            "A member with a wrong size",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The member unpacks to more or fewer bytes than the archive says. Programs that make "
            "room by what is written are misled, and budgets are evaded.",
            DO_NOT_LOAD,
            EXHAUSTION,
        ),
        Rule(
            "zip.wrong-checksum",
            "A member with a wrong checksum",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The member's bytes do not have the checksum written beside them. Scanners stop "
            "there, while PyTorch loads the bytes all the same.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
    )
)
