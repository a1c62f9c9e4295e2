"""Assay secures the machine-learning model supply chain.

The verbs of the command line are functions here, imported on first use so that
``import assay`` costs nothing. See docs/python.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from assay.core.folder import digest
    from assay.scanning.conversion.interface import convert
    from assay.scanning.interface import scan
    from assay.signing.interface import sign, verify

_VERBS: dict[str, tuple[str, str]] = {
    "scan": ("assay.scanning.interface", "scan"),
    "convert": ("assay.scanning.conversion.interface", "convert"),
    "digest": ("assay.core.folder", "digest"),
    "sign": ("assay.signing.interface", "sign"),
    "verify": ("assay.signing.interface", "verify"),
}

__all__ = ["__version__", "convert", "digest", "scan", "sign", "verify"]


def __getattr__(name: str) -> Any:
    """Import a verb's module on first use (PEP 562)."""
    try:
        module, attribute = _VERBS[name]
    except KeyError:
        raise AttributeError(f"module 'assay' has no attribute {name!r}") from None
    from importlib import import_module

    return getattr(import_module(module), attribute)
