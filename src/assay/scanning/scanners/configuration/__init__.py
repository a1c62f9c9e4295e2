"""Configuration in any notation: keys that make a loader import, call or run something.

A document runs nothing by itself. What counts is which keys a loader acts upon: transformers
(`auto_map`, `custom_generate`), diffusers and sentence-transformers (module lists), Hydra
(`_target_`), Lightning (`class_path`), MLflow (`loader_module`), jsonpickle (`py/...`),
LangChain (`lc`), chat templates, and commands that editors and containers start.
"""

from assay.scanning.scanners.configuration.judging import judge_document
from assay.scanning.scanners.configuration.objects import objects
from assay.scanning.scanners.configuration.rules import RULES, TITLE

__all__ = ["RULES", "TITLE", "judge_document", "objects"]
