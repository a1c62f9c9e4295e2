"""Source text that a file has its loader run: read into a tree and judged by what it names.

`torch.fx` writes a graph as the source of its `forward` (`torch/fx/graph_module.py`,
`reduce_graph_module`), which is compiled and traced while it is loaded. A graph's source is
plain: imports of the parts of PyTorch, one function, assignments and calls.
"""

from __future__ import annotations

import ast

from assay.scanning.pickle.names import ACTING, REACHING

_LONGEST = 400_000
_LONGEST_IN_ALL = 2_000_000
_STATEMENTS = (
    *(ast.FunctionDef, ast.Assign, ast.AnnAssign, ast.Return, ast.Expr, ast.Import, ast.Pass),
    *(ast.ImportFrom, ast.With),
)
_UNWANTED = (ast.Lambda, ast.Await, ast.Yield, ast.YieldFrom, ast.ListComp, ast.GeneratorExp)
_MODULES = frozenset(
    "torch math operator typing numpy builtins collections torchvision einops __future__".split()
)
_PARTS = frozenset(
    "hub load load_library _inductor _dynamo package multiprocessing distributed compile classes "
    "cpp_extension eval open globals locals vars setattr delattr breakpoint methodcaller "
    "attrgetter from_file fromfile save savez savetxt loadtxt genfromtxt tofile memmap "
    "DataSource jit model_zoo tensorboard collect_env datapipes _C_flatbuffer library serialization testing f2py ctypeslib".split()
)
_ATTRIBUTES = ("__getitem__", "__setitem__", "__class__", "__name__")


class Sources:
    """Source texts of one stream, each read once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._left = _LONGEST_IN_ALL

    def judge(self, text: str) -> str:
        """Why source is more than a graph's, or ""."""
        reason = self._known.get(text)
        if reason is None:
            self._left -= len(text)
            if len(text) > _LONGEST or self._left < 0:
                return "runs more source than is read"
            self._known[text] = reason = judge_source(text)
        return reason


def judge_source(text: str) -> str:
    """Why source is more than a graph's, or ""."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "runs source that cannot be parsed"
    for node in ast.walk(tree):
        if reason := _judge(node):
            return f"runs source that {reason}"
    return ""


def _judge(node: ast.AST) -> str:
    match node:
        case ast.Import(names=names):
            return _judge_modules([name.name for name in names])
        case ast.ImportFrom(module=module):
            return _judge_modules([module or ""])
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
            return _judge_name(name)
        case ast.Call(func=ast.Name(id="getattr"), args=arguments):
            taken = arguments[1] if len(arguments) > 1 else None
            text = taken.value if isinstance(taken, ast.Constant) else None
            return _judge_name(text) if isinstance(text, str) else "takes attributes by name"
    unwanted = isinstance(node, ast.stmt) and not isinstance(node, _STATEMENTS)
    return f"holds a {type(node).__name__}" if unwanted or isinstance(node, _UNWANTED) else ""


def _judge_modules(names: list[str]) -> str:
    wrong = [name for name in names if name.split(".")[0] not in _MODULES]
    return f"imports {wrong[0]}" if wrong else ""


def _judge_name(name: str) -> str:
    wrong = [
        part
        for part in name.split(".")
        if part in ACTING or part in _PARTS or (part in REACHING and part not in _ATTRIBUTES)
    ]
    return f"uses {wrong[0]}" if wrong else ""
