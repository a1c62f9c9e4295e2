"""Jinja templates, parsed to trees and never rendered.

Source: "Template Designer Documentation" of Jinja 3.1, with the tags that chat templates have
besides: `break` and `continue` (jinja2.ext.loopcontrols), `do`, and transformers' `generation`.
"""

from assay.scanning.parsers.jinja.lexer import TemplateError
from assay.scanning.parsers.jinja.nodes import Expression, Kind, Statement
from assay.scanning.parsers.jinja.statements import parse

__all__ = ["Expression", "Kind", "Statement", "TemplateError", "parse"]
