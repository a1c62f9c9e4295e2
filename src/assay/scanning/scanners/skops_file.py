"""skops: scikit-learn models as a tree of nodes in JSON, arrays beside it.

Each node names a type and the loader that makes an object of it. Loaders refuse types that
are not trusted, so that the file's trick is a node that says another type than the one it
makes. Source: `skops/io/_audit.py`, `_general.py`, `_numpy.py`, `_sklearn.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from assay.core.finding import Confidence, Severity
from assay.scanning.archives.contents import Contents, Item
from assay.scanning.formats import identify
from assay.scanning.kinds import by_family
from assay.scanning.pickle import Safety
from assay.scanning.pickle.names import REACHING
from assay.scanning.references import DISAGREEMENT, LOADS_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.safetensors import repeated
from assay.scanning.subject import Answer, Subject

_REVIEW = "Read the code the name stands for before adding it to the trusted types."

TITLE = "skops"
RULES = table(
    (
        Rule(
            "skops.dangerous-type",
            "Names something dangerous to import",
            Severity.CRITICAL,
            Confidence.HIGH,
            "A node is made of a type or function that runs code, touches files or reaches the "
            "network. No model needs it, trusted or not.",
            "Do not load the file, and trust none of its types.",
            LOADS_CODE,
        ),
        Rule(
            "skops.unknown-type",
            "Names something unknown to import",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A node is made of a type or function outside the libraries models are made of.",
            _REVIEW,
            LOADS_CODE,
        ),
        Rule(
            "skops.lying-node",
            "A node that makes something else than it says",
            Severity.HIGH,
            Confidence.HIGH,
            "The type the node names, by which it is trusted, is not the type its loader makes. "
            "No writer makes such a node; it is how the check of types was evaded.",
            "Do not load the file.",
            DISAGREEMENT,
        ),
        Rule(
            "skops.calls-by-name",
            "Calls methods or takes attributes by name",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A node calls a method, or takes an attribute, whose name is in the file. From any "
            "object a few such steps lead to the whole interpreter.",
            "Do not load the file before it is clear what the steps lead to.",
            LOADS_CODE,
        ),
        Rule(
            "skops.unknown-loader",
            "A kind of node that skops does not have",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The tree has a node no version of the library reads.",
            "Ask the publisher what wrote the file.",
            DISAGREEMENT,
        ),
        Rule(
            "skops.member-path",
            "Data outside the archive",
            Severity.HIGH,
            Confidence.HIGH,
            "A node says its data is in a file that no archive can have as a member.",
            "Do not load the file.",
            TRAVERSAL,
        ),
        Rule(
            "skops.duplicate-key",
            "The same key twice in the schema",
            Severity.MEDIUM,
            Confidence.HIGH,
            "One reader takes the first value, another the last.",
            "Remove one of the two.",
            DISAGREEMENT,
        ),
    )
)
_SCHEMA = "schema.json"
_LOADERS = frozenset(
    "BytearrayNode BytesNode CachedNode ConstructorFromReduceNode DTypeNode DefaultDictNode "
    "DictNode FunctionNode JsonNode ListNode LossNode MaskedArrayNode MethodNode NdArrayNode "
    "ObjectNode OperatorFuncNode PartialNode QuantileForestNode RandomGeneratorNode "
    "RandomStateNode SetNode SliceNode SparseMatrixNode TreeNode TupleNode TypeNode "
    "_DictWithDeprecatedKeysNode".split()
)
_MAKES = {
    "OperatorFuncNode": re.compile(r"_?operator\."),
    "TreeNode": re.compile(r"sklearn\.tree\._tree\.Tree\Z"),
    "LossNode": re.compile(
        r"(?:sklearn\.(?:_loss|linear_model|ensemble)\.[\w.]*|_loss\.|_sgd_fast\.)\w+\Z"
    ),
    "PartialNode": re.compile(r"functools\.partial\Z"),
    "SliceNode": re.compile(r"builtins\.slice\Z"),
    "SparseMatrixNode": re.compile(r"scipy\.sparse\.\w+\.\w+\Z"),
    "QuantileForestNode": re.compile(r"quantile_forest\.\w+\.QuantileForest\Z"),
}
"""What a loader makes, whatever the node says."""
_PLAIN = re.compile(
    r"builtins\.(?:int|float|str|bool|bytes|bytearray|complex|list|tuple|set|frozenset|dict|slice|"
    r"range|object|type|NoneType|ellipsis|map|abs|len|max|min|sum|sorted|round|repr)\Z|"
    r"functools\.partial\Z|operator\.itemgetter\Z|"
    r"collections\.(?:OrderedDict|defaultdict|Counter|deque)\Z|decimal\.Decimal\Z|"
    r"fractions\.Fraction\Z|uuid\.UUID\Z|zoneinfo\.ZoneInfo\Z|"
    r"datetime\.(?:datetime|date|time|timedelta|timezone)\Z"
)
_LIBRARIES = frozenset(
    "numpy scipy sklearn pandas xgboost lightgbm catboost quantile_forest imblearn statsmodels "
    "category_encoders skops mapie skorch sktime umap hdbscan interpret feature_engine "
    "sklearn_pandas tsfresh lightning_sklearn _loss _sgd_fast".split()
)
_LEADS_OUT = re.compile(r"[/\\]|[A-Za-z]:|(?:.*[/\\])?\.\.(?:[/\\]|\Z)", re.DOTALL)
_MOST_NAME = 400
_SHOWN = 60
_BYTES_LOADERS = frozenset({"BytesNode", "BytearrayNode"})


def scan_archive(contents: Contents) -> None:
    """Judge the schema's nodes, then every other member by its content."""
    schema = next((item for item in contents.items if item.name == _SCHEMA), None)
    document = None if schema is None else _read_schema(contents, schema)
    raw: frozenset[str] = frozenset()
    if schema is not None and document is not None:
        inner = contents.inside(schema)
        part = Answer(inner)
        raw = _judge_nodes(document, {item.name for item in contents.items}, inner, part)
        contents.answer.take(part.findings, part.unread_parts)
    for item in contents.items:
        if item.name in raw and _is_inert(contents, item):
            continue
        if item is not schema or document is None:
            contents.judge(item)


def _read_schema(contents: Contents, item: Item) -> Any:
    """The tree; None where the member is another program's."""
    body = contents.read(item, contents.subject.limits.json_bytes)
    if body is None:
        return None

    def gather(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            for key in repeated(pairs):
                member = contents.inside(item).member
                contents.answer.find(RULES["skops.duplicate-key"], key, member=member)
        return found

    try:
        document = json.loads(bytes(body), object_pairs_hook=gather)
    except (ValueError, RecursionError):
        return None
    is_node = isinstance(document, dict) and "__loader__" in document
    return document if is_node else None


def _is_inert(contents: Contents, item: Item) -> bool:
    """Whether a bytes object's content is nothing a program would run."""
    form = identify(contents.head(item), contents.inside(item))
    kind = by_family().get(form.family)
    return kind is None or not kind.acts


def _nodes(document: Any) -> Iterator[Mapping[str, Any]]:
    """Every node of the tree, without recursion."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "__loader__" in value or "__module__" in value:
                yield value
            waiting.extend(v for v in value.values() if isinstance(v, (dict, list)))
        elif isinstance(value, list):
            waiting.extend(v for v in value if isinstance(v, (dict, list)))


def _judge_nodes(
    document: Any, members: set[str], subject: Subject, answer: Answer
) -> frozenset[str]:
    """Judge every node; the members that are the content of bytes objects."""
    raw = set()
    judging = _Judging(subject, answer)
    for node in _nodes(document):
        loader = judging.node(node)
        file = node.get("file")
        if isinstance(file, str):
            if _LEADS_OUT.match(file[:4096]):
                answer.find(RULES["skops.member-path"], file)
            elif file not in members:
                answer.unread(f"the member {file[:120]} is missing")
            elif loader in _BYTES_LOADERS:
                raw.add(file)
    return frozenset(raw)


class _Judging:
    """The rules, by what a node says and what its loader makes."""

    def __init__(self, subject: Subject, answer: Answer) -> None:
        self._subject = subject
        self._answer = answer
        self._known: set[tuple[str, str]] = set()

    def node(self, node: Mapping[str, Any]) -> str:
        """Judge one node; its loader."""
        loader, module = str(node.get("__loader__", "")), str(node.get("__module__", ""))
        name = str(node.get("__class__", ""))
        content = node.get("content")
        if loader == "MethodNode":
            self._method(module, name, content)
        else:
            self._type(module, name)
        self._loader(loader, f"{module}.{name}", node)
        if isinstance(content, dict) and isinstance(content.get("module_path"), str):
            # FunctionNode of the first version of the format
            self._type(content["module_path"], str(content.get("function", "")))
        return loader

    def _loader(self, loader: str, named: str, node: Mapping[str, Any]) -> None:
        if loader not in _LOADERS:
            self._answer.find(RULES["skops.unknown-loader"], f"{loader} of {named}")
        made = _MAKES.get(loader)
        if made is not None and not made.match(named[:_MOST_NAME]):
            self._answer.find(RULES["skops.lying-node"], f"{loader} of {named}")
        if loader == "OperatorFuncNode" and not named.endswith(".itemgetter"):
            given = ", ".join(_texts(node.get("attrs", node.get("content"))))
            self._answer.find(RULES["skops.calls-by-name"], f"{named}: {given}")

    def _type(self, module: str, name: str) -> None:
        if (module, name) in self._known:
            return
        self._known.add((module, name))
        shown = f"{module}.{name}"
        if len(shown) > _MOST_NAME:
            self._answer.find(RULES["skops.unknown-type"], shown)
            return
        if _PLAIN.match(shown):
            return
        judged = self._subject.policy.judge(module, name)
        if judged.safety is Safety.DANGEROUS:
            self._answer.find(RULES["skops.dangerous-type"], shown)
        elif judged.safety is not Safety.ALLOWED and not _is_library(module, name):
            self._answer.find(RULES["skops.unknown-type"], shown)

    def _method(self, module: str, name: str, content: Any) -> None:
        """A method of an object: the object's type is the one that is said, in honest files."""
        inside = content if isinstance(content, dict) else {}
        owner, function = inside.get("obj"), str(inside.get("func", ""))
        made = owner.get("__class__") if isinstance(owner, dict) else None
        shown = f"{module}.{name}.{function}"
        if made != name:
            self._answer.find(RULES["skops.lying-node"], f"{shown} of {made}")
        if function in REACHING or function.startswith("__"):
            self._answer.find(RULES["skops.calls-by-name"], shown)
        judged = self._subject.policy.judge(module, f"{name}.{function}")
        if judged.safety is Safety.DANGEROUS:
            self._answer.find(RULES["skops.dangerous-type"], shown)


def _texts(value: Any) -> Iterator[str]:
    """The first few contents of plain nodes below one."""
    for node in islice(_nodes(value), _SHOWN):
        if isinstance(node.get("content"), str):
            yield node["content"][:_SHOWN]


def _is_library(module: str, name: str) -> bool:
    """Whether a name is that of a library of models, and no path through its attributes."""
    root = module.split(".", 1)[0]
    return root in _LIBRARIES and name.isidentifier()
