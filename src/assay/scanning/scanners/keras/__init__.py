"""Keras: configurations that name what to import and hold code, wherever they are stored.

A model is a JSON document whose objects say which class makes each of them. Loaders import
those classes, unpack stored bytecode and open files the document names. The document lies
in a zip archive (`.keras`), in an attribute of an HDF5 file, or alone. Source:
`keras/src/saving/serialization_lib.py`, `keras/src/saving/saving_lib.py` and, for what came
before Keras 3, `keras/src/legacy/saving`.
"""

from assay.scanning.scanners.keras.configuration import (
    is_configuration,
    judge_configuration,
    judge_text,
    scan_json,
)

__all__ = ["is_configuration", "judge_configuration", "judge_text", "scan_json"]
