"""XGBoost: JSON, UBJSON, the binary form of releases before 3.0, and binary DMatrix files."""

from assay.scanning.scanners.xgboost.binary import is_binary, scan_binary
from assay.scanning.scanners.xgboost.document import is_ubjson, scan_json, scan_ubjson
from assay.scanning.scanners.xgboost.matrix import scan_matrix

__all__ = [
    "is_binary",
    "is_ubjson",
    "scan_binary",
    "scan_json",
    "scan_matrix",
    "scan_ubjson",
]
