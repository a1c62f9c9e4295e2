"""Several sandboxes side by side, one per processor, as if they were one."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Self

from assay.scanning.isolation.sandbox import FileResult, Sandbox

MOST = 4
"""Children at once: each may need a gigabyte of memory."""
_BUSY = 8
"""Files that wait for a child before another is worth its start."""


class Pool:
    """Files in, results out; a context manager with the methods of `Sandbox`.

    Args:
        make: Makes a sandbox; called for each child.
        jobs: Children at once; as many as there are processors, at most four, when 0.

    Attributes:
        children: One sandbox for each child there is so far.
        limits: The budgets of each.

    Raises:
        UnavailableError: a child cannot be started at all (from any method).
    """

    def __init__(self, make: Callable[[], Sandbox] = Sandbox, *, jobs: int = 0) -> None:
        self._make = make
        self._jobs = jobs or min(len(os.sched_getaffinity(0)), MOST)
        self.children = [make()]
        self.limits = self.children[0].limits

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the first child now, so that it gets ready while the caller does other things."""
        self.children[0].start()

    def submit(
        self,
        path: str,
        descriptor: int,
        size: int,
        done: Callable[[FileResult], None],
        *,
        title: str = "",
    ) -> None:
        """Hand a file to the child with the fewest waiting; see `Sandbox.submit`."""
        chosen = min(self.children, key=lambda sandbox: sandbox.waiting)
        if chosen.waiting >= _BUSY and len(self.children) < self._jobs:
            chosen = self._make()
            self.children.append(chosen)
        chosen.submit(path, descriptor, size, done, title=title)

    def finish(self) -> None:
        """Wait until every file handed over has its result."""
        for sandbox in self.children:
            sandbox.finish()

    def close(self) -> None:
        """End the children. Files without a result get none."""
        for sandbox in self.children:
            sandbox.close()
