"""Whether a text is arithmetic over sizes, as the loader of exported programs expects.

Sizes go through `sympy.sympify`, which evaluates a text as Python, and guards are put into a
function that is compiled and run (`torch/_export/serde/serialize.py`,
`torch/export/_unlift.py`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_LONGEST = 64 * 1024
_FUNCTIONS = frozenset(
    "floor ceiling ceil sqrt log log2 exp cos sin tan cosh sinh tanh acos asin atan abs max min int "
    "float bool round trunc pow mod sign re im true false oo nan zoo pi E I".split()
)
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*(?:_\w+)?\Z")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z|_\d*\Z")
_EVALUATING = frozenset("S Lambda Function".split())
_TEXT = re.compile(r"[A-Za-z_]\w*\Z|[-+]?[\d.]+(?:e[-+]?\d+)?\Z")
"""What a text in an expression may be: the name of a symbol, or a number."""
_METHODS = frozenset(
    "size stride storage_offset shape dim ndim numel item is_contiguous dtype device layout "
    "requires_grad floor ceil sqrt pow log exp sin cos".split()
)
_PLAIN = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop,
    ast.Compare, ast.cmpop, ast.expr_context, ast.IfExp, ast.Tuple, ast.List,
)  # fmt: skip


def is_size(text: str) -> bool:
    """Whether a text is a size: numbers, symbols, operators, and functions of arithmetic."""
    return all(_in_size(node) for node in _nodes(text))


def is_guard(text: str) -> bool:
    """Whether a text is a condition on sizes of inputs: `L['x'].size()[0] == 4` and the like."""
    return all(_in_guard(node) for node in _nodes(text))


def _nodes(text: str) -> Iterator[ast.AST]:
    """Every node of a text's tree; a text without one gives something no rule takes."""
    tree = _tree(text)
    return iter((ast.Pass(),)) if tree is None else ast.walk(tree)


def _tree(text: str) -> ast.Expression | None:
    if len(text) > _LONGEST:
        return None
    try:
        return ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _in_size(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return _is_function(name)
        case ast.Call():
            return False
        case ast.Name(id=name):
            return _NAME.match(name) is not None
        case ast.Constant(value=value):
            return isinstance(value, (int, float)) or _is_plain(value)
        case ast.keyword(arg=name):
            return name is not None
    return isinstance(node, _PLAIN)


def _is_function(name: str) -> bool:
    known = name in _FUNCTIONS or _CLASS.match(name) is not None
    return known and name not in _EVALUATING


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and _TEXT.match(value) is not None


def _in_guard(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return _is_function(name) or name in ("len", "isinstance", "type")
        case ast.Call(func=ast.Attribute()) | ast.Subscript():
            return True
        case ast.Attribute(value=ast.Name(id="math"), attr=name):
            return not name.startswith("_")
        case ast.Attribute(attr=name):
            return name in _METHODS or name.startswith("sym_")
        case ast.Constant() | ast.Slice():
            return True
    return _in_size(node)
