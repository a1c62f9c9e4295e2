"""Which names lead out of a template."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.core.finding import Severity
from assay.scanning.rules import Rule
from assay.scanning.scanners.jinja_template.rules import RULES

_DUNDER = re.compile(r"__\w+__\Z")
_DUNDERS_INSIDE = re.compile(r"(?:^|[.\[{|!'\"\s])(__[a-z]\w*__)", re.IGNORECASE)
GADGETS = frozenset(
    "__class__ __mro__ __base__ __bases__ __subclasses__ __globals__ __builtins__ __import__ "
    "__init__ __dict__ __code__ __closure__ __func__ __self__ __getattribute__ __getattr__ "
    "__getitem__ __loader__ __spec__ __reduce__ __reduce_ex__ __call__ __new__ __module__ "
    "__wrapped__ __init_subclass__ __setattr__ __delattr__ __enter__ __exit__ __kwdefaults__ "
    "__defaults__ __annotations__ __build_class__ __objclass__ __context__ __traceback__ "
    "__cause__ __file__ __weakref__ __set_name__ __prepare__ __instancecheck__ __del__".split()
)
"""Attributes by which Python's sandboxes are left."""
_HINTS = re.compile(
    r"__|class|globals|builtins|subclasses|import|popen|system|getattribute|\bmro\b|\beval\b"
)
_INTERNAL = frozenset(
    "mro func_globals func_code func_closure func_defaults im_func im_class im_self gi_frame "
    "gi_code cr_frame cr_code ag_frame ag_code f_globals f_locals f_builtins f_back f_code "
    "tb_frame tb_next co_code co_consts subclasses "
    "_TemplateReference__context _CycledContext _load_form_data".split()
)
_CALLED = frozenset(
    "popen popen2 popen3 system check_output check_call getoutput getstatusoutput Popen execv "
    "execve execl execlp execvp spawnl spawnv spawnlp startfile exec_module load_module "
    "import_string import_module __import__ eval exec execfile from_pyfile "
    "from_object run_path run_module runcode runsource fork forkpty create_connection "
    "urlopen urlretrieve CDLL from_envvar".split()
)
_GLOBAL = frozenset(
    "eval exec execfile compile open file input __import__ import import_module getattr setattr "
    "delattr globals locals vars breakpoint popen system os subprocess sys builtins importlib "
    "__builtins__ type object lipsum_open exit quit".split()
)
_MODULES = frozenset(
    "os sys subprocess builtins importlib shutil socket pty ctypes platform posix nt pickle "
    "marshal codecs base64 urllib requests tempfile pathlib inspect runpy __builtins__ "
    "__import__".split()
)
_WEB = frozenset(
    "request config session g url_for get_flashed_messages current_app app settings "
    "get_template handler".split()
)
_WEB_LEADS = frozenset(
    "application environ from_pyfile from_object args cookies values headers form items "
    "SECRET_KEY secret_key config settings root_path query_string data files view_functions "
    "jinja_env pop get_json".split()
)
Judgement = tuple[Rule, Severity | None]


def attribute(name: str) -> Judgement | None:
    """What taking an attribute of this name means; None where nothing."""
    if name in GADGETS or _DUNDER.match(name):
        return RULES["jinja.internals"], None
    if name in _INTERNAL:
        return RULES["jinja.internals"], Severity.HIGH
    if name.startswith("_") and name != "_":
        return RULES["jinja.private-attribute"], None
    return None


def subscript(name: str) -> Judgement | None:
    """What a subscript by this text means: Jinja takes an attribute where there is no key."""
    if name in GADGETS:
        return RULES["jinja.internals"], None
    if _DUNDER.match(name):
        return RULES["jinja.private-attribute"], None
    return None


def inside(text: str) -> str:
    """An internal attribute a format string or a dotted name reaches; "" for none."""
    found = _DUNDERS_INSIDE.search(text)
    return found[1] if found else ""


def gadgets(text: str) -> Iterator[tuple[int, str]]:
    """Where internal attributes are named in a text, and which."""
    for found in _DUNDERS_INSIDE.finditer(text):
        if found[1] in GADGETS:
            yield found.start(1), found[1]


def hints(text: str) -> bool:
    """Whether a name that is known in part looks like an internal one."""
    return _HINTS.search(text) is not None


def is_gadget(text: str) -> bool:
    """Whether a text is the name of an internal attribute and nothing else."""
    return text in GADGETS


def called(name: str) -> bool:
    """Whether calling an attribute of this name runs code or opens files."""
    return name in _CALLED


def called_global(name: str) -> bool:
    """Whether calling a name that the template does not set does."""
    return name in _GLOBAL


def module(name: str) -> bool:
    """Whether a name that the template does not set is a module's."""
    return name in _MODULES


def web(name: str, attribute_name: str) -> bool:
    """Whether a name that the template does not set, and its attribute, are a framework's."""
    return name in _WEB and attribute_name in _WEB_LEADS
