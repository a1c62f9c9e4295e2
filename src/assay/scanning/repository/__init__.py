"""What the files of a folder are together: configuration that names code, and that code."""

from assay.scanning.repository.judging import Read, Together, judge_together
from assay.scanning.repository.rules import RULES, TITLE

__all__ = ["RULES", "TITLE", "Read", "Together", "judge_together"]
