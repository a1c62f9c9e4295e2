"""YAML into nodes: tags, keys, anchors and scalars, nothing resolved and nothing built.

The common subset of YAML 1.1 and 1.2 that programs and people write; what is outside it is an
error with a line, never a guess.
"""

from __future__ import annotations

from assay.scanning.parsers.yaml.nodes import Node, YamlError, as_plain, expanded_size
from assay.scanning.parsers.yaml.reading import parse

__all__ = ["Node", "YamlError", "as_plain", "expanded_size", "parse"]
