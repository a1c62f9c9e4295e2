"""SQLite databases, as experiment trackers leave them: data, if the file is what it says.

Source: SQLite, "Database File Format", section 1.3.
"""

from __future__ import annotations

from assay.scanning.subject import Answer, Buffer, Subject

_HEADER = 100


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Check that the pages the header announces are the file."""
    del subject
    if len(data) < _HEADER:
        answer.unread("the database is cut off")
        return
    page = int.from_bytes(data[16:18], "big")
    page = 65_536 if page == 1 else page
    if page < 512 or page & (page - 1):
        answer.unread("a database whose pages have no size")
        return
    if len(data) % page:
        answer.unread("the database is no whole number of pages")
