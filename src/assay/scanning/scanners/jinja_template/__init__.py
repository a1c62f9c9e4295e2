"""Chat templates and other Jinja text: parsed to trees, judged by what they reach and say.

A template is a program that loaders run on every conversation. Two things can be wrong with
it: it reaches out of the template into Python, or what it tells the model is not what the
person who uses the model would want it to be told.
"""

from assay.scanning.scanners.jinja_template.judging import is_template, judge_template, scan

__all__ = ["is_template", "judge_template", "scan"]
