"""A tar archive as a whole: its names, and what would be unpacked as something else than a file."""

from __future__ import annotations

from collections.abc import Sequence

from assay.core.errors import DataError
from assay.core.manifest import check_path, folded
from assay.scanning.archives.names import folders_above, leads_out
from assay.scanning.archives.tar_values import DEVICES, SYMBOLIC, Entry, Reading


def check_entries(reading: Reading, entries: Sequence[Entry]) -> None:
    """Report names that leave the folder or occur twice, links and devices."""
    _check_names(reading, entries)
    _check_twins(reading, entries)
    _check_links(reading, entries)


def _check_names(reading: Reading, entries: Sequence[Entry]) -> None:
    for entry in entries:
        name = entry.name.rstrip("/") if entry.is_folder else entry.name
        try:
            if name not in ("", ".") or not entry.is_folder:
                check_path(name)
        except DataError as error:
            rule = "tar.odd-name" if _is_foreign(name) else "tar.unsafe-name"
            reading.report(rule, error.message, entry.start, entry.name)
        if entry.kind in DEVICES:
            shown = DEVICES[entry.kind]
            reading.report("tar.special-member", shown, entry.start, entry.name)


def _is_foreign(name: str) -> bool:
    """Whether all that is wrong with a name is that it is no UTF-8, as before there was any."""
    try:
        check_path(name.encode("utf-8", "surrogateescape").decode("latin-1"))
    except DataError:
        return False
    return not name.isascii()


def _check_twins(reading: Reading, entries: Sequence[Entry]) -> None:
    exact: dict[str, Entry] = {}
    similar: dict[str, str] = {}
    for entry in entries:
        name = entry.name.rstrip("/")
        before = exact.setdefault(name, entry)
        if before is not entry and not (before.is_folder and entry.is_folder):
            reading.report("tar.duplicate-name", name, entry.start, entry.name)
        other = similar.setdefault(folded(name), name)
        if other != name:
            shown = f"{name} beside {other}"
            reading.report("tar.similar-name", shown, entry.start, entry.name)
    for entry in entries:
        for folder in folders_above(entry.name):
            above = exact.get(folder)
            if above is not None and not above.is_folder:
                shown = f"below {folder}, which is no folder"
                reading.report("tar.duplicate-name", shown, entry.start, entry.name)
                break


def _check_links(reading: Reading, entries: Sequence[Entry]) -> None:
    """A symbolic link leads from where it is; a hard link names a member that came before."""
    seen: set[str] = set()
    for entry in entries:
        seen.add(entry.name)
        if not entry.is_link:
            continue
        if entry.kind == SYMBOLIC:
            outside = leads_out(entry.name.rpartition("/")[0], entry.target)
        else:
            outside = entry.target.removeprefix("./") not in seen
        rule = "tar.outer-link" if outside else "tar.inner-link"
        reading.report(rule, f"a link to {entry.target!r}", entry.start, entry.name)
