"""Makers of real files: each function writes files or folders with a real library.

A maker is `make(folder: Path)`; what it leaves in the folder, one entry per unit, is honest.
Libraries come by name at run time, so that one interpreter needs only some of them.
"""

from __future__ import annotations

import importlib
from typing import Any


def library(name: str) -> Any:
    """The module of that name.

    Raises:
        ImportError: it is not installed in this interpreter.
    """
    return importlib.import_module(name)
