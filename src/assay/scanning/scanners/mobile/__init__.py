"""Frameworks for phones and small devices: ncnn, TNN, MNN and Darknet."""

from __future__ import annotations

from assay.scanning.scanners.mobile.rules import RULES

__all__ = ["RULES", "TITLE"]
TITLE = "Models for small devices"
