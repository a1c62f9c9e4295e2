"""What commands share at the terminal: output forms, progress on standard error."""

from __future__ import annotations

import codecs
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

QUICK_BYTES = 32 * 1024 * 1024


class Format(StrEnum):
    """How a command answers: for people, or one JSON document on standard output."""

    TABLE = "table"
    JSON = "json"


def print_json(document: Any) -> None:
    """One JSON document and nothing else; in ASCII where standard output is not UTF-8."""
    if sys.stdout is not None:
        text = json.dumps(document, indent=2, ensure_ascii=not _is_utf8(sys.stdout.encoding))
        sys.stdout.write(text + "\n")


def _is_utf8(encoding: str | None) -> bool:
    try:
        return codecs.lookup(encoding or "ascii").name == "utf-8"
    except LookupError:
        return False


def console(*, stderr: bool = False) -> Console:
    """A Rich console; colour only where the terminal and `NO_COLOR` allow it.

    Control characters in what is printed are shown as `?`: titles, reasons and names are other
    people's, and must not move the cursor or hide what follows.
    """
    from rich.console import Console
    from rich.segment import Segment

    from assay.cli.errors import INTERRUPTED_EXIT, drop_output

    class Safe(Console):
        def render(
            self, renderable: RenderableType, options: ConsoleOptions | None = None
        ) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                text, style, control = segment
                yield segment if control else Segment(_visible(text), style)

        def on_broken_pipe(self) -> None:
            drop_output()
            raise SystemExit(INTERRUPTED_EXIT)

    return Safe(stderr=stderr, highlight=False, soft_wrap=True)


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def print_table(titles: list[str], rows: list[list[Any]]) -> None:
    """Rows for people, in columns; what is absent is a dash. Nothing is cut: ids are copied."""
    cells = [titles, *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        console().print(text.rstrip(), markup=False)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_cell(item)}" for key, item in sorted(value.items())) or "-"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value in (None, "") else " ".join(str(value).split())


def write_output(path: Path, data: bytes) -> None:
    """Write the file a user named: all of it in one step, over a regular file or none.

    Raises:
        UsageError: there is something else: a folder, a device, a pipe.
        UnavailableError: it cannot be written.
    """
    from assay.core.errors import UsageError
    from assay.signing.files import write_over

    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise UsageError("is not a regular file", subject=str(path))
    write_over(target, data)


@contextmanager
def byte_progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar over bytes on standard error, for long work at a terminal only."""
    if total < QUICK_BYTES or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    columns = ("[progress.description]{task.description}", BarColumn(), DownloadColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console(stderr=True)) as bar:
        task = bar.add_task(title, total=total)
        yield lambda count: bar.advance(task, count)
