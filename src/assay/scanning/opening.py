"""Files of a listing, opened once and without following a link."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from assay.core.folder import ListedFile, Listing

_FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DIRECTORY


class Opener:
    """Opens the files of one listing; keeps the folder it was in last. A context manager."""

    def __init__(self, listing: Listing) -> None:
        self._roots: dict[bool, int] = {}
        self._places = {False: listing.root, True: listing.repository}
        self._folder: tuple[bool, str] | None = None
        self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()
        for descriptor in self._roots.values():
            os.close(descriptor)
        self._roots.clear()

    def open(self, file: ListedFile) -> int:
        """A descriptor of the file, which is the caller's.

        Raises:
            OSError: it is gone, unreadable, or a link lies on the way.
        """
        linked = file.target is not None
        folder, _, name = (file.target or file.path).rpartition("/")
        if self._folder != (linked, folder):
            self._enter(linked=linked, folder=folder)
        return os.open(name, _FILE, dir_fd=self._descriptor)

    def _enter(self, *, linked: bool, folder: str) -> None:
        self._leave()
        current = os.dup(self._root(linked=linked))
        for name in folder.split("/") if folder else ():
            try:
                following = os.open(name, _FOLDER, dir_fd=current)
            finally:
                os.close(current)
            current = following
        self._descriptor, self._folder = current, (linked, folder)

    def _leave(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._folder = -1, None

    def _root(self, *, linked: bool) -> int:
        if linked not in self._roots:
            place = self._places[linked] or Path()
            self._roots[linked] = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
        return self._roots[linked]
