"""Compiled Python code as data: marshalled code objects, and the files Python caches them in.

Nothing is unmarshalled. The names that code loads say what it can reach: a function that
scales its input needs none but those of an array library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assay.core.finding import Confidence, Severity
from assay.scanning.parsers.bytecode import loaded
from assay.scanning.parsers.marshalled import codes, readings, texts
from assay.scanning.pickle import Safety
from assay.scanning.pickle.names import BORROWED
from assay.scanning.references import HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners import known_names as known
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "Compiled Python code"
RULES = table(
    (
        Rule(
            "code.runs-other-code",
            "Compiled code that runs commands or other code",
            Severity.CRITICAL,
            Confidence.HIGH,
            "The compiled code loads names that start programs, run code given as text or reach "
            "native functions. No model needs them.",
            "Do not load the file; find out who put the code there.",
            HIDDEN_CODE,
        ),
        Rule(
            "code.reaches-out",
            "Compiled code that reaches files, the network or the interpreter",
            Severity.HIGH,
            Confidence.HIGH,
            "The compiled code loads names that open files, reach the network or get at the "
            "interpreter's internals. Arithmetic on tensors needs none of them.",
            "Do not load the file before its publisher has shown the source of the code.",
            HIDDEN_CODE,
        ),
        Rule(
            "code.carried",
            "Compiled Python code",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The file carries compiled code, which runs when the model is loaded or used. The "
            "names it loads are harmless, but compiled code cannot be reviewed as source can.",
            "Ask for the model without code, or with its source.",
            HIDDEN_CODE,
        ),
    )
)
_BUILTIN = "builtins."
_RUNS = frozenset(
    name.removeprefix(_BUILTIN)
    for name in (
        *(known.EXECUTES - known.MILD_EXECUTES),
        *(known.SHELLS | known.BUILDS_CODE | known.RUNS_FILES | known.NATIVE),
        *(known.BUILDS_NATIVE | known.HOOKS),
        *("os.fork", "os.forkpty", "importlib.import_module", "__builtins__"),
    )
)
_MILD_IN_MODULES = frozenset(
    "eval types.MethodType types.FunctionType types.LambdaType types.CodeType __import__ "
    "__builtins__ importlib.import_module sys.settrace sys.setprofile".split()
)
_RUNNING_MODULES = frozenset(
    "subprocess pty posix nt ctypes cffi marshal runpy code codeop imp commands importlib "
    "multiprocessing _posixsubprocess pip builtins __builtin__ socket socketserver".split()
)
_REACHING_MODULES = frozenset(
    "shutil pathlib tempfile io glob pickle cPickle dill cloudpickle joblib urllib urllib2 urllib3 "
    "requests httpx aiohttp http ftplib smtplib telnetlib paramiko webbrowser zipfile tarfile "
    "sqlite3 threading signal atexit inspect gc yaml huggingface_hub boto3 winreg getpass asyncio "
    "concurrent sched site venv ensurepip zipimport pkgutil timeit cProfile profile pdb bdb doctest "
    "pydoc xmlrpc ssl select selectors mmap fcntl mailbox zipapp".split()
)
_REACHING = frozenset(
    "open file input breakpoint compile globals vars sys.modules sys.meta_path sys.path "
    "sys._getframe numpy.load numpy.fromfile numpy.save numpy.savez numpy.ctypeslib numpy.f2py "
    "pandas.read_pickle torch.load tensorflow.load_library tensorflow.load_op_library "
    "tensorflow.raw_ops.ReadFile tensorflow.raw_ops.WriteFile keras.utils.get_file "
    "tensorflow.keras.utils.get_file".split()
)
_TENSORFLOW_FILES = re.compile(
    r"tensorflow\.io\.(?!(?:decode|encode|parse|serialize|deserialize|is_jpeg|extract_jpeg|RaggedF|"
    r"FixedLenF|VarLenF|SparseF)\w*)\w"
)
_SAME_WORDS = frozenset("signal test random math queue types profiler string code".split())
"""Parts of libraries of numbers that are called as modules of the standard library are."""
_DUNDERS = re.compile(
    r"__(builtins|globals|subclasses|import|code|bases|base|mro|loader|closure|reduce(_ex)?|"
    r"getattribute)__\Z"
)
_UNMISTAKABLE = BORROWED | frozenset(
    "system popen execv execve execvp execvpe execl execlp execle spawnv spawnl spawnlp spawnvp "
    "posix_spawn forkpty startfile __import__ __subclasses__ __builtins__ fork_exec "
    "create_connection b64decode subprocess ctypes socket".split()
)
_STARTS = frozenset("system popen Popen check_output getoutput execve spawnv".split())
_ALIASES = {"np": "numpy", "tf": "tensorflow", "K": "keras.backend", "pd": "pandas"}
_CODE_TEXT = re.compile(
    r"\bimport\s+(?:os|subprocess|socket|ctypes|pty)\b|\bos\.(?:system|popen|exec\w+)\b|"
    r"\bsubprocess\.\w|__import__|__subclasses__|__globals__|/bin/(?:ba)?sh\b|\bpowershell\b|"
    r"\bcurl\s+\S*://|\bwget\s+\S*://|\beval\(|\bexec\("
)
_PRINTABLE = re.compile(rb"[A-Za-z_][A-Za-z0-9_.]{2,80}")
_MOST_SHOWN = 6
_HEADERS = ((3390, 16), (3190, 12), (0, 8))
"""Length of a cache file's header since the version with this number (3.7, 3.3, before)."""


@dataclass(frozen=True, slots=True)
class _Names:
    """What code loads, and the texts it holds."""

    dotted: frozenset[str]
    modules: frozenset[str]
    single: frozenset[str]
    texts: tuple[str, ...]


def is_cache(data: Buffer, subject: Subject) -> bool:
    """Whether these bytes are a file in which Python keeps a compiled module."""
    del subject
    return _header(data) is not None


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a compiled module (`.pyc`)."""
    start = _header(data)
    if start is None:
        answer.unread("it is no compiled Python module")
        return
    _judge(bytes(data[start:]), subject, answer, "a compiled module", whole_module=True)


def judge_marshalled(data: bytes, subject: Subject, answer: Answer, *, what: str) -> None:
    """Judge a marshalled code object, such as that of a Keras Lambda layer.

    `data` is what `marshal.loads` would be given; `what` says what holds it, for the
    evidence: "the Lambda layer 'scale'". Every readable code object is a finding.
    """
    _judge(data, subject, answer, what, whole_module=False)


def judge_names(
    names: Iterable[str], held: Iterable[str], subject: Subject, answer: Answer, *, what: str
) -> None:
    """Judge a code object whose fields are known already, by its names and text constants."""
    single = frozenset(names)
    _report(_Names(single, frozenset(), single, tuple(held)), subject, answer, what)


def _header(data: Buffer) -> int | None:
    head = bytes(data[:17])
    if len(head) < 9 or head[2:4] != b"\r\n":
        return None
    magic = int.from_bytes(head[:2], "little")
    if 62000 <= magic <= 62300:
        magic = 0
    elif not 3000 <= magic < 4500:
        return None
    size = next(size for since, size in _HEADERS if magic >= since)
    return size if len(head) > size and head[size] & 0x7F == ord("c") else None


def _judge(data: bytes, subject: Subject, answer: Answer, what: str, *, whole_module: bool) -> None:
    known_codes = [code for value in readings(data) for code in codes(value)]
    if not known_codes:
        answer.unread(f"{what}: the compiled code cannot be read")
        words = frozenset(m.group().decode() for m in _PRINTABLE.finditer(data))
        singles = frozenset(part for word in words for part in word.split("."))
        shown = sorted(singles & _UNMISTAKABLE) + sorted(words & {"eval", "exec"})
        if shown:
            answer.find(RULES["code.runs-other-code"], f"{what}: {_list(shown)}")
        return
    found = loaded(known_codes)
    if not found.complete:
        answer.unread(f"{what}: more names than the budget")
    names = _Names(
        dotted=found.dotted | {f"{module}.*" for module in found.stars},
        modules=found.modules,
        single=frozenset(name for code in known_codes for name in code.names),
        texts=tuple(text for code in known_codes for text in texts(code.consts)),
    )
    _report(names, subject, answer, what, whole_module=whole_module)


def _report(
    names: _Names, subject: Subject, answer: Answer, what: str, *, whole_module: bool = False
) -> None:
    if whole_module:
        runs, reaches = sorted(_module_runs(names)), sorted(_module_sends(names))
    else:
        runs, reaches = sorted(_runs(names)), sorted(_reaches(names, subject))
    if runs:
        severity = Severity.HIGH if whole_module else None
        shown = f"{what}: {_list(runs)}"
        answer.find(RULES["code.runs-other-code"], shown, severity=severity)
    elif reaches:
        answer.find(RULES["code.reaches-out"], f"{what}: {_list(reaches)}")
    else:
        shown = f"{what}: {_list(sorted(names.single)) or 'loads no names'}"
        answer.find(RULES["code.carried"], shown)


def _runs(names: _Names) -> Iterator[str]:
    """What makes code run something else, in a function that is part of a model."""
    for name in names.dotted | names.modules:
        if name in _RUNS or name.split(".", 1)[0] in _RUNNING_MODULES or name == "os.*":
            yield name
    yield from names.single & _UNMISTAKABLE
    for text in names.texts:
        if found := _CODE_TEXT.search(text):
            yield f"the text {found.group()!r}"


def _reaches(names: _Names, subject: Subject) -> Iterator[str]:
    """What takes code out of its tensors: files, the network, the interpreter."""
    for name in names.dotted | names.modules:
        root, _, rest = name.partition(".")
        full = ".".join(filter(None, (_ALIASES.get(root, root), rest)))
        if _is_reaching(root, rest, full) or (rest and _is_dangerous(full, subject)):
            yield name
    yield from (name for name in names.single if _DUNDERS.match(name))
    for module in ("os", "tf.io", "tensorflow.io"):
        if "getattr" in names.dotted and module in names.dotted:
            yield f"getattr of {module}"


def _is_reaching(root: str, rest: str, full: str) -> bool:
    if root == "os":
        return bool(rest) and rest.split(".", 1)[0] not in ("path", "sep", "linesep")
    known_name = root in _REACHING_MODULES or _TENSORFLOW_FILES.match(full) is not None
    return known_name or not _REACHING.isdisjoint(_prefixes(full))


def _is_dangerous(name: str, subject: Subject) -> bool:
    """Whether the import policy refuses the name, other than for being of Python's library."""
    module, _, rest = name.partition(".")
    part = rest.split(".", 1)[0]
    if part in _SAME_WORDS or (module, part) == ("tensorflow", "io"):  # which is judged above
        return False
    judged = subject.policy.judge(module, rest)
    own = subject.policy.judge(module, "anything").safety is Safety.DANGEROUS
    return judged.safety is Safety.DANGEROUS and not own


def _module_runs(names: _Names) -> Iterator[str]:
    """In a module, which may be honest code, only what starts programs or runs text counts."""
    yield from (names.dotted & _RUNS) - _MILD_IN_MODULES
    yield from (name for name in names.dotted if name in ("os.*", "subprocess.*"))
    if "eval" in names.dotted and any("b64decode" in name for name in names.dotted):
        yield "eval of what was encoded"
    if names.dotted & {"__import__", "importlib.import_module", "__builtins__"}:
        yield from names.single & _STARTS - ({"system"} & _last_of(names, "platform"))


def _last_of(names: _Names, module: str) -> set[str]:
    """Names that are taken from a module."""
    return {name.removeprefix(f"{module}.") for name in names.dotted if name.startswith(module)}


def _module_sends(names: _Names) -> Iterator[str]:
    sends = {name for name in names.dotted if name in _SENDS}
    secrets = {name for name in names.dotted if name.startswith(("os.environ", "os.getenv"))}
    secrets |= {text for text in names.texts if known.PRIVATE_PATH.search(text)}
    if "socket.socket" in sends or (sends and secrets):
        yield from sends | secrets


_SENDS = frozenset(name.split("()", 1)[0] for name in known.SENDS | known.FETCHES)


def _prefixes(name: str) -> Iterator[str]:
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        yield ".".join(parts[:length])


def _list(names: list[str]) -> str:
    return ", ".join(names[:_MOST_SHOWN])
