"""Credentials in texts: found by the shape their issuers give them, shown masked."""

from assay.scanning.scanners.secrets.judging import judge_text
from assay.scanning.scanners.secrets.rules import RULES, TITLE

__all__ = ["RULES", "TITLE", "judge_text"]
