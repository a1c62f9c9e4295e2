"""TensorFlow: graphs that act when they are run, and the files that stand beside them.

A graph is a program: its operators can read and write files. They are read from SavedModels,
meta graphs and frozen graphs alike, with every function of the library. Sources: TensorFlow's
`saved_model.proto`, `meta_graph.proto`, `graph.proto` and "Using TensorFlow Securely".
"""

from __future__ import annotations

from assay.scanning.scanners.tensorflow.checkpoints import (
    is_note,
    is_shard,
    is_state,
    is_table,
    scan_note,
    scan_shard,
    scan_state,
    scan_table,
)
from assay.scanning.scanners.tensorflow.keras_metadata import is_metadata, scan_metadata
from assay.scanning.scanners.tensorflow.models import (
    is_graph,
    is_meta_graph,
    is_saved_model,
    scan_graph,
    scan_meta_graph,
    scan_saved_model,
)
from assay.scanning.scanners.tensorflow.record_files import is_records, scan_records
from assay.scanning.scanners.tensorflow.rules import RULES
from assay.scanning.scanners.tensorflow.text_graphs import is_text_graph, scan_text_graph

__all__ = [
    "RULES",
    "TITLE",
    "is_graph",
    "is_meta_graph",
    "is_metadata",
    "is_note",
    "is_records",
    "is_saved_model",
    "is_shard",
    "is_state",
    "is_table",
    "is_text_graph",
    "scan_graph",
    "scan_meta_graph",
    "scan_metadata",
    "scan_note",
    "scan_records",
    "scan_saved_model",
    "scan_shard",
    "scan_state",
    "scan_table",
    "scan_text_graph",
]
TITLE = "TensorFlow"
