"""Lists of packages beside a model: where what they install comes from, and what it is called."""

from assay.scanning.scanners.requirements.judging import is_list, judge_text, scan
from assay.scanning.scanners.requirements.rules import RULES, TITLE

__all__ = ["RULES", "TITLE", "is_list", "judge_text", "scan"]
